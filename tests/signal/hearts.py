"""12 leads of a heart whose beats are where the test says, at any rate; nobody's data."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
FS_HZ = 500.0
SIZE = {"I": 0.7, "II": 1.0, "V1": -0.6, "V2": 0.5, "V3": 0.8, "V4": 1.2, "V5": 1.1, "V6": 0.8}
WIDE = {"I": -0.6, "II": 0.9, "V1": 1.1, "V2": 0.9, "V3": 0.4, "V4": -0.5, "V5": -0.8, "V6": -0.9}


def _bump(t_s: npt.NDArray[np.float64], centre_s: float, width_s: float) -> FloatArray:
    return np.exp(-0.5 * ((t_s - centre_s) / width_s) ** 2).astype(np.float32)


def heart(
    beats_s: Iterable[float],
    duration_s: float = 10.0,
    *,
    fs_hz: float = FS_HZ,
    p_mv: float = 0.12,
    qt_s: float = 0.38,
    t_mv: float = 0.3,
    wide_s: Iterable[float] = (),
    noise_mv: float = 0.008,
) -> FloatArray:
    """Return 12 leads [12, n] in mV.

    Parameters
    ----------
    beats_s, wide_s : iterable of float
        R peaks of ordinary beats (PR about 0.11 s, QRS about 0.105 s) and of wide ones.
    p_mv : float
        Height of P in a lead of full size; 0 for none.
    qt_s, t_mv : float
        T peaks 0.13 s before ``qt_s`` from R and ends about 25 ms after it.
    """
    t = np.arange(round(duration_s * fs_hz)) / fs_hz
    narrow, wide = np.zeros(t.size, np.float32), np.zeros(t.size, np.float32)
    for at in beats_s:
        narrow += p_mv * _bump(t, at - 0.115, 0.022) - 0.1 * _bump(t, at - 0.028, 0.009)
        narrow += 1.1 * _bump(t, at, 0.011) - 0.25 * _bump(t, at + 0.03, 0.011)
        narrow += t_mv * _bump(t, at + qt_s - 0.13, 0.045)
    for at in wide_s:
        wide += 1.6 * _bump(t, at, 0.03) - 1.1 * _bump(t, at + 0.09, 0.035)
        wide -= 0.6 * _bump(t, at + 0.30, 0.07)
    rng = np.random.default_rng(1)
    rows = {
        lead: size * narrow + WIDE[lead] * wide + noise_mv * rng.standard_normal(t.size)
        for lead, size in SIZE.items()
    }
    i, ii = rows["I"], rows["II"]
    limb = [i, ii, ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2]
    return np.stack(limb + [rows[f"V{k}"] for k in range(1, 7)]).astype(np.float32)
