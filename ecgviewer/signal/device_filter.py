"""What the recording device did to the trace before it came into the file.

A cardiograph in monitoring mode applies a high-pass of about 0.5 Hz that runs with the signal. Its
phase moves every slow wave: ST sinks behind a tall R, T gets an undershoot. Few files say so.
:class:`DeviceFilter` is such a device, for training and for tests; :func:`measure` tells its
high-pass from the trace.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.delineation import Marks
from ecgviewer.signal.gaps import BoolArray, DoubleArray, bridge_gaps
from ecgviewer.signal.heartbeats.beats import dominant_beats
from ecgviewer.signal.heartbeats.r_peaks import IntArray
from ecgviewer.signal.scipy_parts import butter, sosfilt, sosfiltfilt, uniform_filter1d

SETTLE_S = 8.0
"""A device runs before a record begins; its filter is let run over this much of it, mirrored."""


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """A device's filters and gain.

    Attributes
    ----------
    highpass_hz : float
        Corner of the Butterworth high-pass; 0 for none.
    poles : int
        Of the high-pass: 1 or 2.
    zero_phase : bool
        Whether the high-pass runs forward and backward, as only a stored record allows.
    lowpass_hz : float
        Corner of a forward Butterworth low-pass of two poles; 0 for none.
    gain : float
    """

    highpass_hz: float = 0.0
    poles: int = 1
    zero_phase: bool = False
    lowpass_hz: float = 0.0
    gain: float = 1.0

    def __call__(self, signal: npt.ArrayLike, fs_hz: float) -> DoubleArray:
        """Return the trace [L, n] as this device gives it; all samples must be finite.

        Corners that the sampling rate cannot carry are left out.
        """
        x = np.asarray(signal, dtype=np.float64)
        settle = min(round(SETTLE_S * fs_hz), x.shape[1] - 1)
        x = np.concatenate([x[:, settle:0:-1], x], axis=1)
        x = x - x[:, :1]
        if self.highpass_hz > 0:
            sos = butter(self.poles, self.highpass_hz, "highpass", fs=fs_hz, output="sos")
            x = sosfiltfilt(sos, x, axis=1) if self.zero_phase else sosfilt(sos, x, axis=1)
        if 0 < self.lowpass_hz < 0.5 * fs_hz:
            x = sosfilt(butter(2, self.lowpass_hz, "lowpass", fs=fs_hz, output="sos"), x, axis=1)
        out: DoubleArray = self.gain * x[:, settle:]
        return out


ST_LOST_HZ = 0.25
"""Strength from which ST levels are not judged. Cardiographs for diagnosis have corners of 0.05 Hz
(AHA/ACC/HRS 2007, Kligfield); at 0.5 Hz the levels are off by 0.1 to 0.3 mV."""


@dataclass(frozen=True, slots=True)
class HighPass:
    """The high-pass of the device that recorded.

    Attributes
    ----------
    corner_hz : float
    poles : int
        1 or 2 (Butterworth, running with the signal), whichever explains the trace better; 0 where
        a file states the corner alone.
    """

    corner_hz: float
    poles: int = 0

    @property
    def strength_hz(self) -> float:
        """Corner of the two-pole filter whose first-order effect on the trace is the same."""
        return self.corner_hz / math.sqrt(2.0) if self.poles == 1 else self.corner_hz

    @property
    def st_lost(self) -> str:
        """Why ST levels cannot be judged; empty where they can."""
        if self.strength_hz < ST_LOST_HZ:
            return ""
        about = f"about {self.corner_hz:.1g}" if self.poles else f"{self.corner_hz:g}"
        return f"high-pass of {about} Hz: ST levels cannot be judged"


_POINTS = 129
"""On each beat, from QRS to QRS."""
_PLACES = 8
"""Of them between T and P that are looked at."""
_REST_HZ = -0.155
"""What the rest between T and P shows of itself, as the strength of a high-pass: it does not lie
quite flat (the median of 96 PTB-XL normals as they are)."""
_LEAST_HZ = 0.25
_LEAST_CORRELATION = 0.86
"""Below these nothing is told: no normal of PTB-XL or CPSC and 1 to 4 % of pathological records as
they are pass, and 82 to 100 % of what passes from filtered normals is within a factor of 1.5
(``tests/signal/test_device_filter.py`` prints it)."""
_LEAST_REST_S = 0.15
_LEAST_BEATS = 3


def measure(
    signal_mv: npt.ArrayLike,
    fs_hz: float,
    r_peaks: IntArray,
    marks: Marks,
    dominant: BoolArray | None = None,
) -> HighPass | None:
    """Return the high-pass that the device applied; None where the trace does not tell.

    Between T and P the heart is at rest. What a one-pole high-pass leaves of that rest falls back
    to zero at a rate that its corner gives, in every lead at once: y + w I(y) is as flat as the
    trace was before the filter, where I is the integral from QRS to QRS and w = 2 pi f; for two
    poles it is y + sqrt(2) w I(y) + w^2 I(I(y)). So w is the slope of the levels between T and P,
    above the PR level, on their integrals over all leads and places. Filters without phase shift,
    corners under 0.25 Hz (two poles; 0.35 Hz one pole), records without a P wave and fast rates
    are not told.

    Parameters
    ----------
    signal_mv : array [L, n]
        Unfiltered ECG leads, any unit; NaN allowed.
    r_peaks : int array [B]
    marks : Marks
        Of the prevailing beat (:func:`ecgviewer.signal.delineation.average_beat`).
    dominant : bool array [B], optional
        Which beats are of that shape, where the caller knows.
    """
    if marks.p_on_s is None or marks.t_off_s is None or marks.qrs_on_s is None:
        return None
    x, missing = bridge_gaps(signal_mv)
    x = x[~missing.all(axis=1)]
    if x.shape[0] == 0 or r_peaks.size < _LEAST_BEATS + 1:
        return None
    if dominant is None:
        dominant = dominant_beats(x, r_peaks, fs_hz)
    span = (marks.qrs_on_s, marks.t_off_s, marks.p_on_s)
    curves = _curves(x, fs_hz, r_peaks, dominant, span)
    if curves is None:
        return None
    level, first, second = curves
    root = math.sqrt(2.0)
    unit = 2.0 * np.pi * root
    level = level + unit * _REST_HZ * first
    power = float(np.square(first).sum())
    across = -float((level * first).sum())
    size = math.sqrt(float(np.square(level).sum()) * power)
    if size <= 0 or across < _LEAST_CORRELATION * size:
        return None
    strength_hz = across / power / unit
    if strength_hz < _LEAST_HZ:
        return None
    # Near the corner that the first order gives, which of the two families leaves less?
    corners = strength_hz * np.geomspace(0.6, 1.7, 24)[:, np.newaxis, np.newaxis]
    w = 2.0 * np.pi * corners
    left = {
        1: np.square(level + root * w * first).sum(axis=(1, 2)),
        2: np.square(level + root * w * first + w**2 * second).sum(axis=(1, 2)),
    }
    poles = 1 if left[1].min() <= left[2].min() else 2
    corner_hz = float(corners[np.argmin(left[poles]), 0, 0])
    return HighPass(corner_hz * (root if poles == 1 else 1.0), poles)


def _curves(
    x: DoubleArray,
    fs_hz: float,
    r_peaks: IntArray,
    dominant: BoolArray,
    marks_s: tuple[float, float, float],
) -> tuple[DoubleArray, DoubleArray, DoubleArray] | None:
    """Return levels between T and P [L, places] above the PR level, and their two integrals.

    ``marks_s``: beginning of QRS, end of T, beginning of P, from the R peak.
    """
    qrs_on_s, t_off_s, p_on_s = marks_s
    x = uniform_filter1d(x, max(round(0.018 * fs_hz), 1), axis=1)
    pairs = np.flatnonzero(dominant[:-1] & dominant[1:])
    before_qrs = r_peaks + round((qrs_on_s - 0.012) * fs_hz)
    rest_from = r_peaks[pairs] + (t_off_s + 0.03) * fs_hz
    rest_to = r_peaks[pairs + 1] + (p_on_s - 0.015) * fs_hz
    inside = (before_qrs[pairs] >= 0) & (before_qrs[pairs + 1] < x.shape[1])
    inside &= rest_to - rest_from >= _LEAST_REST_S * fs_hz
    pairs, rest_from, rest_to = pairs[inside], rest_from[inside], rest_to[inside]
    if pairs.size < _LEAST_BEATS:
        return None
    start, length = before_qrs[pairs], before_qrs[pairs + 1] - before_qrs[pairs]
    share = np.linspace(0.0, 1.0, _POINTS)
    step_s = (length / fs_hz / (_POINTS - 1))[:, np.newaxis]
    y = x[:, np.rint(start[:, np.newaxis] + length[:, np.newaxis] * share).astype(np.int64)]
    # Drift from one beat to the next is a line; over a beat a high-pass lets no mean through.
    y = y - y[..., :1] - (y[..., -1:] - y[..., :1]) * share
    y -= y.mean(axis=2, keepdims=True)
    first = np.cumsum(y, axis=2) * step_s
    first -= first.mean(axis=2, keepdims=True)
    second = np.cumsum(first, axis=2) * step_s
    places = rest_from + (rest_to - rest_from) * np.linspace(0.0, 1.0, _PLACES)[:, np.newaxis]
    at = np.rint((places - start) / length * (_POINTS - 1)).astype(np.int64).T
    at = np.clip(at, 0, _POINTS - 1)[np.newaxis]
    level, one, two = (
        np.median(np.take_along_axis(curve, at, axis=2) - curve[..., :1], axis=1)
        for curve in (y, first, second)
    )
    return level, one, two
