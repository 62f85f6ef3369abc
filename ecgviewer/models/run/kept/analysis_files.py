"""An analysis as a folder: the maps as ``.npy``, everything else as JSON.

Maps are opened memory-mapped, so that an hours-long analysis costs nothing until it is looked at.
The record's name is left out: it may be a patient's. What was damaged on the disk is not used:
everything but the long maps carries a checksum, and those must have the length and shape that
belong to the recording.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ecgviewer.core.analysis import Analysis, Finding, FloatArray, WindowScore
from ecgviewer.core.quality import QualityFinding
from ecgviewer.core.reference import NormalReference
from ecgviewer.models.run.growing_maps import MAP_NAMES
from ecgviewer.signal.array_files import read_array

FORMAT = 4
MAX_JSON_BYTES = 64 << 20
REFERENCES = ("record_reference", "map_reference")
PLAIN = (
    "model", "bundle_sha256", "recording_sha256", "duration_s", "score",
    "raw_score", "p_value", "map_fs_hz", "device", "elapsed_s",
)  # fmt: skip
SMALL_MAP_BYTES = 4 << 20
"""Smaller maps are read into memory: a file handle each would be dearer."""


def write_analysis(analysis: Analysis, folder: Path) -> None:
    """Write into an empty folder; raises OSError when the disk refuses."""
    for name in MAP_NAMES:
        values = getattr(analysis, name)
        if values is not None:
            _save(folder / f"{name}.npy", values)
    write_references(analysis, folder)
    values = to_values(analysis) | {"windows": windows_to_values(analysis.windows)}
    values["arrays"] = {path.stem: _checksum(path) for path in folder.glob("*.npy")}
    values["sha256"] = _digest(values)
    # Last: a folder without it is incomplete.
    (folder / "analysis.json").write_text(json.dumps(values), encoding="utf-8")


def write_references(analysis: Analysis, folder: Path) -> None:
    """Write what normals score: p-values and thresholds come from it."""
    for name in REFERENCES:
        np.save(folder / f"{name}.npy", getattr(analysis, name).scores, allow_pickle=False)


def to_values(analysis: Analysis) -> dict[str, Any]:
    """Return everything but arrays and windows as JSON values."""
    values = {name: getattr(analysis, name) for name in PLAIN}
    return values | {
        "format": FORMAT,
        "preprocessing": dict(analysis.preprocessing),
        "leads": list(analysis.leads),
        "parts": dict(analysis.parts),
        "quality": [asdict(finding) for finding in analysis.quality],
        "versions": dict(analysis.versions),
        "notes": list(analysis.notes),
        "maps": [name for name in MAP_NAMES if getattr(analysis, name) is not None],
    }


def windows_to_values(windows: Sequence[WindowScore]) -> list[dict[str, Any]]:
    """Return the windows' scores as JSON values."""
    return [asdict(window) for window in windows]


def windows_from_values(values: Sequence[Mapping[str, Any]]) -> list[WindowScore]:
    """Undo :func:`windows_to_values`; raises KeyError or TypeError on anything else."""
    return [
        WindowScore(**{**window, "findings": _findings_from(window["findings"])})
        for window in values
    ]


def _findings_from(values: Mapping[str, Any]) -> dict[str, tuple[Finding, ...]]:
    return {
        part: tuple(Finding(finding["text"], tuple(finding["leads"])) for finding in findings)
        for part, findings in values.items()
    }


def read_analysis(folder: Path) -> Analysis:
    """Read what :func:`write_analysis` wrote.

    Raises
    ------
    ValueError, KeyError, TypeError, RecursionError, OSError
        When the folder is incomplete, damaged, or of another format.
    """
    path = folder / "analysis.json"
    if path.stat().st_size > MAX_JSON_BYTES:
        raise ValueError("longer than any analysis")
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ValueError("written by another version")
    if values.pop("sha256", "") != _digest(values):
        raise ValueError("its checksum is wrong")
    for name in (*values["maps"], *REFERENCES):
        if _checksum(folder / f"{name}.npy") != values["arrays"][name]:
            raise ValueError(f"the checksum of {name} is wrong")
    maps = {name: load_map(folder / f"{name}.npy") for name in values["maps"] if name in MAP_NAMES}
    n_samples = math.ceil(values["duration_s"] * values["map_fs_hz"] - 0.5)
    shapes = {array.shape for array in maps.values()}
    rows, columns = shapes.pop()
    if shapes or rows != len(values["leads"]) or abs(columns - n_samples) > 1:
        raise ValueError("the maps do not fit the recording")
    windows = windows_from_values(values["windows"])
    return from_values(values, windows, maps, read_references(folder))


def read_references(folder: Path) -> dict[str, NormalReference]:
    """Undo :func:`write_references`."""
    return {
        name: NormalReference(read_array(folder / f"{name}.npy", np.float64, 1, SMALL_MAP_BYTES))
        for name in REFERENCES
    }


def load_map(path: Path) -> FloatArray:
    """Return a map: read where it is small, else mapped; raises ValueError, OSError."""
    return read_array(path, np.float32, 2, SMALL_MAP_BYTES)


def from_values(
    values: Mapping[str, Any],
    windows: Sequence[WindowScore],
    arrays: Mapping[str, FloatArray],
    references: Mapping[str, NormalReference],
    analysed_s: float | None = None,
) -> Analysis:
    """Return the analysis of :func:`to_values`, its windows, maps and references."""
    maps: dict[str, Any] = {**arrays, **references}
    return Analysis(
        **{name: values[name] for name in PLAIN},
        record_name="",
        preprocessing=values["preprocessing"],
        leads=tuple(values["leads"]),
        parts=values["parts"],
        windows=tuple(windows),
        quality=tuple(QualityFinding(**finding) for finding in values["quality"]),
        versions=values["versions"],
        notes=tuple(values["notes"]),
        analysed_s=analysed_s,
        **maps,
    )


def _save(path: Path, values: FloatArray) -> None:
    """Write an array; one that is a whole file already is linked or copied, not paged through."""
    if isinstance(values, np.memmap) and values.filename is not None:
        source = Path(values.filename)
        if source.stat().st_size == values.offset + values.nbytes:
            try:
                os.link(source, path)
            except OSError:
                shutil.copyfile(source, path)
            return
    np.save(path, np.ascontiguousarray(values), allow_pickle=False)


def _checksum(path: Path) -> str:
    """Return the hash of a small file; of a long map only its length."""
    size = path.stat().st_size
    return hashlib.sha256(path.read_bytes()).hexdigest() if size <= SMALL_MAP_BYTES else str(size)


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
