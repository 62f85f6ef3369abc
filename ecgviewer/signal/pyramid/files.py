"""A min/max pyramid on disk: one ``.npy`` file per level and a note of how far it has come."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

VERSION = 1
MAX_STATE_BYTES = 1000


def level_path(folder: Path, number: int) -> Path:
    """Return the file of a level, counted from 1."""
    return folder / f"level{number}.npy"


def reserve(path: Path, shape: tuple[int, int, int]) -> None:
    """Write the header of an .npy file and reserve (sparsely) the room for its array."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": shape}
        )
        file.truncate(file.tell() + 4 * int(np.prod(shape)))


def write_state(folder: Path, n_leads: int, n_samples: int, n_done: int) -> None:
    """Note, atomically, how many samples the levels in a folder cover."""
    state = {"version": VERSION, "leads": n_leads, "samples": n_samples, "done": n_done}
    temporary = folder / "pyramid.json.part"
    temporary.write_text(json.dumps(state))
    temporary.replace(folder / "pyramid.json")


def read_state(folder: Path) -> tuple[int, int, int]:
    """Return leads, samples and samples covered; raises ValueError where that is not told."""
    try:
        with (folder / "pyramid.json").open("rb") as file:
            state = json.loads(file.read(MAX_STATE_BYTES))
        if state["version"] != VERSION:
            raise ValueError("a pyramid of another version")
        n_leads, n_samples, n_done = (int(state[key]) for key in ("leads", "samples", "done"))
    except (OSError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"no pyramid in {folder.name}: {error}") from error
    if n_leads < 1 or not 0 <= n_done <= n_samples or n_samples < 1:
        raise ValueError("impossible pyramid state")
    return n_leads, n_samples, n_done
