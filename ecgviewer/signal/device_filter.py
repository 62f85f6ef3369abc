"""What the recording device did to the trace before it came into the file.

A cardiograph in monitoring mode applies a high-pass of about 0.5 Hz that runs with the signal. Its
phase moves every slow wave: ST sinks behind a tall R, T gets an undershoot. Few files say so.
:class:`DeviceFilter` is such a device, for training and for tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.scipy_parts import butter, sosfilt, sosfiltfilt

DoubleArray = npt.NDArray[np.float64]

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
