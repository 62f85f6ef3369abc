"""An analysis as a folder: the maps as ``.npy``, everything else as JSON.

Maps are opened memory-mapped, so that an hours-long analysis costs nothing until it is looked at.
The record's name is left out: it may be a patient's. Never pickle: arrays of objects are refused
on reading.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np

from ecgviewer.core.analysis import Analysis, FloatArray, QualityFinding, WindowScore
from ecgviewer.core.reference import NormalReference
from ecgviewer.models.maps import MAP_NAMES

FORMAT = 1
PLAIN = (
    "model", "bundle_sha256", "recording_sha256", "duration_s", "score",
    "raw_score", "p_value", "map_fs_hz", "device", "elapsed_s",
)  # fmt: skip
REFERENCES = ("record_reference", "map_reference")
SMALL_MAP_BYTES = 4 << 20
"""Smaller maps are read into memory: a file handle each would be dearer."""


def write_analysis(analysis: Analysis, folder: Path) -> None:
    """Write into an empty folder; raises OSError when the disk refuses."""
    for name in MAP_NAMES:
        values = getattr(analysis, name)
        if values is not None:
            _save(folder / f"{name}.npy", values)
    write_references(analysis, folder)
    # Last: a folder without it is incomplete.
    values = to_values(analysis) | {"windows": windows_to_values(analysis.windows)}
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
    return [
        {
            "start_s": w.start_s,
            "stop_s": w.stop_s,
            "score": w.score,
            "raw_score": w.raw_score,
            "p_value": w.p_value,
            "parts": dict(w.parts),
        }
        for w in windows
    ]


def windows_from_values(values: Sequence[Mapping[str, Any]]) -> list[WindowScore]:
    """Undo :func:`windows_to_values`."""
    return [WindowScore(**window) for window in values]


def read_analysis(folder: Path) -> Analysis:
    """Read what :func:`write_analysis` wrote.

    Raises
    ------
    ValueError, KeyError, TypeError, OSError
        When the folder is incomplete, damaged, or of another format.
    """
    values: dict[str, Any] = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    if values.get("format") != FORMAT:
        raise ValueError("written by another version")
    arrays = {
        name: load_map(folder / f"{name}.npy") for name in values["maps"] if name in MAP_NAMES
    }
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) != 1 or any(array.dtype != np.float32 for array in arrays.values()):
        raise ValueError("the maps do not fit each other")
    windows = windows_from_values(values["windows"])
    return from_values(values, windows, arrays, read_references(folder))


def read_references(folder: Path) -> dict[str, NormalReference]:
    """Undo :func:`write_references`."""
    return {name: NormalReference(np.load(folder / f"{name}.npy")) for name in REFERENCES}


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
    np.save(path, values, allow_pickle=False)


def load_map(path: Path) -> FloatArray:
    """Return a map: read where it is small, else mapped."""
    large = path.stat().st_size > SMALL_MAP_BYTES
    return cast("FloatArray", np.load(path, mmap_mode="r" if large else None, allow_pickle=False))
