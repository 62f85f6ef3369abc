"""Leads that carry no trace: flat, or cut off at a rail."""

from __future__ import annotations

import numpy as np

from ecgviewer.signal.gaps import BoolArray, DoubleArray, runs
from ecgviewer.signal.quality.blocks import BLOCK_S, Blocks, cover, rolling_any, to_samples
from ecgviewer.signal.scipy_parts import maximum_filter1d

FLAT_S = 1.0
"""Exactly constant this long: no living lead is (0.55 s is the longest in clean records)."""
NEARLY_FLAT_SHARE = 0.01
"""2 s that vary less than this share of an ordinary beat (about 10 microvolts)."""
CLIP_RUN_S = 0.02
CLIP_TOTAL_S = 0.06
_MOST = 0.5


def constant(x: DoubleArray, gap: BoolArray, blocks: Blocks, fs_hz: float) -> BoolArray:
    """Return the samples of a signal [L, n] that stay the same for a second, gaps left out."""
    n = x.shape[1]
    flat = np.zeros(x.shape, dtype=np.bool_)
    shortest = min(round(FLAT_S * fs_hz), n) - 1
    # Cheap before dear: a constant second holds whole blocks without any range.
    still = (blocks.low == blocks.high).sum(axis=1) * blocks.size >= shortest - 2 * blocks.size
    for row in np.flatnonzero(still):
        same = (x[row, 1:] == x[row, :-1]) & ~(gap[row, 1:] | gap[row, :-1])
        found = runs(same)
        for start, stop in found[found[:, 1] - found[:, 0] >= max(shortest, 1)]:
            flat[row, start : stop + 1] = True
    return flat


def nearly_flat(blocks: Blocks, out: BoolArray, n: int) -> BoolArray:
    """Return the samples [L, n] of one stretch where a lead hardly moves while others beat.

    ``out`` are the blocks [L, blocks] of missing and of constant samples, which decide nothing.
    """
    width = round(2.0 / BLOCK_S)
    if blocks.count < width:
        return np.zeros((blocks.low.shape[0], n), dtype=np.bool_)
    ranges, whole = blocks.rolling_range(width), ~rolling_any(out, width)
    # What the leads show most of the time: noise before it makes no lead flat.
    usual = np.percentile(np.percentile(ranges, 25, axis=1), 75)
    quiet = whole & (ranges < NEARLY_FLAT_SHARE * usual)
    # Most leads at once that beat at other times: a pause of the heart, not an electrode.
    beating = quiet.mean(axis=1) < _MOST
    if beating.any():
        pause = quiet[beating].mean(axis=0) > _MOST
        quiet[beating] &= ~maximum_filter1d(pause, width // 2)
    return to_samples(cover(quiet, width), blocks.size, n)


def may_saturate(x: DoubleArray, fs_hz: float) -> BoolArray:
    """Return which leads [L] are at an extreme value for as long as clipping takes."""
    low, high = x.min(axis=1, keepdims=True), x.max(axis=1, keepdims=True)
    longest = np.maximum((x == low).sum(axis=1), (x == high).sum(axis=1))
    return np.asarray(longest >= CLIP_TOTAL_S * fs_hz)


def saturated(x: DoubleArray, out: BoolArray, fs_hz: float) -> BoolArray:
    """Return the samples of a lead cut off at a rail.

    Plateaus at an extreme value, far from the baseline; ``out`` are samples of no account.
    """
    mask = np.zeros(x.size, dtype=np.bool_)
    rest = x[~out]
    if rest.size == 0:
        return mask
    low, high = float(rest.min()), float(rest.max())
    for rail in (low, high):
        on_rail = (x == rail) & ~out
        if on_rail.sum() < CLIP_TOTAL_S * fs_hz:
            continue
        if abs(rail - float(np.median(rest))) <= 0.4 * (high - low):
            continue
        found = runs(on_rail)
        # A plateau at the ends of a record is how some devices start and stop.
        inner = (found[:, 0] > 0) & (found[:, 1] < x.size)
        length = found[:, 1] - found[:, 0]
        found = found[inner & (length >= max(CLIP_RUN_S * fs_hz, 3))]
        total = int((found[:, 1] - found[:, 0]).sum())
        if total >= CLIP_TOTAL_S * fs_hz and (len(found) >= 2 or total >= 0.2 * fs_hz):
            for start, stop in found:
                mask[start:stop] = True
    return mask
