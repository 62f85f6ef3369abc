"""Normals as other devices would have recorded them: filters of the whole world, at random."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecgviewer.core.record.recording import Recording
from ecgviewer.signal.device_filter import DeviceFilter
from ecgviewer.signal.gaps import bridge_gaps, mask_at_rate
from ecgviewer.signal.resample import resample_bridged

FloatArray = npt.NDArray[np.float32]

HIGHPASS_HZ = (0.05, 0.67)
"""From diagnostic to monitoring mode."""
LOWPASS_HZ = (35.0, 150.0)
GAIN = (0.75, 1.33)
NOISE_MV, STEP_MV = 0.03, 0.00488
RATES_HZ = (100.0, 200.0, 250.0, 400.0, 1000.0)
COPY_S = 10.0
FORWARD, ZERO_PHASE = 0.75, 0.15
"""Shares of the devices whose high-pass moves the phase, and of those that correct it."""


def random_device(rng: np.random.Generator, strong: bool = False) -> DeviceFilter:
    """Draw a device.

    Corners of high-passes are drawn log-uniformly, as networks shall see them; ``strong``:
    uniformly, so that thresholds know those best that change most.
    """
    kind = rng.random()
    corner_hz = 0.0
    if kind < FORWARD + ZERO_PHASE:
        corner_hz = float(rng.uniform(*HIGHPASS_HZ)) if strong else _log_uniform(rng, HIGHPASS_HZ)
    return DeviceFilter(
        highpass_hz=corner_hz,
        poles=int(rng.integers(1, 3)),
        zero_phase=FORWARD <= kind < FORWARD + ZERO_PHASE,
        lowpass_hz=_log_uniform(rng, LOWPASS_HZ) if rng.random() < 0.5 else 0.0,
        gain=_log_uniform(rng, GAIN),
    )


def as_other_device(window: FloatArray, fs_hz: float, rng: np.random.Generator) -> FloatArray:
    """Return a window in network units [12, n] as of another device; NaN stays NaN.

    The filters come after those of the preprocessing instead of before them, which for linear
    filters is the same; each lead is brought back to mean 0 and standard deviation 1.
    """
    known = np.isfinite(window)
    changed = random_device(rng)(np.where(known, window, 0.0), fs_hz)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    centred = changed - np.where(known, changed, 0.0).sum(axis=1, keepdims=True) / count
    squares = np.where(known, centred**2, 0.0).sum(axis=1, keepdims=True)
    scaled = centred / np.sqrt(np.maximum(squares / count, 1e-6))
    return np.where(known, scaled, np.nan).astype(np.float32)


def _log_uniform(rng: np.random.Generator, span: tuple[float, float]) -> float:
    low, high = np.log(span)
    return float(np.exp(rng.uniform(low, high)))


@dataclass(frozen=True, slots=True)
class _Samples:
    """Samples in memory, as a source of a recording."""

    values: FloatArray

    def read(self, start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        return self.values[list(leads), start:stop]

    def content_hash(self) -> str:
        return hashlib.sha256(self.values.tobytes()).hexdigest()

    def close(self) -> None:
        pass


def other_device(recording: Recording, rng: np.random.Generator) -> Recording:
    """Return the first ``COPY_S`` of a recording as another device would have stored it.

    Beside the filters and the gain of :func:`random_device`: white noise, the device's steps and
    its sampling rate, each in a share of the devices.

    Raises
    ------
    RecordError
        When the file cannot be read.
    """
    device = random_device(rng, strong=True)
    rate_hz = float(rng.choice(RATES_HZ)) if rng.random() < 0.3 else recording.fs_hz
    noise_mv = float(rng.uniform(0.0, NOISE_MV)) if rng.random() < 0.5 else 0.0
    step_mv = STEP_MV if rng.random() < 0.3 else 0.0
    return through_device(recording, device, rng, noise_mv, step_mv, rate_hz)


def through_device(
    recording: Recording,
    device: DeviceFilter,
    rng: np.random.Generator,
    noise_mv: float = 0.0,
    step_mv: float = 0.0,
    rate_hz: float | None = None,
) -> Recording:
    """Return the first ``COPY_S`` of a recording after a device's filter, noise, steps and rate.

    Raises
    ------
    RecordError
        When the file cannot be read.
    """
    fs_hz = recording.fs_hz
    filled, missing = bridge_gaps(recording.read(0.0, min(COPY_S, recording.duration_s)))
    values = device(filled, fs_hz)
    if rate_hz is not None and rate_hz != fs_hz:
        values = resample_bridged(values, fs_hz, rate_hz)
        missing = mask_at_rate(missing, fs_hz, rate_hz, values.shape[1])
        fs_hz = rate_hz
    if noise_mv > 0:
        values = values + noise_mv * rng.standard_normal(values.shape)
    if step_mv > 0:
        values = np.round(values / step_mv) * step_mv
    stored: FloatArray = np.where(missing, np.nan, values).astype(np.float32)
    return replace(
        recording, fs_hz=fs_hz, n_samples=stored.shape[1], source=_Samples(stored), notes=()
    )
