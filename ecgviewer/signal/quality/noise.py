"""Noise: between the beats, in steps of the baseline, in bursts, and where no heart is in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ecgviewer.signal.gaps import BoolArray, DoubleArray
from ecgviewer.signal.quality.blocks import Blocks, cover, rolling_any
from ecgviewer.signal.scipy_parts import butter, sosfilt

IntArray = npt.NDArray[np.int64]

NOISE_SHARE = 0.055
"""RMS of 15-40 Hz between the beats, relative to an ordinary beat (clean records: < 0.033)."""
JUMP_SHARE = 1.6
"""Move of the baseline within 0.7 s, relative to an ordinary beat."""
POP_SHARE = 8.0
"""Peak to peak within 1 s, relative to an ordinary beat of the recording and of the lead."""
GROSS_SHARE = 6.0
"""The same, above which an excursion counts as gross (:mod:`verdict`)."""
LOWEST_FS_HZ = 90.0
"""Noise of 15-40 Hz needs this rate."""
HEART_BAND_HZ = (3.0, 20.0)
COHERENT_SHARE = 0.68
"""Of the variance of the leads (3-20 Hz, each scaled to 1) the three largest principal components
hold at least 0.75 in 860 real records of five sites, 0.30 in white noise of twelve leads and 0.60
where the limb leads were computed from two noisy ones."""
HUM_RATIO = 20.0
"""Peak to peak of 0.1 s relative to the RMS of the heart's band: all is hum above (ECG: < 3)."""
THIN_HZ = 100.0
MIN_COHERENT_LEADS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """Noisy blocks and those with gross excursions [L, blocks]."""

    noisy: BoolArray
    gross: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Heights:
    """Peak to peak within 1 s of an ordinary beat, per stretch, and of each lead [L, stretches]."""

    usual: DoubleArray
    own: DoubleArray


def heights(
    second: DoubleArray, between: DoubleArray | None, alive: BoolArray, stretch: IntArray
) -> Heights:
    """Measure the beats of every stretch by themselves.

    Parameters
    ----------
    second : array [L, k]
        Peak to peak of every second.
    between : array [L, k] or None
        Noise between the beats.
    alive : bool array [L, k]
        Seconds without dead samples.
    stretch : int array [k]
        Which stretch each second is of.
    """
    count = int(stretch[-1]) + 1
    leads = second.shape[0]
    own = np.zeros((leads, count))
    usual = np.zeros(count)
    clean = np.zeros(count, dtype=np.bool_)
    for k in range(count):
        here = stretch == k
        rows = np.flatnonzero(alive[:, here].any(axis=1))
        for row in rows:
            own[row, k] = np.median(second[row, here & alive[row]])
        if rows.size:
            usual[k] = np.median(own[rows, k])
            if between is not None and usual[k] > 0:
                clean[k] = np.median(between[np.ix_(rows, here)]) < NOISE_SHARE * usual[k]
    if clean.any():
        # A long pause has no beats of its own to compare with.
        usual = np.where(usual > 0, np.maximum(usual, np.median(usual[clean])), usual)
    return Heights(usual, own)


def noise_between_beats(x: DoubleArray, blocks: Blocks, fs_hz: float) -> DoubleArray | None:
    """Return the RMS of 15-40 Hz between the beats of every 2 s [L, blocks - 19], mV."""
    count, size, width = blocks.count, blocks.size, min(20, blocks.count)
    if fs_hz < LOWEST_FS_HZ:
        return None
    band = sosfilt(_noise_filter(fs_hz), x, axis=1)[:, : count * size]
    rms = np.sqrt(np.square(band).reshape(x.shape[0], count, size).mean(axis=2))
    # A low percentile of 0.1-s blocks lies between the beats, even of fast rhythms.
    rank = width // 4
    return np.partition(sliding_window_view(rms, width, axis=1), rank, axis=2)[:, :, rank]


