"""Recordings made up for tests: known waves, any format, any length.

Nothing here uses the program's own code, so that it can test it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")

# P, Q, R, S, T of leads I, II, V1 ... V6 in mV, their centres and widths in s from the R peak.
_WAVES_MV = np.array(
    [
        (0.08, -0.05, 0.70, -0.10, 0.20),
        (0.12, -0.08, 1.00, -0.15, 0.30),
        (0.05, 0.00, 0.20, -0.90, -0.05),
        (0.06, 0.00, 0.40, -1.20, 0.40),
        (0.06, 0.00, 0.70, -0.80, 0.45),
        (0.07, -0.05, 1.30, -0.40, 0.40),
        (0.07, -0.08, 1.20, -0.20, 0.30),
        (0.07, -0.08, 0.90, -0.10, 0.25),
    ]
)
_CENTRES_S = np.array([-0.16, -0.025, 0.0, 0.025, 0.26])
_WIDTHS_S = np.array([0.022, 0.008, 0.010, 0.010, 0.045])

DEFAULT_GAIN = 1000.0
_GAIN_212 = 200.0
"""12 bits hold +-10 mV at this gain."""


def ecg_mv(
    duration_s: float,
    fs_hz: float = 500.0,
    heart_rate_bpm: float = 70.0,
    noise_mv: float = 0.01,
    seed: int = 0,
) -> npt.NDArray[np.float64]:
    """Return a regular 12-lead ECG [12, n] in mV whose limb-lead identities hold exactly."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration_s * fs_hz)) / fs_hz
    rr_s = 60.0 / heart_rate_bpm
    phase = (t + 0.3) % rr_s
    phase = np.where(phase > 0.6 * rr_s, phase - rr_s, phase)
    bumps = np.exp(-0.5 * ((phase[:, None] - _CENTRES_S) / _WIDTHS_S) ** 2)
    measured = _WAVES_MV @ bumps.T
    measured += noise_mv * rng.standard_normal(measured.shape)
    i, ii = measured[:2]
    derived = [i, ii, ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2]
    return np.concatenate([np.stack(derived), measured[2:]])


def ecg_uv(duration_s: float, fs_hz: float = 500.0, **how: float) -> npt.NDArray[np.int64]:
    """Return the same as whole microvolts; I and II are even, so that identities stay exact."""
    signal = ecg_mv(duration_s, fs_hz, **how)  # type: ignore[arg-type]
    measured = np.round(signal[[0, 1, 6, 7, 8, 9, 10, 11]] * 500).astype(np.int64) * 2
    i, ii = measured[:2]
    derived = [i, ii, ii - i, -(i + ii) // 2, i - ii // 2, ii - i // 2]
    return np.concatenate([np.stack(derived), measured[2:]])


def write_wfdb_16(
    folder: Path,
    name: str,
    signal_uv: npt.NDArray[np.int64],
    fs_hz: float = 500.0,
    leads: tuple[str, ...] = LEADS,
    comments: tuple[str, ...] = (),
) -> Path:
    """Write a format-16 record in microvolts with true checksums; returns the header's path."""
    signal_uv.T.astype("<i2").tofile(folder / f"{name}.dat")
    lines = [f"{name} {len(leads)} {fs_hz:g} {signal_uv.shape[1]}"]
    lines += [
        f"{name}.dat 16 {DEFAULT_GAIN:g}(0)/mV 16 0 {row[0]} {_checksum(int(row.sum()))} 0 {lead}"
        for lead, row in zip(leads, signal_uv, strict=True)
    ]
    header = folder / f"{name}.hea"
    header.write_text("\n".join([*lines, *(f"#{one}" for one in comments)]) + "\n")
    return header


def write_long_wfdb(
    folder: Path,
    name: str = "long",
    hours: float = 24.0,
    fs_hz: int = 500,
    fmt: str = "16",
) -> Path:
    """Write a long 12-lead record in format 16 or 212, a minute at a time.

    Five different minutes (60 to 90 beats/min) take turns. 24 h at 500 Hz are 1.04 GB in
    format 16 and 0.78 GB in 212. Returns the header's path.
    """
    gain = _GAIN_212 if fmt == "212" else DEFAULT_GAIN
    minutes, sums = [], []
    for k, rate in enumerate((60, 70, 75, 80, 90)):
        counts = np.round(ecg_mv(60.0, fs_hz, rate, seed=k) * gain).astype(np.int64)
        minutes.append(_encode(counts, fmt))
        sums.append(counts.sum(axis=1))
    n_minutes = max(round(hours * 60), 1)
    total = np.zeros(12, dtype=np.int64)
    with (folder / f"{name}.dat").open("wb") as file:
        for minute in range(n_minutes):
            file.write(minutes[minute % len(minutes)])
            total += sums[minute % len(minutes)]
    lines = [f"{name} 12 {fs_hz} {n_minutes * 60 * fs_hz}"]
    lines += [
        f"{name}.dat {fmt} {gain:g}(0)/mV 12 0 0 {_checksum(int(one))} 0 {lead}"
        for lead, one in zip(LEADS, total, strict=True)
    ]
    header = folder / f"{name}.hea"
    header.write_text("\n".join(lines) + "\n")
    return header


def _encode(counts: npt.NDArray[np.int64], fmt: str) -> bytes:
    frames = counts.T.reshape(-1)
    if fmt == "16":
        return frames.astype("<i2").tobytes()
    if fmt != "212":
        raise ValueError(f"format {fmt} is not written here")
    pairs = (frames & 0xFFF).reshape(-1, 2)
    packed = np.empty((len(pairs), 3), dtype=np.uint8)
    packed[:, 0] = pairs[:, 0] & 0xFF
    packed[:, 1] = pairs[:, 0] >> 8 | pairs[:, 1] >> 8 << 4
    packed[:, 2] = pairs[:, 1] & 0xFF
    return packed.tobytes()


def _checksum(total: int) -> int:
    """Return a sum as the 16-bit signed number that headers hold."""
    return (total + 32768) % 65536 - 32768
