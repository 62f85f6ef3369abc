"""Heart rate and RR intervals of a range: mean, range, true spread, whether irregular."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.gaps import BoolArray, DoubleArray

IRREGULAR_CHANGE = 0.1
"""Median change from one RR interval to the next, relative to the mean, of irregular rhythms."""
IRREGULAR_SPREAD = 0.15
"""Standard deviation of RR, relative to the mean, of irregular rhythms."""
PAUSE_S = 2.0
"""An RR interval of at least this is a pause (2018 ACC/AHA/HRS guideline on bradycardia counts
3 s as significant, Holter reports count from 2 s)."""
UNSEEN_SHARE = 0.1
FLAT_S = 0.5


@dataclass(frozen=True, slots=True)
class Rate:
    """Rate of a range of a recording; None where there is nothing to count.

    Attributes
    ----------
    n_beats : int
    bpm : float or None
        60 / mean RR.
    by_count_bpm : float or None
        Beats in the seconds that were seen, times 60 (as cardiographs count a strip).
    min_bpm, max_bpm : float or None
        From the longest and the shortest RR interval.
    rr_mean_s, rr_sd_s, rr_longest_s : float or None
        ``rr_sd_s`` is the standard deviation.
    irregular : bool
    """

    n_beats: int
    bpm: float | None = None
    by_count_bpm: float | None = None
    min_bpm: float | None = None
    max_bpm: float | None = None
    rr_mean_s: float | None = None
    rr_sd_s: float | None = None
    rr_longest_s: float | None = None
    irregular: bool = False

    @property
    def has_pause(self) -> bool:
        """Whether there is a pause of 2 s or more."""
        return self.rr_longest_s is not None and self.rr_longest_s >= PAUSE_S

    def words(self) -> str:
        """Return the rate, its range and whether it is irregular, such as ``70 (46-120) bpm``."""
        if self.bpm is None or self.min_bpm is None or self.max_bpm is None:
            return "not measurable"
        text = f"{self.bpm:.0f} bpm"
        if round(self.min_bpm) < round(self.max_bpm):
            text = f"{self.bpm:.0f} ({self.min_bpm:.0f}-{self.max_bpm:.0f}) bpm"
        if self.irregular:
            text += ", irregular"
        if self.has_pause:
            text += f", pause of {self.rr_longest_s:.1f} s"
        return text


def unseen_samples(signal: npt.NDArray[np.floating], fs_hz: float) -> BoolArray:
    """Return where no lead shows anything [n]: missing, or exactly constant for half a second."""
    n = signal.shape[1]
    unseen = np.ones(n, dtype=np.bool_)
    size = max(round(FLAT_S * fs_hz), 2)
    count = n // size
    for row in signal:
        live = np.isfinite(row)
        if count:
            cut = row[: count * size].reshape(count, size)
            still = np.repeat((cut == cut[:, :1]).all(axis=1), size)
            live[: still.size] &= ~still
        unseen &= ~live
    return unseen


def rate_of(r_peaks: npt.ArrayLike, fs_hz: float, unseen: BoolArray | None = None) -> Rate:
    """Return the rate.

    Parameters
    ----------
    r_peaks : int array [B]
        Ascending samples.
    unseen : bool array [n], optional
        Where nothing was recorded (:func:`unseen_samples`): no interval reaches across.
    """
    r = np.asarray(r_peaks, dtype=np.int64)
    rr = rr_intervals_s(r, fs_hz, unseen)
    if rr.size == 0:
        return Rate(int(r.size))
    mean = float(rr.mean())
    counted = None
    if unseen is not None:
        seen_s = float((~unseen).sum()) / fs_hz
        counted = 60.0 * r.size / seen_s if seen_s > 0 else None
    return Rate(
        n_beats=int(r.size),
        bpm=60.0 / mean,
        by_count_bpm=counted,
        min_bpm=60.0 / float(rr.max()),
        max_bpm=60.0 / float(rr.min()),
        rr_mean_s=mean,
        rr_sd_s=float(rr.std()),
        rr_longest_s=float(rr.max()),
        irregular=is_irregular(rr),
    )


def rr_intervals_s(
    r_peaks: npt.NDArray[np.int64], fs_hz: float, unseen: BoolArray | None = None
) -> DoubleArray:
    """Return the RR intervals in seconds, without those across what was not recorded."""
    rr = np.diff(r_peaks) / fs_hz
    if unseen is not None and rr.size and unseen.any():
        count = np.concatenate([[0], np.cumsum(unseen)])
        lost = (count[r_peaks[1:]] - count[r_peaks[:-1]]) / fs_hz
        rr = rr[lost < UNSEEN_SHARE * rr]
    return np.asarray(rr, dtype=np.float64)


def is_irregular(rr_s: DoubleArray) -> bool:
    """Return whether RR intervals vary more than breathing lets them."""
    if rr_s.size < 3:
        return False
    mean = float(rr_s.mean())
    change = float(np.median(np.abs(np.diff(rr_s))))
    return change > IRREGULAR_CHANGE * mean or float(rr_s.std()) > IRREGULAR_SPREAD * mean
