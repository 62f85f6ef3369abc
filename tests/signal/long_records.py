"""Long recordings put together from real beats, so that every beat of them is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.core.record.recording import Recording
from ecgviewer.signal.heartbeats.beats import (
    beat_windows,
    detect_r_peaks,
    dominant_beats,
    nan_median,
)

FS_HZ = 250.0
PRE_S, POST_S = 0.28, 0.44


@dataclass(frozen=True)
class KnownRecord:
    """A recording and its beats: ``N`` sinus, ``S`` premature and narrow, ``V`` premature, wide."""

    signal_mv: npt.NDArray[np.float32]
    leads: tuple[str, ...]
    times_s: npt.NDArray[np.float64]
    kinds: npt.NDArray[np.str_]
    irregular_s: float


def median_beat(recording: Recording, other: bool = False) -> npt.NDArray[np.float32]:
    """Return the median beat [12, m] at FS_HZ of the prevailing beats, or of the others."""
    step = round(recording.fs_hz / FS_HZ)
    x = recording.read(0.0, recording.duration_s)
    n = x.shape[1] // step * step
    x = x[:, :n].reshape(x.shape[0], -1, step).mean(axis=2)
    r = np.asarray(detect_r_peaks(x, FS_HZ))
    main = dominant_beats(x, r, FS_HZ)
    beat = nan_median(beat_windows(x, r[~main if other else main], FS_HZ, PRE_S, POST_S))
    ramp = np.linspace(0, 1, beat.shape[1])
    ends = beat[:, :5].mean(axis=1, keepdims=True), beat[:, -5:].mean(axis=1, keepdims=True)
    # Both ends at zero, so that beats can be put anywhere.
    return np.asarray(beat - ends[0] * (1 - ramp) - ends[1] * ramp, dtype=np.float32)


def compose(
    sinus: npt.NDArray[np.float32],
    wide: npt.NDArray[np.float32],
    leads: tuple[str, ...],
    minutes: float,
    seed: int,
    irregular_minutes: float = 0.0,
) -> KnownRecord:
    """Return a recording of sinus rhythm with known ectopic beats, pairs, runs and pauses."""
    rng = np.random.default_rng(seed)
    times, kinds = [0.8], ["N"]
    begin_irregular = 60.0 * (minutes - irregular_minutes)
    while times[-1] < 60.0 * minutes - 3.0:
        now = times[-1]
        usual = 0.82 + 0.06 * np.sin(now / 5.0) * rng.uniform(0.8, 1.2)
        if now >= begin_irregular:
            times.append(now + rng.uniform(0.42, 1.05))
            kinds.append("N")
            continue
        event = rng.random() if kinds[-1] == "N" and kinds[-6:].count("N") == 6 else 1.0
        if event < 0.02:
            times += [now + 0.6 * usual, now + 1.5 * usual]
            kinds += ["S", "N"]
        elif event < 0.06:
            run = int(rng.choice([1, 1, 1, 2, 3, 5]))
            for k in range(run):
                times.append(now + 0.58 * usual + 0.42 * k)
                kinds.append("V")
            times.append(times[-1] + 1.4 * usual)
            kinds.append("N")
        elif event < 0.064:
            times.append(now + 2.6)
            kinds.append("N")
        else:
            times.append(now + usual)
            kinds.append("N")
    n = round(60.0 * minutes * FS_HZ)
    signal = rng.normal(0, 0.012, (sinus.shape[0], n)).astype(np.float32)
    before = round(PRE_S * FS_HZ)
    for at, kind in zip(times, kinds, strict=True):
        beat = wide if kind == "V" else sinus
        first = round(at * FS_HZ) - before
        low, high = max(first, 0), min(first + beat.shape[1], n)
        if low < high:
            signal[:, low:high] += beat[:, low - first : high - first]
    return KnownRecord(signal, leads, np.array(times), np.array(kinds), 60.0 * irregular_minutes)
