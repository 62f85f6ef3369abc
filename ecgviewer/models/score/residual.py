"""How far every sample of every lead is from what normals show at that moment of the beat.

Three comparisons, each divided by its spread among normals per lead and phase of the beat:

``network``
    the network's restoration against the trace: what the context does not explain;
``own``
    the trace against the window's own median beat: a premature beat, an artefact, a missing P;
``normal``
    the trace against the median beat of normals: an ST shift or a wide QRS that every beat shows
    (in mV where the amplitude is known, else as a shape).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from ecgviewer.models.score.beat_features.window_features import limb_scales
from ecgviewer.models.score.window_evidence import Looks, Window, digest_of
from ecgviewer.signal.heartbeats.beats import PHASE_RANGE_S, beat_phase
from ecgviewer.signal.scipy_parts import gaussian_filter1d

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

N_PHASES = 50
"""Bins of 20 ms over the nominal beat; one further bin serves windows without beats."""
CHANNELS = ("network", "own", "normal_mv", "normal_shape")
SMOOTH_S = 0.03
WIDE_S = 0.15
"""Over this long the residual of the network is averaged as well: an artefact lasts, the
mismatch of one steep QRS flank does not."""
LIMIT = 15.0


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Signed differences of one window before calibration.

    Attributes
    ----------
    fs_hz : float
    phase : array [n] of int64
        Phase bin of every sample.
    differences : dict of array [12, n]
        By channel; a channel that cannot be had is absent.
    looks : Looks
        Of the window that was compared.
    """

    fs_hz: float
    phase: IntArray
    differences: dict[str, DoubleArray]
    looks: Looks


def compare(window: Window) -> Comparison:
    """Return the differences of a window in every channel it allows."""
    phase, others = window.looks.once("comparison", lambda: _without_network(window))
    network = np.nan_to_num(np.asarray(window.output.mean, dtype=np.float64) - window.network_input)
    return Comparison(window.fs_hz, phase, {"network": network, **others}, window.looks)


def _without_network(window: Window) -> tuple[IntArray, dict[str, DoubleArray]]:
    """Return the phase of every sample and the differences that need no network."""
    signal = np.nan_to_num(np.asarray(window.signal_mv, dtype=np.float64))
    n = signal.shape[1]
    differences: dict[str, DoubleArray] = {}
    if window.r_peaks.size < 2:
        return np.full(n, N_PHASES, dtype=np.int64), differences
    nominal = beat_phase(window.r_peaks, window.fs_hz, n)
    position = (nominal - PHASE_RANGE_S[0]) * N_PHASES
    phase = np.clip(position.astype(np.int64), 0, N_PHASES - 1)
    levelled = _levelled(signal, nominal)
    shape = levelled * _gain_free(signal, window)[:, None]
    template = _phase_medians(shape, phase)
    differences["own"] = shape - template[:, phase]
    if window.amplitude_known:
        differences["normal_mv"] = levelled
    else:
        differences["normal_shape"] = shape
    return phase, differences


def _levelled(signal: DoubleArray, nominal: npt.NDArray[np.float32]) -> DoubleArray:
    """Return the signal less a baseline through the PR segment of every beat."""
    pr = np.flatnonzero((nominal > -0.10) & (nominal < -0.05))
    if pr.size == 0:
        return signal - np.median(signal, axis=1, keepdims=True)
    first = np.concatenate([[0], np.flatnonzero(np.diff(pr) > 1) + 1])
    length = np.diff(np.append(first, pr.size))
    at = np.add.reduceat(pr, first) / length
    level = np.add.reduceat(signal[:, pr], first, axis=1) / length
    time = np.arange(signal.shape[1])
    levelled: DoubleArray = signal - np.stack([np.interp(time, at, row) for row in level])
    return levelled


def _gain_free(signal: DoubleArray, window: Window) -> DoubleArray:
    """Return the factor per lead [12] to gain-free units (see ``features``)."""
    centred = signal - signal.mean(axis=1, keepdims=True)
    limb = np.ones(6)
    if not window.amplitude_known and window.lead_mask[:6].all():
        limb = limb_scales(centred[:6])
    shown = window.lead_mask[:6]
    spread = np.sqrt(((centred[:6] * limb[:, None])[shown] ** 2).mean()) if shown.any() else 1.0
    return np.concatenate([limb / (spread + 1e-6), 1.0 / (centred[6:].std(axis=1) + 1e-6)])


def _phase_medians(values: DoubleArray, phase: IntArray) -> DoubleArray:
    """Return the median of each phase bin [12, N_PHASES], interpolated over empty bins."""
    order = np.argsort(phase, kind="stable")
    edges = np.searchsorted(phase[order], np.arange(N_PHASES + 1))
    count = np.diff(edges)
    filled = np.flatnonzero(count)
    # All bins at once: one row per bin, sorted, its free places (infinite) at the end.
    bins = np.full((values.shape[0], N_PHASES, int(count.max())), np.inf)
    in_order = phase[order]
    bins[:, in_order, np.arange(order.size) - edges[in_order]] = values[:, order]
    bins.sort(axis=2)
    low, high = (count[filled] - 1) // 2, count[filled] // 2
    medians = (bins[:, filled, low] + bins[:, filled, high]) / 2
    return np.stack([np.interp(np.arange(N_PHASES), filled, row) for row in medians])


