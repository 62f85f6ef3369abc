"""A generated 12-lead ECG whose waves are where the test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest

FloatArray = npt.NDArray[np.float32]

# Amplitude in mV of P, Q, R, S, T for I, II, V1..V6; the other limb leads follow.
WAVES_MV = {
    "I": (0.08, -0.05, 0.7, -0.1, 0.20),
    "II": (0.12, -0.08, 1.0, -0.15, 0.30),
    "V1": (0.05, 0.0, 0.2, -0.9, -0.05),
    "V2": (0.06, 0.0, 0.4, -1.2, 0.40),
    "V3": (0.06, 0.0, 0.7, -0.8, 0.45),
    "V4": (0.07, -0.05, 1.3, -0.4, 0.40),
    "V5": (0.07, -0.08, 1.2, -0.2, 0.30),
    "V6": (0.07, -0.08, 0.9, -0.1, 0.25),
}
CENTRES_S = (-0.16, -0.025, 0.0, 0.025, 0.26)
WIDTHS_S = (0.022, 0.008, 0.010, 0.010, 0.045)


def ecg_12_lead(
    r_times_s: Sequence[float],
    fs_hz: float = 500.0,
    duration_s: float = 10.0,
    noise_mv: float = 0.005,
    with_p: bool = True,
    wide: Sequence[int] = (),
    seed: int = 0,
) -> FloatArray:
    """Return 12 leads [12, n] in mV with a beat at each time; beats in ``wide`` are ectopic."""
    t = np.arange(round(duration_s * fs_hz)) / fs_hz
    rows = {lead: np.zeros_like(t) for lead in WAVES_MV}
    for number, r in enumerate(r_times_s):
        for lead, waves in WAVES_MV.items():
            for wave, (height, centre, width) in enumerate(
                zip(waves, CENTRES_S, WIDTHS_S, strict=True)
            ):
                if wave == 0 and (not with_p or number in wide):
                    continue
                stretch, sign = (2.6, -1.3 if wave == 4 else 1.4) if number in wide else (1, 1)
                if number in wide and wave in (1, 3):
                    continue
                shape = np.exp(-0.5 * ((t - r - centre) / (width * stretch)) ** 2)
                rows[lead] += sign * height * shape
    i, ii = rows["I"], rows["II"]
    limb = [i, ii, ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2]
    signal = np.stack(limb + [rows[f"V{k}"] for k in range(1, 7)])
    noise = np.random.default_rng(seed).normal(0, noise_mv, signal.shape)
    return (signal + noise).astype(np.float32)


@pytest.fixture
def make_ecg() -> Callable[..., FloatArray]:
    """Return the generator; see :func:`ecg_12_lead`."""
    return ecg_12_lead
