"""What no model may judge: flat, saturated, noisy, missing and invalid leads or spans.

The limits are conservative: they were set on PTB-XL so that hardly any clean record is touched,
relative to the amplitude of the recording, since its unit may be unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ecgviewer.core.analysis import QualityFinding
from ecgviewer.signal.gaps import BoolArray, DoubleArray, bridge_gaps, runs
from ecgviewer.signal.scipy_parts import butter, maximum_filter1d, minimum_filter1d, sosfilt

BLOCK_S = 0.1
FLAT_S = 1.0
"""Exactly constant this long: no living lead is (0.55 s is the longest in clean records)."""
NEARLY_FLAT_SHARE = 0.01
"""2 s that vary less than this share of an ordinary beat (about 10 microvolts)."""
NOISE_SHARE = 0.055
"""RMS of 15-40 Hz between the beats, relative to an ordinary beat (clean records: < 0.033)."""
JUMP_SHARE = 1.6
"""Move of the baseline within 0.7 s, relative to an ordinary beat."""
POP_SHARE = 6.0
"""Peak to peak within 1 s, relative to an ordinary beat of the recording and of the lead."""
CLIP_RUN_S = 0.02
CLIP_TOTAL_S = 0.06
WHOLE_LEAD_SHARE = 0.5
"""A lead that is bad for more than this share is reported as bad throughout."""
Spans = npt.NDArray[np.int64]


def assess(
    signal_mv: npt.ArrayLike, fs_hz: float, leads: Sequence[str], start_s: float = 0.0
) -> tuple[QualityFinding, ...]:
    """Return the spans of each lead that no model may judge.

    Parameters
    ----------
    signal_mv : array [L, n]
        Unfiltered samples; NaN = missing.
    leads : sequence of str
        The name of each row.
    start_s : float
        Time of the first sample, added to every finding.

    Returns
    -------
    tuple of QualityFinding
        By lead, then time. A lead bad for more than half of the range is reported throughout.
    """
    raw = np.asarray(signal_mv)
    if raw.ndim != 2 or raw.shape[0] != len(leads):
        raise ValueError(f"{len(leads)} lead names for a signal of shape {raw.shape}")
    n = raw.shape[1]
    if n == 0:
        return ()
    x, gap = bridge_gaps(raw)
    infinite = np.isinf(raw)
    blocks = _Blocks.of(x, fs_hz)
    flat = _flat(x, gap, blocks, fs_hz)
    usual = _usual_beat(blocks, gap | flat)
    noisy = _noisy(x, gap | flat, blocks, usual, fs_hz)
    findings: list[QualityFinding] = []
    for row, lead in enumerate(leads):
        masks = {
            "invalid": infinite[row],
            "missing": gap[row] & ~infinite[row],
            "flat": flat[row],
            "saturated": _saturated(x[row], gap[row] | flat[row], fs_hz),
            "noisy": noisy[row],
        }
        for kind, mask in masks.items():
            for start, stop in _spans(mask, fs_hz):
                findings.append(
                    QualityFinding(lead, kind, start_s + start / fs_hz, start_s + stop / fs_hz)
                )
    return tuple(findings)


def usable_mask(
    findings: Iterable[QualityFinding],
    leads: Sequence[str],
    fs_hz: float,
    n: int,
    start_s: float = 0.0,
) -> BoolArray:
    """Return which samples a model may judge.

    Parameters
    ----------
    findings : iterable of QualityFinding
        Findings of leads not in ``leads`` are ignored.
    n : int
        Samples per lead at ``fs_hz``; sample 0 is at ``start_s``.

    Returns
    -------
    bool array [L, n]
    """
    usable = np.ones((len(leads), n), dtype=np.bool_)
    row = {lead: k for k, lead in enumerate(leads)}
    for finding in findings:
        if finding.lead in row:
            start = max(int(np.floor((finding.start_s - start_s) * fs_hz + 1e-6)), 0)
            stop = max(int(np.ceil((finding.stop_s - start_s) * fs_hz - 1e-6)), 0)
            usable[row[finding.lead], start:stop] = False
    return usable


def _spans(mask: BoolArray, fs_hz: float) -> Spans:
    """Return the runs of a mask, joined where less than 0.5 s apart."""
    if not mask.any():
        return np.zeros((0, 2), dtype=np.int64)
    if mask.mean() > WHOLE_LEAD_SHARE:
        return np.asarray([[0, mask.size]], dtype=np.int64)
    found = runs(mask)
    apart = found[1:, 0] - found[:-1, 1] >= 0.5 * fs_hz
    starts = found[np.concatenate([[True], apart]), 0]
    stops = found[np.concatenate([apart, [True]]), 1]
    return np.stack([starts, stops], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Blocks:
    """Minimum, maximum and mean of 0.1-s blocks [L, blocks], and samples per block."""

    low: DoubleArray
    high: DoubleArray
    mean: DoubleArray
    size: int

    @classmethod
    def of(cls, x: DoubleArray, fs_hz: float) -> _Blocks:
        size = max(round(BLOCK_S * fs_hz), 1)
        count = x.shape[1] // size
        cut = x[:, : count * size].reshape(x.shape[0], count, size)
        return cls(cut.min(axis=2), cut.max(axis=2), cut.mean(axis=2), size)


def _rolling_range(low: DoubleArray, high: DoubleArray, width: int) -> DoubleArray:
    """Return the peak to peak of every run of ``width`` blocks [L, blocks - width + 1]."""
    inner = slice(width // 2, low.shape[1] - (width - 1) // 2)
    ranges = maximum_filter1d(high, width, axis=1) - minimum_filter1d(low, width, axis=1)
    return np.asarray(ranges[:, inner])


def _paint(bad: BoolArray, width: int, size: int, n: int) -> BoolArray:
    """Return the samples covered by the windows of ``width`` blocks that are bad."""
    count = np.zeros((bad.shape[0], bad.shape[1] + width), dtype=np.int64)
    count[:, : bad.shape[1]] += bad
    count[:, width:] -= bad
    mask = np.repeat(np.cumsum(count, axis=1)[:, :-1] > 0, size, axis=1)
    # The samples after the last whole block share its fate.
    return np.pad(mask, ((0, 0), (0, n - mask.shape[1])), mode="edge")


def _flat(x: DoubleArray, gap: BoolArray, blocks: _Blocks, fs_hz: float) -> BoolArray:
    n = x.shape[1]
    flat = np.zeros(x.shape, dtype=np.bool_)
    constant = x[:, 1:] == x[:, :-1]
    shortest = min(round(FLAT_S * fs_hz), n) - 1
    for row in np.flatnonzero(constant.sum(axis=1) >= max(shortest, 1)):
        found = runs(constant[row])
        for start, stop in found[found[:, 1] - found[:, 0] >= shortest]:
            flat[row, start : stop + 1] = True
    width = round(2.0 / BLOCK_S)
    if blocks.low.shape[1] >= width:
        ranges = _rolling_range(blocks.low, blocks.high, width)
        largest = ranges.max(axis=1)
        quiet = ranges < NEARLY_FLAT_SHARE * np.percentile(largest, 75)
        # Most leads at once that beat at other times: a pause of the heart, not an electrode.
        beating = quiet.mean(axis=1) < WHOLE_LEAD_SHARE
        if beating.any():
            pause = quiet[beating].mean(axis=0) > 0.5
            quiet[beating] &= ~maximum_filter1d(pause, width // 2)
        flat |= _paint(quiet, width, blocks.size, n)
    return flat & ~gap


def _usual_beat(blocks: _Blocks, out: BoolArray) -> float:
    """Return the height of an ordinary beat: the median lead's median range of 1 s."""
    if blocks.low.shape[1] == 0:
        return 0.0
    width = min(10, blocks.low.shape[1])
    height = np.median(_rolling_range(blocks.low, blocks.high, width), axis=1)
    live = out.mean(axis=1) < WHOLE_LEAD_SHARE
    return float(np.median(height[live])) if live.any() else 0.0