def noisy_blocks(
    blocks: Blocks, dead: BoolArray, between: DoubleArray | None, stretch: IntArray
) -> Noise:
    """Return the noisy blocks of a signal.

    Parameters
    ----------
    dead : bool array [L, blocks]
        Blocks with flat or missing samples.
    between : array or None
        :func:`noise_between_beats`.
    stretch : int array [blocks]
        Which stretch each block is of; every stretch is judged by its own beats.
    """
    second = blocks.rolling_range(10)
    alive = ~rolling_any(dead, 10)
    beats = heights(
        second,
        None if between is None else _stretched(between, second.shape[1]),
        alive,
        stretch[4 : 4 + second.shape[1]],
    )
    noisy = np.zeros(dead.shape, dtype=np.bool_)

    def at(k: int, width: int) -> tuple[DoubleArray, DoubleArray]:
        """Heights that ``k`` windows of ``width`` blocks are compared with."""
        of = stretch[(width - 1) // 2 : (width - 1) // 2 + k]
        return beats.usual[of], beats.own[:, of]

    if between is not None:
        width = dead.shape[1] - between.shape[1] + 1
        usual, own = at(between.shape[1], width)
        limit = NOISE_SHARE * np.maximum(usual, 0.6 * own)
        noisy |= cover((between > limit) & (limit > 0), width)
    # Six blocks are longer than any QRS-T half, so that their median is the baseline.
    if blocks.count >= 13:
        level = np.median(sliding_window_view(blocks.mean, 6, axis=1), axis=2)
        jump = np.abs(level[:, 7:] - level[:, :-7])
        usual, _ = at(jump.shape[1], 13)
        # Where an electrode comes on, the level jumps by what the trace is worth: no noise.
        noisy |= cover((jump > JUMP_SHARE * usual) & (usual > 0) & ~rolling_any(dead, 13), 13)
    usual, own = at(second.shape[1], 10)
    tall = np.maximum(own, usual)
    relative = np.divide(second, tall, out=np.zeros_like(second), where=(tall > 0) & alive)
    noisy |= cover(relative > POP_SHARE, 10)
    return Noise(noisy, cover(relative > GROSS_SHARE, 10))


def heart_band(x: DoubleArray, blocks: Blocks, fs_hz: float) -> DoubleArray:
    """Return 3-20 Hz of a signal, thinned to about 100 Hz, in blocks [L, blocks, samples]."""
    thin = max(int(fs_hz // THIN_HZ), 1)
    per = blocks.size // thin
    cut = x[:, : blocks.count * blocks.size].reshape(x.shape[0], blocks.count, blocks.size)
    means = cut[:, :, : per * thin].reshape(x.shape[0], blocks.count * per, thin).mean(axis=2)
    band = sosfilt(_heart_filter(fs_hz * per / blocks.size), means, axis=1)
    return np.asarray(band.reshape(x.shape[0], blocks.count, per))


def has_heart(slow: DoubleArray, fast: DoubleArray, alive: BoolArray) -> bool:
    """Return whether one source moves the leads of a stretch, as a heart does.

    Parameters
    ----------
    slow : array [L, n]
        :func:`heart_band`.
    fast : array [L, k]
        Peak to peak of blocks of 0.1 s.
    alive : bool array [L]
        Leads that carry a trace throughout. Fewer than six say nothing: True.
    """
    spread = slow.std(axis=1)
    moving = alive & (spread > 0)
    if moving.sum() < MIN_COHERENT_LEADS:
        return True
    if np.median(np.median(fast[moving], axis=1) / spread[moving]) > HUM_RATIO:
        return False
    scaled = slow[moving] / spread[moving, np.newaxis]
    variance = np.linalg.eigvalsh(scaled @ scaled.T)
    return bool(variance[-3:].sum() >= COHERENT_SHARE * variance.sum())


@lru_cache(maxsize=16)
def _heart_filter(fs_hz: float) -> DoubleArray:
    high = min(HEART_BAND_HZ[1], 0.45 * fs_hz)
    sos: DoubleArray = butter(4, [HEART_BAND_HZ[0], high], "bandpass", fs=fs_hz, output="sos")
    return sos


@lru_cache(maxsize=16)
def _noise_filter(fs_hz: float) -> DoubleArray:
    sos: DoubleArray = butter(2, [15.0, 40.0], "bandpass", fs=fs_hz, output="sos")
    return sos


def _stretched(values: DoubleArray, k: int) -> DoubleArray:
    """Return values of longer windows for the ``k`` seconds of a signal, the last repeated."""
    return np.pad(values, ((0, 0), (0, max(k - values.shape[1], 0))), mode="edge")[:, :k]
