"""The calibrated score: every part a p-value among normals, fused by a fixed rule.

A *detector* turns one aspect of a window into a number that is higher for less normal. Its
distribution among held-out normals makes it a p-value; ``-log10 p`` of all detectors are fused as
four times their mean plus their maximum, so that many weak signs and one strong one both count.
What that sum is worth is again read from normals, with exactly the detectors that the window
allows, so that a record with a missing lead or an unknown amplitude is judged by the same
specificity as any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ecgviewer.core.analysis import Finding
from ecgviewer.core.reference import NormalReference
from ecgviewer.models import features
from ecgviewer.models.densities import Directed, Subspace
from ecgviewer.models.evidence import FloatArray, Window
from ecgviewer.models.findings import find
from ecgviewer.models.residual import Comparison, ResidualModel, compare
from ecgviewer.models.score_map import ScoreMap
from ecgviewer.models.waves import WaveModel

DoubleArray = npt.NDArray[np.float64]
Density = Directed | Subspace

DETECTORS: dict[str, str] = {
    "residual": "residual",
    "latent": "latent",
    "beat_shape": "beat",
    "beat_mv": "beat",
    "rhythm": "rhythm",
    "intervals": "intervals",
    "st_shape": "st",
    "st_mv": "st",
}
"""Detector to the part of the score it belongs to."""
PARTS = ("residual", "latent", "beat", "rhythm", "intervals", "st")
NETWORK_DETECTORS = ("residual", "latent")
N_FOLDS = 5
MIN_NORMALS = 24
"""Fewer normals than this cannot be split into folds that say anything."""
MAX_LOG_P = 12.0
TIE = 1e-5
DEPENDENCE = 0.7
"""Windows of one record resemble each other: ``n`` of them count as ``n ** 0.7`` independent."""


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
    findings: Mapping[str, Finding]
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


Vectors = dict[str, DoubleArray]


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A window, compared and described once."""

    window: Window
    comparison: Comparison
    description: features.Description | None

    @classmethod
    def of(cls, window: Window) -> _Seen:
        return cls(window, compare(window), features.describe(window))

    def vectors(self, residual: ResidualModel) -> Vectors:
        """Return what each detector looks at."""
        found: Vectors = {
            "residual": np.array([residual.size(self.window, self.comparison)]),
            "latent": np.asarray(self.window.output.latent, dtype=np.float64),
        }
        seen = self.description
        if seen is not None:
            found["rhythm"], found["intervals"] = seen.rhythm, seen.intervals
            found["beat_shape"], found["st_shape"] = seen.beat_shape, seen.st_shape
            if seen.beat_mv is not None and seen.st_mv is not None:
                found["beat_mv"], found["st_mv"] = seen.beat_mv, seen.st_mv
        return found


def _fit_density(name: str, values: DoubleArray) -> Density:
    if name == "rhythm":
        return Directed.fit(values, [sign for _, sign in features.RHYTHM])
    if name == "intervals":
        return Directed.fit(values, [sign for _, sign in features.INTERVALS])
    if name == "residual":
        return Directed.fit(values, [1])
    if name.startswith("st"):
        # Each level for itself: whitening them, as a Mahalanobis distance does, blows up the
        # directions that hardly vary among normals, which are mostly noise.
        return Directed.fit(values, [0] * values.shape[1])
    return Subspace.fit(values, 30 if name.startswith("beat") else 20)