def _noisy(
    x: DoubleArray, out: BoolArray, blocks: _Blocks, usual: float, fs_hz: float
) -> BoolArray:
    n, size, count = x.shape[1], blocks.size, blocks.low.shape[1]
    noisy = np.zeros(x.shape, dtype=np.bool_)
    if usual == 0.0 or count < 10:
        return noisy
    second = _rolling_range(blocks.low, blocks.high, 10)
    own = np.median(second, axis=1, keepdims=True)
    width = min(20, count)
    if fs_hz >= 90.0:
        band = sosfilt(_noise_filter(fs_hz), x, axis=1)[:, : count * size]
        rms = np.sqrt(np.square(band).reshape(x.shape[0], count, size).mean(axis=2))
        # A low percentile of 0.1-s blocks lies between the beats, even of fast rhythms.
        rank = width // 4
        between = np.partition(sliding_window_view(rms, width, axis=1), rank, axis=2)[:, :, rank]
        limit = NOISE_SHARE * np.maximum(usual, 0.6 * own)
        noisy |= _paint(between > limit, width, size, n)
    # Six blocks are longer than any QRS-T half, so that their median is the baseline.
    if count >= 13:
        level = np.median(sliding_window_view(blocks.mean, 6, axis=1), axis=2)
        jump = np.abs(level[:, 7:] - level[:, :-7]) > JUMP_SHARE * usual
        noisy |= _paint(jump, 13, size, n)
    noisy |= _paint(second > POP_SHARE * np.maximum(own, usual), 10, size, n)
    return noisy & ~out


@lru_cache(maxsize=16)
def _noise_filter(fs_hz: float) -> DoubleArray:
    sos: DoubleArray = butter(2, [15.0, 40.0], "bandpass", fs=fs_hz, output="sos")
    return sos


def _saturated(x: DoubleArray, out: BoolArray, fs_hz: float) -> BoolArray:
    """Return the samples cut off at a rail: plateaus at an extreme value, far from baseline."""
    mask = np.zeros(x.size, dtype=np.bool_)
    rest = x[~out]
    if rest.size == 0:
        return mask
    low, high = float(rest.min()), float(rest.max())
    for rail in (low, high):
        on_rail = (x == rail) & ~out
        # Cheap before dear: hardly any lead is at its extreme value for as long as clipping takes.
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
