"""The heart rate over a whole record."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecgviewer.app.trace.geometry.geometry import Geometry


def heart_rate_trend(
    r_peaks: npt.NDArray[np.int64], fs_hz: float, geometry: Geometry
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """Return where the trend has points and the mean rate there (bpm), one per two pixels.

    RR intervals beyond 2.5 s are pauses in the recording or in detection, not a rate.
    """
    seconds = r_peaks.astype(np.float64) / np.float64(fs_hz)
    rr = np.diff(seconds)
    good = (rr > 0.2) & (rr < 2.5)
    middle = ((seconds[1:] + seconds[:-1]) / 2)[good]
    cell = np.floor(middle * geometry.px_per_s / 2.0).astype(np.int64)
    if cell.size == 0:
        return np.zeros(0), np.zeros(0)
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    count = np.diff(np.append(starts, cell.size))
    mean_rr = np.add.reduceat(rr[good], starts) / count
    return geometry.page.left + cell[starts] * 2.0 + 1.0, 60.0 / mean_rr
