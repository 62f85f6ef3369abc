"""What was exported as WFDB, read back with the format's reference library before it is said.

wfdb is imported here, when something is written, and nowhere earlier: it takes a second.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecgviewer.review.errors import ExportError
from ecgviewer.review.exports.wfdb.codec import Mark
from ecgviewer.review.exports.wfdb.library import wfdb_library


def check_annotations(path: Path, marks: Sequence[Mark], fs_hz: float) -> None:
    """Compare an annotation file with what should be in it.

    Parameters
    ----------
    path : Path
        ``RECORD.annotator``.
    marks : sequence of Mark
        In any order.
    fs_hz : float
        The rate in which the file counts.

    Raises
    ------
    ExportError
        At the first difference, or when wfdb cannot read the file.
    """
    wfdb = wfdb_library()

    try:
        with warnings.catch_warnings():
            # wfdb 4.3 uses a pandas call that pandas 3.1 deprecates.
            warnings.simplefilter("ignore")
            found = wfdb.rdann(str(path.with_suffix("")), path.suffix[1:])
    except Exception as error:
        raise ExportError(f"wfdb cannot read what was written ({error}): not exported") from error
    if found.fs is not None and abs(found.fs - fs_hz) > 1e-6 * fs_hz:
        raise ExportError(f"wfdb reads {found.fs:g} Hz instead of {fs_hz:g}: not exported")
    expected = sorted(marks, key=lambda mark: mark.sample)
    if len(found.sample) != len(expected):
        raise ExportError(
            f"wfdb reads {len(found.sample)} marks instead of {len(expected)}: not exported"
        )
    rows = zip(found.sample, found.symbol, found.chan, found.subtype, found.aux_note, strict=True)
    for number, (row, mark) in enumerate(zip(rows, expected, strict=True), start=1):
        read = (int(row[0]), str(row[1]), int(row[2]), int(row[3]), _text(row[4]))
        meant = (mark.sample, mark.symbol, mark.chan, mark.subtype, _text(mark.aux))
        for what, one, other in zip(
            ("sample", "symbol", "signal", "subtype", "note"), read, meant, strict=True
        ):
            if one != other:
                raise ExportError(
                    f"wfdb reads the {what} of mark {number} as {one!r:.60} instead of "
                    f"{other!r:.60}: not exported"
                )


def _text(note: str) -> str:
    """Return a note without the blanks and zeros that readers strip at its ends."""
    return note.strip(" \0")


def check_samples(
    folder: Path,
    name: str,
    values_mv: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    fs_hz: float,
    leads: Sequence[str],
    steps_mv: Sequence[float],
) -> float:
    """Compare a record with the samples that should be in it; return the largest difference.

    Parameters
    ----------
    values_mv : array [n_leads, n]
        NaN where samples are missing.
    steps_mv : sequence of float
        One step of each lead's format.

    Returns
    -------
    float
        Of amplitudes, in mV.

    Raises
    ------
    ExportError
        At the first difference beyond single precision and half a step.
    """
    wfdb = wfdb_library()

    path, largest = str(folder / name), 0.0
    n_samples = values_mv.shape[1]
    try:
        header = wfdb.rdheader(path)
    except Exception as error:
        raise ExportError(f"wfdb cannot read what was written ({error}): not exported") from error
    for what, read, meant in (
        ("lead names", list(header.sig_name), list(leads)),
        ("length in samples", header.sig_len, n_samples),
        ("rate in Hz", round(float(header.fs), 6), round(fs_hz, 6)),
    ):
        if read != meant:
            raise ExportError(f"wfdb reads the {what} as {read} instead of {meant}: not exported")
    for start in range(0, n_samples, _AT_ONCE):
        stop = min(start + _AT_ONCE, n_samples)
        try:
            record = wfdb.rdrecord(path, sampfrom=start, sampto=stop)
        except Exception as error:
            raise ExportError(f"wfdb cannot read what was written ({error})") from error
        meant_mv = values_mv[:, start:stop].astype(np.float64)
        for row, lead in enumerate(leads):
            read_mv = record.p_signal[:, row]
            if not np.array_equal(np.isnan(read_mv), np.isnan(meant_mv[row])):
                raise ExportError(f"wfdb finds other samples of {lead} missing: not exported")
            error_mv = np.nan_to_num(np.abs(read_mv - meant_mv[row]))
            allowed = np.nan_to_num(np.abs(meant_mv[row])) * 2.0**-23 + _SHARE * steps_mv[row]
            if (error_mv > allowed).any():
                at = int(np.argmax(error_mv - allowed))
                raise ExportError(
                    f"wfdb reads {lead} at sample {start + at} as {read_mv[at]:.6g} mV instead of "
                    f"{meant_mv[row, at]:.6g}: not exported"
                )
            largest = max(largest, float(error_mv.max(initial=0.0)))
    return largest


_AT_ONCE = 1 << 20
"""Samples per lead that are compared at a time."""
_SHARE = 0.501
"""Of a step: what rounding to whole numbers may change."""
