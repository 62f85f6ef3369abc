"""The median beat that a file carries, laid on the median of its beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.core.record.recording import FloatArray
from ecgviewer.core.record.source_facts import MedianBeats

SEARCH_HZ = 250.0


@dataclass(frozen=True, eq=False)
class AlignedMedian:
    """The file's median beat on the time axis of ours.

    Attributes
    ----------
    time_s : array [k]
        From our R peak.
    beats_mv : array [L, k]
        In the order of the recording's leads; NaN for those that the median lacks.
    likeness : float
        Correlation with our median beat where both have samples.
    """

    time_s: npt.NDArray[np.float64]
    beats_mv: FloatArray
    likeness: float


def align(
    median: MedianBeats, beats_mv: FloatArray, leads: Sequence[str], fs_hz: float, pre_s: float
) -> AlignedMedian | None:
    """Return the file's median beat where it is most like ours; None without a lead in common.

    Files rarely say where the R peak of their median beat is, so it is found: both are put on one
    rate and shifted until their correlation over all common leads is highest.

    Parameters
    ----------
    beats_mv : array [L, m]
        Ours, ``fs_hz`` samples per second, the R peak at ``pre_s``.
    """
    rows = {lead: row for row, lead in enumerate(median.leads) if lead in leads}
    pairs = [(leads.index(lead), row) for lead, row in rows.items()]
    pairs = [pair for pair in pairs if np.isfinite(beats_mv[pair[0]]).any()]
    if not pairs:
        return None
    ours = np.stack([_level(_resampled(beats_mv[a], fs_hz)) for a, _ in pairs])
    theirs = np.stack([_level(_resampled(median.samples_mv[b], median.fs_hz)) for _, b in pairs])
    score = sum(
        (np.correlate(b, a, mode="full") for a, b in zip(ours, theirs, strict=True)),
        np.zeros(ours.shape[1] + theirs.shape[1] - 1),
    )
    # How many samples of theirs lie before the first of ours.
    lag = int(np.argmax(score)) - (ours.shape[1] - 1)
    size = float(np.sqrt(np.square(ours).sum() * np.square(theirs).sum()))
    result = np.full((len(leads), median.samples_mv.shape[1]), np.nan, dtype=np.float32)
    for lead, row in rows.items():
        result[leads.index(lead)] = median.samples_mv[row]
    time_s = np.arange(result.shape[1]) / median.fs_hz - pre_s - lag / SEARCH_HZ
    return AlignedMedian(time_s, result, float(score.max()) / size if size > 0 else 0.0)


def _resampled(beat: FloatArray, fs_hz: float) -> npt.NDArray[np.float64]:
    n = max(int(beat.size / fs_hz * SEARCH_HZ), 1)
    return np.interp(np.arange(n) / SEARCH_HZ, np.arange(beat.size) / fs_hz, beat)


def _level(beat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the beat without its resting level; 0 where missing."""
    if not np.isfinite(beat).any():
        return np.zeros_like(beat)
    return np.nan_to_num(beat - np.nanmedian(beat))
