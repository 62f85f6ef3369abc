"""The high-pass of the device that recorded a stretch: as the file states it, else measured."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from ecgviewer.signal import device_filter
from ecgviewer.signal.delineation import average_beat
from ecgviewer.signal.device_filter import HighPass
from ecgviewer.signal.heartbeats.pacing import NO_STIMULI

FloatArray = npt.NDArray[np.float32]
LONGEST_S = 30.0
"""So much of a stretch tells its filter."""


class RecordedHighPass:
    """Of some successive windows; measured when first asked for, which few records need.

    Parameters
    ----------
    values : array [L, n]
        Unfiltered, without pacing stimuli; NaN where missing.
    r_peaks : array [B] of int64
        Samples of ``values``.
    stated_hz : float or None
        What the file says.
    """

    def __init__(
        self,
        values: FloatArray,
        fs_hz: float,
        r_peaks: npt.NDArray[np.int64],
        stated_hz: float | None,
    ) -> None:
        n = min(round(LONGEST_S * fs_hz), values.shape[1])
        self._values, self._fs_hz = values[:, :n], fs_hz
        self._r_peaks = r_peaks[r_peaks < n]
        self._stated_hz = stated_hz

    @cached_property
    def _found(self) -> HighPass | None:
        if self._stated_hz is not None:
            return HighPass(self._stated_hz)
        known = self._values[np.isfinite(self._values).any(axis=1)]
        if known.shape[0] == 0:
            return None
        average = average_beat(known, self._fs_hz, self._r_peaks, NO_STIMULI)
        if average is None:
            return None
        return device_filter.measure(known, self._fs_hz, self._r_peaks, average.marks)

    @property
    def stated_loss(self) -> str:
        """Why, by what the file says, ST levels cannot be judged; empty where it does not say."""
        return "" if self._stated_hz is None else HighPass(self._stated_hz).st_lost

    def __call__(self) -> HighPass | None:
        """Return the high-pass; None where neither file nor trace tells."""
        return self._found
