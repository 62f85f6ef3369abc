"""Fitting a scorer to windows of normals.

Densities are cross-fitted by patient, so that the scores that stand for normals are those of
records that the density judging them has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecgviewer.core.reference import NormalReference
from ecgviewer.models.score.beat_features.expected import N_CONTEXT, NOISE, Expected
from ecgviewer.models.score.densities import DoubleArray
from ecgviewer.models.score.fusion import Scorer, to_log_p, without_highpass
from ecgviewer.models.score.parts import (
    BEATS,
    DETECTORS,
    NETWORK_DETECTORS,
    SIZES,
    SMALLEST,
    Density,
    DescribedWindow,
    Vectors,
    fit_density,
)
from ecgviewer.models.score.residual import ResidualModel
from ecgviewer.models.score.score_map import ScoreMap
from ecgviewer.models.score.wave_findings import WaveModel
from ecgviewer.models.score.window_evidence import BoolArray, FloatArray, Window

N_FOLDS = 5
MIN_NORMALS = 24
"""Fewer normals than this cannot be split into folds that say anything."""


@dataclass(frozen=True, slots=True)
class Normal:
    """One window of a normal record (the first 10 s), and what it may serve for.

    Attributes
    ----------
    window : Window
    group : str
        The patient: cross-fitting keeps patients together.
    clean : bool
        Without any other statement. Densities and p-values of parts come from these; the record
        score's distribution from all, because a normal with a stray extrasystole or a low
        voltage is still what "normal" means at the next hospital.
    held_out : bool
        Whether the network was not trained on it; its own parts are calibrated by these.
    copy : bool
        Whether this is a copy as of another device. Beats are compared with originals only:
        what a device does to them is taken out before.
    weight : int
        How often it counts among the normals whose scores stand for "normal".
    """

    window: Window
    group: str
    clean: bool = True
    held_out: bool = True
    copy: bool = False
    weight: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class _Normals:
    """All normals, by column."""

    groups: tuple[str, ...]
    clean: BoolArray
    held_out: BoolArray
    copy: BoolArray
    weight: npt.NDArray[np.int64]
    folds: npt.NDArray[np.int64]

    @classmethod
    def of(cls, normals: Sequence[Normal]) -> _Normals:
        groups = tuple(normal.group for normal in normals)
        return cls(
            groups,
            np.array([normal.clean for normal in normals], dtype=bool),
            np.array([normal.held_out for normal in normals], dtype=bool),
            np.array([normal.copy for normal in normals], dtype=bool),
            np.array([normal.weight for normal in normals], dtype=np.int64),
            _folds(groups),
        )


def fit_scorer(normals: Sequence[Normal]) -> Scorer:
    """Fit on windows of normal records.

    Raises
    ------
    ValueError
        With fewer than ``MIN_NORMALS`` clean windows.
    """
    of = _Normals.of(normals)
    own = int((of.clean & ~of.copy).sum())
    if own < MIN_NORMALS:
        raise ValueError(
            f"{own} clean normals are too few to calibrate a score; {MIN_NORMALS} are needed"
        )
    seen = [DescribedWindow.of(normal.window) for normal in normals]
    fits: dict[str, tuple[Density, DoubleArray, BoolArray]] = {}
    for name in BEATS:
        fits |= _fit(name, [s.beats for s in seen], of, of.clean & ~of.copy)
    densities: dict[str, Density] = {name: density for name, (density, _, _) in fits.items()}
    seen = [without_highpass(s, densities) for s in seen]
    basis = of.clean & of.held_out
    basis = basis if basis.sum() >= MIN_NORMALS else of.clean
    maps = _fit_maps(
        [seen[i] for i in np.flatnonzero(basis)], [seen[i] for i in np.flatnonzero(of.clean)]
    )
    vectors = [s.vectors(maps.residual) for s in seen]
    contexts = np.stack([s.context() for s in seen])
    expected: dict[str, Expected] = {}
    for name in SIZES:
        # How peaked a beat is tells a wide QRS as well: the error as defined keeps it.
        among = (NOISE,) if name == "raw" else range(N_CONTEXT)
        expected[name] = _expected(contexts, np.array([v[name][0] for v in vectors]), of, among)
        for vector, usual in zip(vectors, expected[name](contexts), strict=True):
            vector[name] = vector[name] - usual
    for name in DETECTORS:
        if name not in fits:
            fits |= _fit(name, vectors, of, of.clean)
    if "latent" in fits:
        density, scores, usable = fits["latent"]
        scores = np.log(np.maximum(scores, SMALLEST))
        expected["latent"] = _expected(contexts, scores, of)
        fits["latent"] = density, scores - expected["latent"](contexts), usable
    fits = {name: fits[name] for name in DETECTORS if name in fits}
    references: dict[str, NormalReference] = {}
    columns: list[DoubleArray] = []
    for name, (_, scores, usable) in fits.items():
        if name in NETWORK_DETECTORS:
            scores = _as_if_held_out(scores, of)
        stand = usable & np.isfinite(scores)
        references[name] = NormalReference.from_scores(np.repeat(scores[stand], of.weight[stand]))
        columns.append(to_log_p(references[name], scores))
    log_p = np.repeat(np.stack(columns, axis=1), of.weight, axis=0)
    blank = NormalReference(np.zeros(8))
    scorer = Scorer(
        maps, {name: density for name, (density, _, _) in fits.items()}, expected, references,
        log_p, blank, blank,
    )  # fmt: skip
    record_scores = [scorer.fused(row)[0] for row in log_p]
    maxima = [
        _top(maps(s.window, s.comparison, s.description))
        for s, chosen in zip(seen, of.clean, strict=True)
        if chosen
    ]
    return replace(
        scorer,
        record_reference=NormalReference.from_scores(record_scores),
        map_reference=NormalReference.from_scores(np.repeat(maxima, of.weight[of.clean])),
    )


def _fit(
    name: str, vectors: Sequence[Vectors], of: _Normals, among: BoolArray
) -> dict[str, tuple[Density, DoubleArray, BoolArray]]:
    """Return a detector's density, its cross-fitted scores [n], and whose stand for normal ones.

    Empty where too few normals allow it.
    """
    values, has = _stacked(vectors, name)
    usable = has & of.clean
    if name == "rhythm":
        # Bradycardia and tachycardia have definitions; the reference is made of rates
        # within them although databases call many slower hearts normal.
        usable = usable & (values[:, :2] == 0.0).all(axis=1)
    fitted = usable & among
    if fitted.sum() < MIN_NORMALS:
        return {}
    scores = _cross_fitted(name, values, has, fitted, of.folds)
    return {name: (fit_density(name, values[fitted]), scores, usable)}


def _expected(
    contexts: DoubleArray,
    values: DoubleArray,
    of: _Normals,
    among: Sequence[int] = range(N_CONTEXT),
) -> Expected:
    """Fit on what the network has not seen, where that is enough."""
    known = np.isfinite(values) & np.isfinite(contexts).all(axis=1)
    chosen = known & of.held_out
    chosen = chosen if chosen.sum() >= MIN_NORMALS else known
    weights = of.weight[chosen].astype(np.float64)
    return Expected.fit(contexts[chosen], values[chosen], weights, among)


def _cross_fitted(
    name: str,
    values: DoubleArray,
    has: BoolArray,
    usable: BoolArray,
    folds: npt.NDArray[np.int64],
) -> DoubleArray:
    """Return the scores [n] of ``values`` [n, d], each fold's by a density of the others'."""
    scores = np.full(len(values), np.nan)
    for fold in range(N_FOLDS):
        inside = folds == fold
        if (usable & ~inside).sum() >= 8 and (has & inside).any():
            density = fit_density(name, values[usable & ~inside])
            scores[has & inside] = density(values[has & inside])
    return scores


def _fit_maps(basis: list[DescribedWindow], clean: list[DescribedWindow]) -> ScoreMap:
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


def _top(score_map: FloatArray) -> float:
    return float(np.nanmax(score_map)) if np.isfinite(score_map).any() else float("nan")


def _folds(groups: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return a fold per window; a group never spans two."""
    order = {group: k % N_FOLDS for k, group in enumerate(sorted(set(groups)))}
    return np.array([order[group] for group in groups], dtype=np.int64)


def _stacked(seen: Sequence[Vectors], name: str) -> tuple[DoubleArray, BoolArray]:
    has = np.array([name in vectors for vectors in seen])
    width = next((vectors[name].size for vectors in seen if name in vectors), 0)
    values = np.full((len(seen), width), np.nan)
    for i in np.flatnonzero(has):
        values[i] = seen[int(i)][name]
    return values, has


def _as_if_held_out(scores: DoubleArray, of: _Normals) -> DoubleArray:
    """Return scores with those of training records moved to where held-out ones lie."""
    unseen, known = of.held_out, of.clean & np.isfinite(scores)
    new, old = known & unseen, known & ~unseen
    if new.sum() < MIN_NORMALS or old.sum() < MIN_NORMALS:
        return scores

    def place(values: DoubleArray) -> tuple[float, float]:
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.9])
        return float(middle), float(max(high - low, 1e-9))

    (new_middle, new_width), (old_middle, old_width) = place(scores[new]), place(scores[old])
    moved = (scores - old_middle) / old_width * new_width + new_middle
    return np.where(unseen, scores, moved)
