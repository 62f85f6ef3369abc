"""Findings about waves, painted where they are: ST per lead, wide QRS, missing P, odd beats.

A finding of the median beat (an ST shift, a wide QRS, no P wave) is painted on that wave in every
beat; an odd beat from its QRS to the next P wave.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ecgviewer.models.score.beat_features.window_features import (
    BEAT_S,
    INTERVALS,
    RHYTHM,
    Description,
)
from ecgviewer.models.score.densities import NormalScores
from ecgviewer.models.score.window_evidence import Window, digest_of
from ecgviewer.signal.scipy_parts import gaussian_filter1d

DoubleArray = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.float32]]

CHANNELS = ("st_mv", "st_shape", "qrs_width", "missing_p", "odd_beat")
RIDGE = 0.1
EDGE_S = 0.015
P_SPAN_S = (-0.22, -0.02)
"""Where a P wave belongs, before the QRS onset."""

_P_ROWS = [i for i, (name, _) in enumerate(RHYTHM) if name in ("p_size", "p_evidence")]
_QRS_ROWS = [i for i, (name, _) in enumerate(INTERVALS) if name in ("qrs_ms", "qrs_width_ms")]


@dataclass(frozen=True, slots=True, eq=False)
class StExpectation:
    """What ST level a lead's R, S and T waves let expect, by ridge regression on normals.

    Attributes
    ----------
    weights : array [2, 12, 4]
        For J+60 and J+10 ms: intercept, R, S, T.
    spread : array [2, 12]
        Robust standard deviation of what remains.
    """

    weights: DoubleArray
    spread: DoubleArray

    @classmethod
    def fit(cls, st: DoubleArray) -> StExpectation:
        """Fit on ``Description.st_*`` of normals [n, 60]."""
        levels = st.reshape(-1, 5, 12)
        weights, spread = np.zeros((2, 12, 4)), np.ones((2, 12))
        for lead in range(12):
            rows = levels[:, :, lead]
            rows = rows[np.isfinite(rows).all(axis=1)]
            if len(rows) < 8:
                continue
            inputs = cls._inputs(rows)
            penalty = RIDGE * len(rows) * np.diag([0.0, *inputs[:, 1:].var(axis=0)])
            solver = np.linalg.inv(inputs.T @ inputs + penalty + 1e-9 * np.eye(4)) @ inputs.T
            for k in range(2):
                weights[k, lead] = solver @ rows[:, k]
                rest = rows[:, k] - inputs @ weights[k, lead]
                mad = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
                spread[k, lead] = max(mad, 1e-6)
        return cls(weights, np.maximum(spread, 0.5 * np.median(spread, axis=1, keepdims=True)))

    @staticmethod
    def _inputs(rows: DoubleArray) -> DoubleArray:
        """Return intercept, R, S and T [n, 4] of rows [n, 5]."""
        return np.column_stack([np.ones(len(rows)), rows[:, 3], rows[:, 4], rows[:, 2]])

    def excess(self, st: DoubleArray) -> DoubleArray:
        """Return per lead [12] by how many deviations the ST segment is off; NaN if unknown."""
        rows = st.reshape(5, 12).T
        inputs = self._inputs(rows)
        off = np.stack(
            [(rows[:, k] - (inputs * self.weights[k]).sum(axis=1)) / self.spread[k] for k in (0, 1)]
        )
        mean: DoubleArray = np.abs(off.mean(axis=0))
        return mean


@dataclass(frozen=True, slots=True, eq=False)
class WaveModel:
    """What normal waves measure; paints what they do not.

    Attributes
    ----------
    st : dict of StExpectation
        By ``st_mv`` and ``st_shape``.
    p_weights : array [12]
        How much of a P wave normals show per lead; 1 in the lead with the largest.
    p_scores, qrs_scores, odd_scores : NormalScores
        Of P size and constancy, of QRS duration and width, and of a window's oddest beat.
    """

    st: dict[str, StExpectation]
    p_weights: DoubleArray
    p_scores: NormalScores
    qrs_scores: NormalScores
    odd_scores: NormalScores
    _keys: list[bytes] = field(default_factory=list, repr=False)

    @property
    def key(self) -> bytes:
        """What tells one calibration from another."""
        if not self._keys:
            self._keys.append(digest_of(self.to_arrays()))
        return self._keys[0]

    @classmethod
    def fit(cls, descriptions: list[Description]) -> WaveModel:
        """Fit on the descriptions of normals."""
        st = {"st_shape": StExpectation.fit(np.stack([d.st_shape for d in descriptions]))}
        in_mv = [d.st_mv for d in descriptions if d.st_mv is not None]
        if len(in_mv) >= 8:
            st["st_mv"] = StExpectation.fit(np.stack(in_mv))
        return cls(
            st,
            _p_weights(descriptions),
            NormalScores.fit(np.stack([d.rhythm[_P_ROWS] for d in descriptions])),
            NormalScores.fit(np.stack([d.intervals[_QRS_ROWS] for d in descriptions])),
            NormalScores.fit(np.array([[d.oddness.max()] for d in descriptions])),
        )

    def paint(self, window: Window, description: Description) -> dict[str, DoubleArray]:
        """Return the maps [12, n] of every channel, 0 where nothing is found."""
        n, fs = window.signal_mv.shape[1], window.fs_hz
        on, off = description.qrs_on_s, description.qrs_off_s
        ones = np.ones(12)
        maps: dict[str, DoubleArray] = {}
        st_end = off + 0.26 * np.sqrt(description.rr_s)
        name = "st_shape" if description.st_mv is None else "st_mv"
        levels = description.st_shape if description.st_mv is None else description.st_mv
        if name in self.st:
            per_lead = np.nan_to_num(self.st[name].excess(levels))
            maps[name] = np.outer(per_lead, _waves(description, off, st_end, n, fs))
        width = self.qrs_scores(description.intervals[_QRS_ROWS][None])[0]
        wide = max(float(width.mean()), 0.0)
        maps["qrs_width"] = np.outer(ones * wide, _waves(description, on - 0.02, off + 0.02, n, fs))
        missing = max(float((-self.p_scores(description.rhythm[_P_ROWS][None])[0]).mean()), 0.0)
        maps["missing_p"] = np.outer(
            self.p_weights * missing, _waves(description, on + P_SPAN_S[0], on + P_SPAN_S[1], n, fs)
        )
        maps["odd_beat"] = np.outer(ones, self._odd_beats(description, n, fs))
        return maps

    def _odd_beats(self, description: Description, n: int, fs: float) -> DoubleArray:
        odd = np.maximum(self.odd_scores(description.oddness[:, None])[:, 0], 0.0)
        centre, rr_s = description.centre_s, description.rr_s
        line = np.zeros(n)
        for k, value in enumerate(odd):
            stop = centre[k] + 0.6 * rr_s
            if k + 1 < len(centre):
                stop = min(centre[k + 1] - 0.2, centre[k] + 1.2 * rr_s)
            start = max(round((centre[k] - 0.1) * fs), 0)
            line[start : max(round(stop * fs), start + 1)] = value
        smooth: DoubleArray = gaussian_filter1d(line, EDGE_S * fs)
        return smooth

    def to_arrays(self) -> Arrays:
        """Return plain arrays."""
        out: Arrays = {}
        for name, expectation in self.st.items():
            out[f"{name}.weights"] = expectation.weights.astype(np.float32)
            out[f"{name}.spread"] = expectation.spread.astype(np.float32)
        out["p_weights"] = self.p_weights.astype(np.float32)
        out["p_quantiles"] = self.p_scores.quantiles.astype(np.float32)
        out["qrs_quantiles"] = self.qrs_scores.quantiles.astype(np.float32)
        out["odd_quantiles"] = self.odd_scores.quantiles.astype(np.float32)
        return out

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> WaveModel:
        """Undo :meth:`to_arrays`."""
        values = {name: value.astype(np.float64) for name, value in arrays.items()}
        return cls(
            {
                name: StExpectation(values[f"{name}.weights"], values[f"{name}.spread"])
                for name in ("st_mv", "st_shape")
                if f"{name}.weights" in values
            },
            values["p_weights"],
            NormalScores(values["p_quantiles"]),
            NormalScores(values["qrs_quantiles"]),
            NormalScores(values["odd_quantiles"]),
        )


def _p_weights(descriptions: list[Description]) -> DoubleArray:
    beats = [d.beat_mv for d in descriptions if d.beat_mv is not None]
    if len(beats) < 8:
        beats = [d.beat_shape for d in descriptions]
    beat = np.stack(beats).reshape(len(beats), 12, -1)
    step_s = (BEAT_S[1] - BEAT_S[0]) / beat.shape[2]
    before = beat[:, :, : round((-0.07 - BEAT_S[0]) / step_s)]
    height = np.nan_to_num(np.nanmedian(np.ptp(before, axis=2), axis=0))
    weights: DoubleArray = 0.5 + 0.5 * height / max(float(height.max()), 1e-9)
    return weights


def _waves(
    description: Description, start_s: float, stop_s: float, n: int, fs: float
) -> DoubleArray:
    """Return a line [n] that is 1 on one wave of every beat, with soft edges."""
    line = np.zeros(n)
    for centre in description.centre_s:
        start = max(round((centre + start_s) * fs), 0)
        line[start : max(round((centre + stop_s) * fs), start)] = 1.0
    smooth: DoubleArray = gaussian_filter1d(line, EDGE_S * fs)
    return smooth