@dataclass(frozen=True, slots=True, eq=False)
class ResidualModel:
    """Calibration of the differences per channel, lead and phase.

    Attributes
    ----------
    centre, spread : dict of array [12, N_PHASES + 1]
        Median and 1.4826 MAD among normals, by channel; the last column is over all phases.
    """

    centre: dict[str, DoubleArray]
    spread: dict[str, DoubleArray]
    _keys: dict[str, bytes] = field(default_factory=dict, repr=False)

    @classmethod
    def fit(
        cls, comparisons: list[Comparison], masks: list[npt.NDArray[np.bool_]]
    ) -> ResidualModel:
        """Fit on the windows of normals; ``masks`` [12, n] say which samples may be judged."""
        centre: dict[str, DoubleArray] = {}
        spread: dict[str, DoubleArray] = {}
        for channel in CHANNELS:
            chosen = [
                (c, m) for c, m in zip(comparisons, masks, strict=True) if channel in c.differences
            ]
            if len(chosen) < 8:
                continue
            phase = np.concatenate([c.phase for c, _ in chosen])
            values = np.concatenate([c.differences[channel] for c, _ in chosen], axis=1)
            values[~np.concatenate([m for _, m in chosen], axis=1)] = np.nan
            centre[channel], spread[channel] = _calibrated(values, phase)
        return cls(centre, spread)

    def standardised(self, comparison: Comparison, channel: str) -> DoubleArray:
        """Return the differences in robust standard deviations [12, n], limited."""
        phase = comparison.phase
        z = (comparison.differences[channel] - self.centre[channel][:, phase]) / self.spread[
            channel
        ][:, phase]
        return np.clip(z, -LIMIT, LIMIT)

    def deviations(self, comparison: Comparison) -> dict[str, DoubleArray]:
        """Return the deviation map [12, n] of every channel that this window allows."""
        maps: dict[str, DoubleArray] = {}
        for channel in comparison.differences:
            if channel not in self.centre:
                continue
            if channel == "network":
                maps |= self._deviations(comparison, channel)
            else:
                key = ("deviations", channel, self._key(channel))
                make = partial(self._deviations, comparison, channel)
                maps |= comparison.looks.once(key, make)
        return maps

    def _deviations(self, comparison: Comparison, channel: str) -> dict[str, DoubleArray]:
        z = self.standardised(comparison, channel)
        maps = {channel: _local_rms(z, SMOOTH_S, comparison.fs_hz)}
        if channel in ("network", "own"):
            maps[f"{channel}_wide"] = _local_rms(z, WIDE_S, comparison.fs_hz)
        return maps

    def _key(self, channel: str) -> bytes:
        if channel not in self._keys:
            tables = {"centre": self.centre[channel], "spread": self.spread[channel]}
            self._keys[channel] = digest_of(tables)
        return self._keys[channel]

    def size(self, window: Window, comparison: Comparison) -> float:
        """Return the log mean square of the calibrated network residual; NaN if nothing is judged.

        Limited to 5 deviations per sample, so that a short artefact is not the whole record.
        """
        z = self.standardised(comparison, "network")[window.judged()]
        return float(np.log(np.minimum(z**2, 25.0).mean() + 1e-6)) if z.size else float("nan")

    def to_arrays(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return plain arrays."""
        return {
            f"{channel}.{name}": table[channel].astype(np.float32)
            for name, table in (("centre", self.centre), ("spread", self.spread))
            for channel in table
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.float32]]) -> ResidualModel:
        """Undo :meth:`to_arrays`."""

        def table(name: str) -> dict[str, DoubleArray]:
            return {
                key.removesuffix(f".{name}"): value.astype(np.float64)
                for key, value in arrays.items()
                if key.endswith(f".{name}")
            }

        return cls(table("centre"), table("spread"))


def _local_rms(z: DoubleArray, sigma_s: float, fs_hz: float) -> DoubleArray:
    rms: DoubleArray = np.sqrt(gaussian_filter1d(z**2, sigma_s * fs_hz, axis=1))
    return rms


def _calibrated(values: DoubleArray, phase: IntArray) -> tuple[DoubleArray, DoubleArray]:
    """Return median and scaled MAD per lead and phase, with a floor under the spread."""
    n_leads = values.shape[0]
    centre = np.zeros((n_leads, N_PHASES + 1))
    spread = np.ones((n_leads, N_PHASES + 1))
    for k in range(N_PHASES + 1):
        part = values if k == N_PHASES else values[:, phase == k]
        if part.shape[1] < 20:
            part = values
        middle = np.nan_to_num(np.nanmedian(part, axis=1))
        centre[:, k] = middle
        spread[:, k] = 1.4826 * np.nan_to_num(
            np.nanmedian(np.abs(part - middle[:, None]), axis=1), nan=1.0
        )
    return centre, np.maximum(spread, 0.25 * np.median(spread, axis=1, keepdims=True) + 1e-6)