MEAN_WEIGHT = 4.0


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
    references: dict[str, NormalReference]
    log_p: DoubleArray
    record_reference: NormalReference
    map_reference: NormalReference
    _nulls: dict[tuple[int, ...], NormalReference] = field(default_factory=dict, repr=False)

    @classmethod
    def fit(
        cls,
        windows: Sequence[Window],
        groups: Sequence[str] | None = None,
        clean: npt.ArrayLike | None = None,
        held_out: npt.ArrayLike | None = None,
    ) -> Scorer:
        """Fit on windows of normal records, one per record (the first 10 s).

        Parameters
        ----------
        windows : sequence of Window
        groups : sequence of str, optional
            Patient of each window: cross-fitting keeps patients together.
        clean : array [n] of bool, optional
            Normals without any other statement. Densities and p-values of parts come from
            these; the record score's distribution from all, because a normal with a stray
            extrasystole or a low voltage is still what "normal" means at the next hospital.
        held_out : array [n] of bool, optional
            Normals the network was not trained on; its own parts are calibrated by these.

        Raises
        ------
        ValueError
            With fewer than ``MIN_NORMALS`` clean windows.
        """
        n = len(windows)
        is_clean = np.ones(n, dtype=bool) if clean is None else np.asarray(clean, dtype=bool)
        unseen = np.ones(n, dtype=bool) if held_out is None else np.asarray(held_out, dtype=bool)
        if is_clean.sum() < MIN_NORMALS:
            raise ValueError(
                f"{int(is_clean.sum())} clean normals are too few to calibrate a score; "
                f"{MIN_NORMALS} are needed"
            )
        basis = is_clean & unseen if (is_clean & unseen).sum() >= MIN_NORMALS else is_clean
        seen = [_Seen.of(window) for window in windows]
        maps = _fit_maps(
            [seen[i] for i in np.flatnonzero(basis)], [seen[i] for i in np.flatnonzero(is_clean)]
        )
        vectors = [s.vectors(maps.residual) for s in seen]
        folds = _folds(groups if groups is not None else [str(i) for i in range(n)])
        densities: dict[str, Density] = {}
        references: dict[str, NormalReference] = {}
        columns: list[DoubleArray] = []
        for name in DETECTORS:
            values, has = _stacked(vectors, name)
            usable = has & is_clean
            if name == "rhythm":
                # Bradycardia and tachycardia have definitions; the reference is made of rates
                # within them although databases call many slower hearts normal.
                usable = usable & (values[:, :2] == 0.0).all(axis=1)
            if usable.sum() < MIN_NORMALS:
                continue
            scores = np.full(n, np.nan)
            for fold in range(N_FOLDS):
                inside = folds == fold
                if (usable & ~inside).sum() >= 8 and (has & inside).any():
                    density = _fit_density(name, values[usable & ~inside])
                    scores[has & inside] = density(values[has & inside])
            if name in NETWORK_DETECTORS:
                scores = _as_if_held_out(scores, unseen, is_clean)
            densities[name] = _fit_density(name, values[usable])
            references[name] = NormalReference.from_scores(scores[usable])
            columns.append(_log_p(references[name], scores))
        log_p = np.stack(columns, axis=1)
        blank = NormalReference(np.zeros(8))
        scorer = cls(maps, densities, references, log_p, blank, blank)
        record_scores = [scorer._fused(row)[0] for row in log_p]
        maxima = [
            _top(maps(s.window, s.comparison, s.description))
            for s, chosen in zip(seen, is_clean, strict=True)
            if chosen
        ]
        return replace(
            scorer,
            record_reference=NormalReference.from_scores(record_scores),
            map_reference=NormalReference.from_scores(maxima),
        )

    def score(self, window: Window) -> WindowResult:
        """Return the map, the parts and the score of a window."""
        seen = _Seen.of(window)
        vectors = seen.vectors(self.maps.residual)
        row = np.full(len(self.densities), np.nan)
        for k, (name, density) in enumerate(self.densities.items()):
            if name in vectors:
                value = density(vectors[name][None])
                row[k] = _log_p(self.references[name], value)[0]
        score, p_value = self._fused(row)
        score_map = self.maps(window, seen.comparison, seen.description)
        return WindowResult(
            score_map=score_map,
            parts=self._part_p_values(row),
            findings=self._findings(row, vectors, score_map),
            score=score,
            p_value=p_value,
            raw_score=window.output.raw_score,
        )

    def combine(self, results: Sequence[WindowResult]) -> RecordResult:
        """Return the record's score from its windows'.

        The smallest p-value of many windows is small by chance: it is corrected for their
        number (Šidák, with ``n ** DEPENDENCE`` windows), so that a minute of a normal heart is
        no more suspicious than ten seconds of it, and one premature beat in it still counts.
        """
        if not results:
            raise ValueError("no window was scored")
        count = len(results) ** DEPENDENCE
        names = [part for part in PARTS if any(part in r.parts for r in results)]
        parts = {
            part: _least_of([r.parts[part] for r in results if part in r.parts], count)
            for part in names
        }
        score = _score(_least_of([r.p_value for r in results], count))
        return RecordResult(
            parts=parts,
            score=score,
            # Against the normals this bundle is calibrated for (a site's own, perhaps).
            p_value=self.record_reference.p_value(score),
            raw_score=float(np.mean([r.raw_score for r in results])),
        )

    def _fused(self, row: DoubleArray, only: Sequence[int] | None = None) -> tuple[float, float]:
        """Return score and p-value of the detectors' ``-log10 p`` [k] (NaN: could not judge)."""
        known = np.isfinite(row)
        present = [k for k in (range(row.size) if only is None else only) if known[k]]
        if not present:
            return float("nan"), float("nan")
        # p-values of parts are ranks: equal ones must stay equal after rounding in the bundle.
        fused = float(fuse(row[None, present])[0]) - TIE
        p_value = self._null(tuple(present)).p_value(fused)
        return _score(p_value), p_value

    def _null(self, present: tuple[int, ...]) -> NormalReference:
        """Return the distribution of the fused sum among normals for these detectors."""
        if present not in self._nulls:
            rows = self.log_p[:, list(present)]
            rows = rows[np.isfinite(rows).all(axis=1)]
            self._nulls[present] = NormalReference.from_scores(fuse(rows))
        return self._nulls[present]

    def _part_p_values(self, row: DoubleArray) -> dict[str, float]:
        names = list(self.densities)
        out = {}
        for part in PARTS:
            columns = [k for k, name in enumerate(names) if DETECTORS[name] == part]
            p_value = self._fused(row, columns)[1]
            if np.isfinite(p_value):
                out[part] = p_value
        return out

    def _findings(
        self, row: DoubleArray, vectors: Vectors, score_map: FloatArray
    ) -> dict[str, Finding]:
        """Return what each part finds, by the detector of it that is least like normals."""
        names = list(self.densities)
        found: dict[str, Finding] = {}
        for k in np.argsort(np.where(np.isfinite(row), -row, np.inf), kind="stable"):
            name = names[k]
            if np.isfinite(row[k]) and DETECTORS[name] not in found:
                found[DETECTORS[name]] = find(name, self.densities[name], vectors[name], score_map)
        return found

    def to_tensors(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return everything as named arrays (:meth:`from_tensors` undoes it)."""
        out = {f"map.{key}": value for key, value in self.maps.to_arrays().items()}
        for name, density in self.densities.items():
            for key, value in density.to_arrays().items():
                out[f"density.{name}.{key}"] = value
            out[f"reference.{name}"] = self.references[name].scores.astype(np.float32)
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
                kind = _density_class(name)
                densities[name] = kind.from_arrays(arrays)
        return cls(
            maps=ScoreMap.from_arrays(below("map.")),
            densities=densities,
            references={name: reference(f"reference.{name}") for name in densities},
            log_p=tensors["log_p"].astype(np.float64),
            record_reference=reference("record_reference"),
            map_reference=reference("map_reference"),
        )


def _fit_maps(basis: list[_Seen], clean: list[_Seen]) -> ScoreMap:
    """Fit the residual on what the network has not seen, the waves and units on all clean ones."""
    residual = ResidualModel.fit([s.comparison for s in basis], [s.window.judged() for s in basis])
    described = [s.description for s in clean if s.description is not None]
    waves = WaveModel.fit(described) if len(described) >= MIN_NORMALS else None
    return ScoreMap.fit(
        residual,
        waves,
        [s.window for s in clean],
        [s.comparison for s in clean],
        [s.description for s in clean],
    )


def _density_class(name: str) -> type[Density]:
    return Subspace if name == "latent" or name.startswith("beat") else Directed


def _score(p_value: float) -> float:
    # + 0.0: a p-value of 1 gives 0, not -0.
    return float(-np.log10(max(p_value, 1e-300))) + 0.0 if np.isfinite(p_value) else float("nan")


def _least_of(p_values: Sequence[float], count: float) -> float:
    finite = [p for p in p_values if np.isfinite(p)]
    if not finite:
        return float("nan")
    return float(-np.expm1(count * np.log1p(-min(min(finite), 1.0 - 1e-12))))


def _log_p(reference: NormalReference, scores: DoubleArray) -> DoubleArray:
    p = np.array([reference.p_value(float(s)) for s in scores])
    log_p: DoubleArray = -np.log10(np.maximum(p, 10.0**-MAX_LOG_P))
    return log_p


def _top(score_map: FloatArray) -> float:
    return float(np.nanmax(score_map)) if np.isfinite(score_map).any() else float("nan")


def _folds(groups: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return a fold per window; a group never spans two."""
    order = {group: k % N_FOLDS for k, group in enumerate(sorted(set(groups)))}
    return np.array([order[group] for group in groups], dtype=np.int64)


def _stacked(seen: list[Vectors], name: str) -> tuple[DoubleArray, npt.NDArray[np.bool_]]:
    has = np.array([name in vectors for vectors in seen])
    width = next((vectors[name].size for vectors in seen if name in vectors), 0)
    values = np.full((len(seen), width), np.nan)
    for i in np.flatnonzero(has):
        values[i] = seen[i][name]
    return values, has


def _as_if_held_out(
    scores: DoubleArray, unseen: npt.NDArray[np.bool_], clean: npt.NDArray[np.bool_]
) -> DoubleArray:
    """Return scores with those of training records moved to where held-out ones lie."""
    new, old = clean & unseen & np.isfinite(scores), clean & ~unseen & np.isfinite(scores)
    if new.sum() < MIN_NORMALS or old.sum() < MIN_NORMALS:
        return scores

    def place(values: DoubleArray) -> tuple[float, float]:
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.9])
        return float(middle), float(max(high - low, 1e-9))

    (new_middle, new_width), (old_middle, old_width) = place(scores[new]), place(scores[old])
    moved = (scores - old_middle) / old_width * new_width + new_middle
    return np.where(unseen, scores, moved)
