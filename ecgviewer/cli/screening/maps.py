"""``--maps``: score, signal and reconstruction per sample, one ``.npz`` per record and model."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.leads import standard_indices
from ecgviewer.core.record.recording import Recording
from ecgviewer.signal.resample import to_time_base

FloatArray = npt.NDArray[np.float32]


def write_maps(path: Path, recording: Recording, analysis: Analysis, specificity: float) -> None:
    """Write the maps of one analysis, all on the recording's own time base.

    Parameters
    ----------
    path : Path
        The ``.npz`` to write; it appears complete or not at all. Readable with ``numpy.load``:
        ``score_map``, ``reconstruction_mv``, ``signal_mv`` and ``attention`` or ``saliency``
        [12, T], ``fs`` (Hz), ``leads``, ``record_score``, ``threshold_map``, and
        ``offset_samples``: the stored sample that is the first here, above 0 where padding was cut.
    specificity : float
        Which calibrated level ``threshold_map`` is.

    Raises
    ------
    RecordError
        When the recording can no longer be read.
    OSError
        When the file cannot be written.
    """
    n = recording.n_samples
    at = standard_indices(recording.leads)

    def signal_row(row: int) -> FloatArray:
        position = at.get(analysis.leads[row])
        if position is None:
            return np.full(n, np.nan, dtype=np.float32)
        row_mv: FloatArray = recording.read_samples(0, n, [recording.leads[position]])[0]
        return row_mv

    def rows_of(
        values: FloatArray, kind: Literal["trace", "map"] = "map"
    ) -> Callable[[int], FloatArray]:
        return lambda row: to_time_base(
            values[row : row + 1], analysis.map_fs_hz, recording.fs_hz, n, kind
        )[0]

    maps = {
        "signal_mv": signal_row,
        "score_map": rows_of(analysis.score_map),
        "reconstruction_mv": rows_of(analysis.reconstruction_mv, "trace"),
    }
    if analysis.attention is not None:
        maps["attention"] = rows_of(analysis.attention)
    if analysis.saliency is not None:
        maps["saliency"] = rows_of(analysis.saliency)
    small = {
        "fs": np.float64(recording.fs_hz),
        "offset_samples": np.int64(recording.numbering.first_sample),
        "leads": np.array(analysis.leads),
        "record_score": np.float64(analysis.score),
        "threshold_map": np.float64(analysis.map_threshold(specificity)),
    }

    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
            for name, row_of in maps.items():
                rows = (row_of(row) for row in range(len(analysis.leads)))
                _write_rows(archive, name, rows, (len(analysis.leads), n))
            for name, value in small.items():
                with archive.open(f"{name}.npy", "w") as member:
                    np.lib.format.write_array(member, np.asarray(value), allow_pickle=False)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_rows(
    archive: zipfile.ZipFile, name: str, rows: Iterable[FloatArray], shape: tuple[int, int]
) -> None:
    """Write a float32 array row by row: a day of 12 leads never is in memory at once."""
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(member, header)
        for row in rows:
            member.write(np.ascontiguousarray(row, dtype="<f4").data)
