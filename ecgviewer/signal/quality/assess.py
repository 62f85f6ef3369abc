"""The findings of a recording, second by second.

Every ten seconds are judged by their own beats: what lies before and after them decides nothing.
Limits are relative to the amplitude of the recording, since its unit may be unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ecgviewer.core.quality import LEAST_RECORDED_S, STRETCH_S, QualityFinding
from ecgviewer.signal.gaps import BoolArray, DoubleArray, bridge_gaps, bridge_short
from ecgviewer.signal.quality.blocks import BLOCK_S, Blocks, to_samples
from ecgviewer.signal.quality.dead import constant, may_saturate, nearly_flat, saturated
from ecgviewer.signal.quality.noise import (
    has_heart,
    heart_band,
    noise_between_beats,
    noisy_blocks,
)
from ecgviewer.signal.quality.verdict import acceptable

JOINED_S = 0.5
"""Findings of one kind that are closer than this are one."""
IntArray = npt.NDArray[np.int64]


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
        By lead, then time. ``disturbed`` is noise in ten seconds that can be read nevertheless,
        ``noisy`` noise in those that cannot.
    """
    raw = np.asarray(signal_mv)
    if raw.ndim != 2 or raw.shape[0] != len(leads):
        raise ValueError(f"{len(leads)} lead names for a signal of shape {raw.shape}")
    n = raw.shape[1]
    if n == 0:
        return ()
    x, gap = bridge_gaps(raw)
    infinite = np.isinf(raw)
    masks = {"invalid": infinite, "missing": gap & ~infinite} | _masks(x, gap, fs_hz, start_s)
    joined = round(JOINED_S * fs_hz) - 1
    return tuple(
        QualityFinding(lead, kind, start_s + start / fs_hz, start_s + stop / fs_hz)
        for row, lead in enumerate(leads)
        for kind, mask in masks.items()
        for start, stop in bridge_short(mask[row], joined)
    )


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


def _masks(x: DoubleArray, gap: BoolArray, fs_hz: float, start_s: float) -> dict[str, BoolArray]:
    """Return the samples [L, n] of every kind of finding that is not simply absence."""
    n = x.shape[1]
    blocks = Blocks.of(x, fs_hz)
    stretch = _stretches(blocks.count, start_s)
    borders = [int(k) for k in np.flatnonzero(np.diff(stretch)) + 1]
    parts = list(zip([0, *borders], [*borders, blocks.count], strict=True))
    samples = [
        slice(a * blocks.size, n if b == blocks.count else b * blocks.size) for a, b in parts
    ]
    lost = blocks.any_of(gap)
    flat = constant(x, gap, blocks, fs_hz)
    steady = blocks.any_of(flat)
    cut_off = np.zeros(x.shape, dtype=np.bool_)
    for (a, b), here in zip(parts, samples, strict=True):
        still = (lost | steady)[:, a:b]
        flat[:, here] |= nearly_flat(blocks.part(a, b), still, here.stop - here.start)
        out = gap[:, here] | flat[:, here]
        for row in np.flatnonzero(out.any(axis=1) | may_saturate(x[:, here], fs_hz)):
            cut_off[row, here] = saturated(x[row, here], out[row], fs_hz)
    flat &= ~gap
    noisy, disturbed = np.zeros(flat.shape, dtype=np.bool_), np.zeros(flat.shape, dtype=np.bool_)
    if blocks.count >= round(1.0 / BLOCK_S):
        dead = blocks.any_of(flat | cut_off)
        noise = noisy_blocks(
            blocks, blocks.any_of(gap | flat), noise_between_beats(x, blocks, fs_hz), stretch
        )
        slow = heart_band(x, blocks, fs_hz)
        for (a, b), here in zip(parts, samples, strict=True):
            there = np.asarray(~lost[:, a:b].all(axis=1))
            alive = np.asarray(there & ~(lost | dead)[:, a:b].all(axis=1))
            bad = noise.noisy[:, a:b]
            empty = _no_heart(slow[:, a:b], blocks.part(a, b), (lost | dead)[:, a:b], alive)
            if empty.any():
                noisy[:, here] = to_samples(bad | empty, blocks.size, here.stop - here.start)
            elif bad.any() or dead[:, a:b].any():
                readable = acceptable(
                    x[there, here], fs_hz, dead[there, a:b], bad[there], noise.gross[there, a:b]
                )
                into = disturbed if readable else noisy
                into[:, here] = to_samples(bad, blocks.size, here.stop - here.start)
    out = gap | flat
    return {
        "flat": flat,
        "saturated": cut_off & ~out,
        "noisy": noisy & ~out,
        "disturbed": disturbed & ~out,
    }


def _no_heart(slow: DoubleArray, blocks: Blocks, out: BoolArray, alive: BoolArray) -> BoolArray:
    """Return the blocks [blocks] of a stretch in whose quarters no heart moves the leads.

    A quarter alone may be too short to tell: only where the whole shows none, quarters decide.
    """
    empty = np.zeros(out.shape[1], dtype=np.bool_)
    recorded = ~out[alive].any(axis=0) if alive.any() else empty
    if recorded.sum() * BLOCK_S < LEAST_RECORDED_S:  # too little to say that there is none
        return empty
    fast = blocks.high - blocks.low

    def moved(at: IntArray) -> bool:
        return has_heart(slow[:, at].reshape(len(out), -1), fast[:, at], alive)

    at = np.flatnonzero(recorded)
    if not moved(at):
        for part in np.array_split(at, 4):
            empty[part[0] : part[-1] + 1] = not moved(part)
    return empty


def _stretches(count: int, start_s: float) -> IntArray:
    """Return which ten seconds each block is of; a short rest goes with its neighbour."""
    time_s = start_s + np.arange(count) * BLOCK_S + 1e-6
    of: IntArray = np.floor(time_s / STRETCH_S).astype(np.int64)
    if count == 0:
        return of
    of -= of[0]
    size = np.bincount(of)
    least = STRETCH_S / BLOCK_S / 2
    if size.size > 1 and size[-1] < least:
        of[of == size.size - 1] -= 1
    if of[-1] > 0 and size[0] < least:
        of = np.maximum(of, 1) - 1
    return of
