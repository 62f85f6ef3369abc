"""Lesions made in time and by the body's own signal: nothing is drawn.

Cycles are cut out, stretched or shortened; the QRS is smeared by slow conduction or shed into the
ST segment by a current of injury along its own loop; electrodes pop and come loose.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from trainer.judging.localisation.lesion import DoubleArray, Generator, IntArray

PAUSE_S = 2.2
EARLY_SHARE = (0.45, 0.6)
SLOW_S = (0.022, 0.032)
INJURY_MV = (0.15, 0.35)
POP_MV = (0.8, 2.5)
LOOSE_S = (0.5, 1.5)
BEFORE_P_S = 0.24
AFTER_T_SHARE = 0.58
"""Of a cycle: the T wave has ended."""


def _rest(x: DoubleArray, at: int, n: int, fs_hz: float) -> DoubleArray:
    """Return ``n`` samples as a lead's rest before a P wave goes on: its level and its noise."""
    piece = x[:, max(at - round(0.08 * fs_hz), 0) : at]
    there_and_back = np.concatenate([piece, piece[:, ::-1]], axis=1)
    return np.tile(there_and_back, (1, n // there_and_back.shape[1] + 1))[:, :n]


def dropped_beat(
    x: DoubleArray, fs_hz: float, r_peaks: IntArray, rng: np.random.Generator
) -> DoubleArray:
    """Leave one beat out, P wave and all: rest goes on where it was."""
    k = int(rng.integers(2, len(r_peaks) - 1))
    return _left_out(x, fs_hz, int(r_peaks[k]), int(r_peaks[k + 1]))


def pause(x: DoubleArray, fs_hz: float, r_peaks: IntArray, rng: np.random.Generator) -> DoubleArray:
    """Leave out the beats of 2 s and more."""
    rr_s = float(np.median(np.diff(r_peaks))) / fs_hz
    count = min(max(int(np.ceil(PAUSE_S / rr_s)) - 1, 1), len(r_peaks) - 3)
    k = int(rng.integers(2, len(r_peaks) - count)) if len(r_peaks) - count > 2 else 2
    return _left_out(x, fs_hz, int(r_peaks[k]), int(r_peaks[min(k + count, len(r_peaks) - 1)]))


def _left_out(x: DoubleArray, fs_hz: float, beat: int, next_beat: int) -> DoubleArray:
    """Return the trace with rest from before one beat until before another."""
    start = beat - round(BEFORE_P_S * fs_hz)
    stop = min(next_beat - round(BEFORE_P_S * fs_hz), x.shape[1] - 1)
    n = stop - start
    rest = _rest(x, start, n, fs_hz)
    x[:, start:stop] = rest + (x[:, [stop]] - rest[:, [-1]]) * np.linspace(0.0, 1.0, n)
    return x


def early_beat(
    x: DoubleArray, fs_hz: float, r_peaks: IntArray, rng: np.random.Generator
) -> DoubleArray:
    """Let one beat of the usual shape come early; the cycle after it is longer by as much."""
    k = int(rng.integers(2, len(r_peaks) - 1))
    r, rr = int(r_peaks[k]), int(r_peaks[k] - r_peaks[k - 1])
    by = round((1 - rng.uniform(*EARLY_SHARE)) * rr)
    start = r - round(0.20 * fs_hz)
    stop = min(r + round(AFTER_T_SHARE * rr), x.shape[1] - 1)
    beat = x[:, start:stop].copy()
    n = stop - start
    line = np.linspace(0.0, 1.0, n)
    rest = x[:, [start]] * (1 - line) + x[:, [stop]] * line
    x[:, start:stop] = rest
    edge = np.minimum(np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.03 * fs_hz), 1.0)
    early = max(start - by, 0)
    x[:, early : early + n] = x[:, early : early + n] * (1 - edge) + edge * (
        beat - rest + x[:, early : early + n].mean(axis=1, keepdims=True)
    )
    return x


def slow_conduction(
    x: DoubleArray, fs_hz: float, r_peaks: IntArray, rng: np.random.Generator
) -> DoubleArray:
    """Smear every QRS with an exponential tail, as conduction through muscle does."""
    decay = np.exp(-1.0 / (rng.uniform(*SLOW_S) * fs_hz))
    before, after = round(0.06 * fs_hz), round(0.20 * fs_hz)
    for r in r_peaks:
        start, stop = int(r) - before, int(r) + after
        if start < 0 or stop > x.shape[1]:
            continue
        piece = x[:, start:stop]
        level = piece[:, :1]
        smeared = lfilter([1 - decay], [1, -decay], piece - level, axis=1)
        # As tall as before: the muscle is the same, it is only later.
        tall = np.ptp(piece, axis=1).max() / max(float(np.ptp(smeared, axis=1).max()), 1e-9)
        blend = np.ones(stop - start)
        fade = round(0.08 * fs_hz)
        blend[-fade:] = np.linspace(1.0, 0.0, fade)
        x[:, start:stop] = piece * (1 - blend) + (level + tall * smeared) * blend
    return x


def injury_current(
    x: DoubleArray, fs_hz: float, r_peaks: IntArray, rng: np.random.Generator
) -> DoubleArray:
    """Shift every ST segment along the QRS's own loop at a moment of it, in all leads at once."""
    moment = round(rng.uniform(-0.02, 0.03) * fs_hz)
    inside = r_peaks[(r_peaks > 0.1 * fs_hz) & (r_peaks < x.shape[1] - 0.1 * fs_hz)]
    loop = np.median(x[:, inside + moment] - x[:, inside - round(0.07 * fs_hz)], axis=1)
    shift = loop / max(float(np.abs(loop).max()), 1e-6) * rng.uniform(*INJURY_MV)
    shift *= rng.choice([-1.0, 1.0])
    rr_s = float(np.median(np.diff(r_peaks))) / fs_hz
    time_s = np.arange(round(0.40 * np.sqrt(rr_s) * fs_hz)) / fs_hz
    shape = np.clip(time_s / 0.02, 0, 1) * np.clip((time_s[-1] - time_s) / 0.12, 0, 1)
    for r in r_peaks:
        at = int(r) + round(0.045 * fs_hz) + np.arange(time_s.size)
        ok = at < x.shape[1]
        x[:, at[ok]] += shift[:, None] * shape[ok]
    return x


def electrode_pop(
    x: DoubleArray, fs_hz: float, r_peaks: IntArray, rng: np.random.Generator
) -> DoubleArray:
    """Let one chest electrode jump and come back as its amplifier's high-pass lets it."""
    del r_peaks
    lead = int(rng.integers(6, 12))
    at = int(rng.integers(round(0.1 * x.shape[1]), round(0.8 * x.shape[1])))
    time_s = np.arange(x.shape[1] - at) / fs_hz
    size = rng.uniform(*POP_MV) * rng.choice([-1.0, 1.0])
    x[lead, at:] += size * np.exp(-time_s / rng.uniform(0.08, 0.25))
    return x


def loose_electrode(
    x: DoubleArray, fs_hz: float, r_peaks: IntArray, rng: np.random.Generator
) -> DoubleArray:
    """Let one chest lead pick up the mains and lose the heart for a moment."""
    del r_peaks
    lead = int(rng.integers(6, 12))
    n = round(rng.uniform(*LOOSE_S) * fs_hz)
    at = int(rng.integers(round(0.1 * x.shape[1]), x.shape[1] - n - round(0.1 * fs_hz)))
    time_s = np.arange(n) / fs_hz
    swing = np.cumsum(rng.standard_normal(n)) / np.sqrt(fs_hz)
    hum = np.sin(2 * np.pi * 16.7 * time_s) + 0.5 * np.sin(2 * np.pi * 33.4 * time_s)
    line = np.linspace(x[lead, at], x[lead, at + n], n)
    x[lead, at : at + n] = line + 0.25 * hum + 0.6 * (swing - np.linspace(0, swing[-1], n))
    return x


KINDS: dict[str, Generator] = {
    "dropped_beat": dropped_beat,
    "pause": pause,
    "early_beat": early_beat,
    "slow_conduction": slow_conduction,
    "injury_current": injury_current,
    "electrode_pop": electrode_pop,
    "loose_electrode": loose_electrode,
}
