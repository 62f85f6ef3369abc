"""An analysis as a folder: the maps as ``.npy``, everything else as JSON.

Maps are opened memory-mapped, so that an hours-long analysis costs nothing until it is looked at.
The record's name is left out: it may be a patient's. Never pickle: arrays of objects are refused
on reading.
"""

from __future__ import annotations

import json
import os
import shutil
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
SMALL_MAP_BYTES = 4 << 20
"""Smaller maps are read into memory: a file handle each would be dearer."""


def write_analysis(analysis: Analysis, folder: Path) -> None:
    """Write into an empty folder; raises OSError when the disk refuses."""
    for name in MAP_NAMES:
        values = getattr(analysis, name)
        if values is not None:
            _save(folder / f"{name}.npy", values)
    for name in ("record_reference", "map_reference"):
        np.save(folder / f"{name}.npy", getattr(analysis, name).scores, allow_pickle=False)
    values = {name: getattr(analysis, name) for name in PLAIN}
    values |= {
        "format": FORMAT,
        "preprocessing": dict(analysis.preprocessing),
        "leads": list(analysis.leads),
        "parts": dict(analysis.parts),
        "windows": [
            {
                "start_s": w.start_s,
                "stop_s": w.stop_s,
                "score": w.score,
                "raw_score": w.raw_score,
                "p_value": w.p_value,
                "parts": dict(w.parts),
            }
            for w in analysis.windows
        ],
        "quality": [asdict(finding) for finding in analysis.quality],
        "versions": dict(analysis.versions),
        "notes": list(analysis.notes),
        "maps": [name for name in MAP_NAMES if getattr(analysis, name) is not None],
    }
    # Last: a folder without it is incomplete.
    (folder / "analysis.json").write_text(json.dumps(values), encoding="utf-8")


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
    arrays = {name: _load(folder / f"{name}.npy") for name in values["maps"] if name in MAP_NAMES}
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) != 1 or any(array.dtype != np.float32 for array in arrays.values()):
        raise ValueError("the maps do not fit each other")
    maps: dict[str, Any] = dict(arrays)
    return Analysis(
        **{name: values[name] for name in PLAIN},
        record_name="",
        preprocessing=values["preprocessing"],
        leads=tuple(values["leads"]),
        parts=values["parts"],
        windows=tuple(WindowScore(**window) for window in values["windows"]),
        record_reference=NormalReference(np.load(folder / "record_reference.npy")),
        map_reference=NormalReference(np.load(folder / "map_reference.npy")),
        quality=tuple(QualityFinding(**finding) for finding in values["quality"]),
        versions=values["versions"],
        notes=tuple(values["notes"]),
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


def _load(path: Path) -> FloatArray:
    large = path.stat().st_size > SMALL_MAP_BYTES
    return cast("FloatArray", np.load(path, mmap_mode="r" if large else None, allow_pickle=False))
