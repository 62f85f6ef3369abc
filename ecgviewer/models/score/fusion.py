"""The calibrated score: every part a p-value among normals, fused by a fixed rule.

The distribution of a detector's scores among held-out normals makes them p-values; ``-log10 p``
of all detectors are fused as four times their mean plus their maximum, so that many weak signs and
one strong one both count. What that sum is worth is again read from normals, with exactly the
detectors that the window allows, so that a record with a missing lead or an unknown amplitude is
judged by the same specificity as any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ecgviewer.core.analysis import Finding, family_p_value, score_of
from ecgviewer.core.reference import NormalReference
from ecgviewer.models.score.beat_features.expected import Expected
from ecgviewer.models.score.beat_features.profiled import Profiled
from ecgviewer.models.score.densities import DoubleArray
from ecgviewer.models.score.findings import HIGHPASS, find
from ecgviewer.models.score.parts import (
    BEATS,
    DETECTORS,
    NETWORK_DETECTORS,
    PARTS,
    SHAPES,
    SIZES,
    SMALLEST,
    Density,
    DescribedWindow,
    Vectors,
    density_class,
)
from ecgviewer.models.score.score_map import ScoreMap
from ecgviewer.models.score.window_evidence import FloatArray, Window, digest_of

MEAN_WEIGHT = 4.0
MAX_LOG_P = 12.0
MIN_ALIKE = 100
"""So many normals without mV are enough to judge others without by."""
STANDS_OUT = 1.0
"""``-log10 p`` from which a part is looked at twice."""
TIE = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class WindowResult:
    """What the scorer makes of one window.

    Attributes
    ----------
    score_map : array [12, n]
        NaN where masked.
    parts : mapping
        Upper-tail p-value among normals of each part that could be judged.
    findings : mapping
        What each of these parts finds least normal.
    score : float
        ``-log10`` of ``p_value``; higher is less normal.
    p_value, raw_score : float
    """

    score_map: FloatArray
    parts: Mapping[str, float]
    findings: Mapping[str, tuple[Finding, ...]]
    score: float
    p_value: float
    raw_score: float


@dataclass(frozen=True, slots=True)
class RecordResult:
    """The windows of one record taken together; see :class:`WindowResult`."""

    parts: Mapping[str, float]
    score: float
    p_value: float
    raw_score: float


def fuse(log_p: DoubleArray) -> DoubleArray:
    """Return the weighted mean plus the maximum over the detectors of ``log_p`` [n, k].

    The weight was chosen on folds 1 to 9 of PTB-XL.
    """
    fused: DoubleArray = MEAN_WEIGHT * log_p.mean(axis=1) + log_p.max(axis=1)
    return fused


@dataclass(frozen=True, eq=False)
class Scorer:
    """Densities of normal features and the distribution of their scores among normals.

    Attributes
    ----------
    maps : ScoreMap
        Calibration of the residual, and how its map is made.
    densities : dict
        By detector.
    expected : dict
        What the network's own parts show among normals alike in noise, voltage and filter.
    references : dict of NormalReference
        Scores of held-out normals, by detector.
    log_p : array [n, detectors]
        ``-log10 p`` of held-out normals in the order of ``densities``; NaN where a detector
        could not judge.
    record_reference : NormalReference
        Record scores of normals.
    map_reference : NormalReference
        Highest value of the score map per normal window.
    """

    maps: ScoreMap
    densities: dict[str, Density]
    expected: dict[str, Expected]
    references: dict[str, NormalReference]
    log_p: DoubleArray
    record_reference: NormalReference
    map_reference: NormalReference
    _keys: dict[str, bytes] = field(default_factory=dict, repr=False)
    _nulls: dict[tuple[int, ...], NormalReference] = field(default_factory=dict, repr=False)

    def score(self, window: Window) -> WindowResult:
        """Return the map, the parts and the score of a window."""
        seen = without_highpass(DescribedWindow.of(window), self.densities)
        vectors = seen.vectors(self.maps.residual)
        for shape, in_mv in SHAPES.items():
            if in_mv in vectors and in_mv in self.densities:
                vectors.pop(shape, None)
        row = self._row(seen, vectors)
        if self._levels_stand_out(row):
            # Only here it matters whether the device left anything of the levels.
            seen = seen.without_levels()
            if seen.levels_lost:
                row[self._levels] = np.nan
        score, p_value = self.fused(row)
        score_map = self.maps(window, seen.comparison, seen.description)
        return WindowResult(
            score_map=score_map,
            parts=self._part_p_values(row),
            findings=self._findings(row, vectors, score_map, seen),
            score=score,
            p_value=p_value,
            raw_score=window.output.raw_score,
        )

    def _row(self, seen: DescribedWindow, vectors: Vectors) -> DoubleArray:
        """Return ``-log10 p`` by detector [k], NaN where one cannot judge.

        What is expected of the network's errors is taken from their ``vectors``.
        """
        context = seen.context()[None]
        row = np.full(len(self.densities), np.nan)
        for k, name in enumerate(self.densities):
            if name in vectors:
                if name in SIZES:
                    vectors[name] = vectors[name] - self.expected[name](context)
                row[k] = self._log_p_of(seen, name, vectors[name], context)
        return row

    @cached_property
    def _levels(self) -> list[int]:
        """Which detectors judge levels."""
        return [k for k, name in enumerate(self.densities) if DETECTORS[name] == "st"]

    def _levels_stand_out(self, row: DoubleArray) -> bool:
        return bool((row[self._levels] >= STANDS_OUT).any())

    def _log_p_of(
        self, seen: DescribedWindow, name: str, vector: DoubleArray, context: DoubleArray
    ) -> float:
        density = self.densities[name]

        def judge() -> float:
            value = density(vector[None])
            if name == "latent":
                value = np.log(np.maximum(value, SMALLEST)) - self.expected[name](context)
            return float(to_log_p(self.references[name], value)[0])

        if name in NETWORK_DETECTORS:
            return judge()
        if name not in self._keys:
            reference = self.references[name].scores
            self._keys[name] = digest_of({**density.to_arrays(), "reference": reference})
        # The levels depend on which filter the model's own beats made out.
        return seen.window.looks.once((name, self._keys[name], seen.highpass), judge)

    def combine(self, results: Sequence[WindowResult]) -> RecordResult:
        """Return the record's score from its windows'.

        The smallest of their p-values is corrected for their number (``family_p_value``).
        """
        if not results:
            raise ValueError("no window was scored")
        n = len(results)
        names = [part for part in PARTS if any(part in r.parts for r in results)]
        parts = {
            part: _least_of([r.parts[part] for r in results if part in r.parts], n)
            for part in names
        }
        score = score_of(_least_of([r.p_value for r in results], n))
        return RecordResult(
            parts=parts,
            score=score,
            # Against the normals this bundle is calibrated for (a site's own, perhaps).
            p_value=self.record_reference.p_value(score),
            raw_score=float(np.mean([r.raw_score for r in results])),
        )

    def fused(self, row: DoubleArray, only: Sequence[int] | None = None) -> tuple[float, float]:
        """Return score and p-value of the detectors' ``-log10 p`` [k] (NaN: could not judge).

        ``only`` takes some of the detectors, by their numbers.
        """
        known = np.isfinite(row)
        for shape, in_mv in self._replaced:
            known[shape] &= not known[in_mv]
        present = [k for k in (range(row.size) if only is None else only) if known[k]]
        if not present:
            return float("nan"), float("nan")
        # p-values of parts are ranks: equal ones must stay equal after rounding in the bundle.
        fused = float(fuse(row[None, present])[0]) - TIE
        p_value = self._null(tuple(present)).p_value(fused)
        return score_of(p_value), p_value

    @cached_property
    def _replaced(self) -> list[tuple[int, int]]:
        """Return the places of shapes, and of what judges them in mV."""
        at = {name: k for k, name in enumerate(self.densities)}
        return [(at[a], at[b]) for a, b in SHAPES.items() if a in at and b in at]

    def _null(self, present: tuple[int, ...]) -> NormalReference:
        """Return the distribution of the fused sum among normals for these detectors.

        Among those that are judged by shapes where these are, and in mV where these are.
        """
        if present not in self._nulls:
            known = np.isfinite(self.log_p)
            chosen = known[:, list(present)].all(axis=1)
            for shape, in_mv in self._replaced:
                alike = chosen & ~known[:, in_mv]
                if shape in present and alike.sum() >= MIN_ALIKE:
                    chosen = alike
            rows = self.log_p[:, list(present)][chosen]
            self._nulls[present] = NormalReference.from_scores(fuse(rows))
        return self._nulls[present]

    def _part_p_values(self, row: DoubleArray) -> dict[str, float]:
        names = list(self.densities)
        out = {}
        for part in PARTS:
            columns = [k for k, name in enumerate(names) if DETECTORS[name] == part]
            p_value = self.fused(row, columns)[1]
            if np.isfinite(p_value):
                out[part] = p_value
        return out

    def _findings(
        self, row: DoubleArray, vectors: Vectors, score_map: FloatArray, seen: DescribedWindow
    ) -> dict[str, tuple[Finding, ...]]:
        """Return what each part finds, by the detector of it that is least like normals."""
        names = list(self.densities)
        found: dict[str, tuple[Finding, ...]] = {}
        for k in np.argsort(np.where(np.isfinite(row), -row, np.inf), kind="stable"):
            name = names[k]
            if np.isfinite(row[k]) and DETECTORS[name] not in found:
                found[DETECTORS[name]] = find(
                    name, self.densities[name], vectors[name], score_map, seen.rr_s
                )
        if seen.levels_lost:
            found[HIGHPASS] = (Finding(seen.levels_lost),)
        return found

    def to_tensors(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return everything as named arrays (:meth:`from_tensors` undoes it)."""
        out = {f"map.{key}": value for key, value in self.maps.to_arrays().items()}
        for name, density in self.densities.items():
            for key, value in density.to_arrays().items():
                out[f"density.{name}.{key}"] = value
            out[f"reference.{name}"] = self.references[name].scores.astype(np.float32)
        out |= {f"expected.{name}": value.to_array() for name, value in self.expected.items()}
        out["log_p"] = self.log_p.astype(np.float32)
        out["record_reference"] = self.record_reference.scores.astype(np.float32)
        out["map_reference"] = self.map_reference.scores.astype(np.float32)
        return out

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, npt.NDArray[np.float32]]) -> Scorer:
        """Rebuild a scorer; raises KeyError or ValueError when tensors are missing or odd."""

        def below(prefix: str) -> dict[str, npt.NDArray[np.float32]]:
            return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}

        def reference(key: str) -> NormalReference:
            return NormalReference.from_scores(tensors[key].astype(np.float64))

        densities: dict[str, Density] = {}
        for name in DETECTORS:
            arrays = below(f"density.{name}.")
            if arrays:
                kind = density_class(name)
                densities[name] = kind.from_arrays(arrays)
        return cls(
            maps=ScoreMap.from_arrays(below("map.")),
            densities=densities,
            expected={
                name: Expected.from_array(tensors[f"expected.{name}"])
                for name in NETWORK_DETECTORS
                if name in densities
            },
            references={name: reference(f"reference.{name}") for name in densities},
            log_p=tensors["log_p"].astype(np.float64),
            record_reference=reference("record_reference"),
            map_reference=reference("map_reference"),
        )


def without_highpass(seen: DescribedWindow, densities: Mapping[str, Density]) -> DescribedWindow:
    """Return a window with the device's high-pass taken out that makes its beat most normal."""
    for name in BEATS:
        density = densities.get(name)
        if isinstance(density, Profiled) and name in seen.beats:
            return seen.without_highpass(int(density.nearest(seen.beats[name][None])[1][0]))
    return seen


def _least_of(p_values: Sequence[float], n_windows: int) -> float:
    finite = [p for p in p_values if np.isfinite(p)]
    return family_p_value(min(finite), n_windows) if finite else float("nan")


def to_log_p(reference: NormalReference, scores: DoubleArray) -> DoubleArray:
    """Return ``-log10`` of the p-values of ``scores`` [n], at most ``MAX_LOG_P``."""
    p = np.array([reference.p_value(float(s)) for s in scores])
    log_p: DoubleArray = -np.log10(np.maximum(p, 10.0**-MAX_LOG_P))
    return log_p
