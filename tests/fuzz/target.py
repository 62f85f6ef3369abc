"""What a kind of hostile input is: sound files, how to damage them, who reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgviewer.core.errors import EcgViewerError

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of input.

    Attributes
    ----------
    seeds : callable
        Writes sound files into a folder and returns those to damage.
    damage : callable
        Returns what a file becomes, from its path, its sound bytes and a seeded generator.
    read : callable
        Reads what was damaged (folder, file) as the program does, uses what comes of it, and
        returns the outcome's name. Any exception it lets through is a finding.
    """

    seeds: Callable[[Path], list[Path]]
    damage: Callable[[Path, bytes, np.random.Generator], bytes]
    read: Callable[[Path, Path], str]


def name_of(error: EcgViewerError) -> str:
    """Return an error's type, and whether the HDF5 library was lost on the way."""
    for loss in ("locked up", "crashed"):
        if error.reason.startswith(loss):
            return f"{type(error).__name__}, {loss} the library"
    return type(error).__name__
