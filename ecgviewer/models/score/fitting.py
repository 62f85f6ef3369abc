"""Fitting a scorer to windows of normals.

Densities are cross-fitted by patient, so that the scores that stand for normals are those of
records that the density judging them has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ecgviewer.core.reference import NormalReference
from ecgviewer.models.score.densities import DoubleArray
from ecgviewer.models.score.fusion import Scorer, to_log_p
from ecgviewer.models.score.parts import (
    DETECTORS,
    NETWORK_DETECTORS,
    Density,
    Seen,
    Vectors,
    fit_density,
)
from ecgviewer.models.score.residual import ResidualModel
from ecgviewer.models.score.score_map import ScoreMap
from ecgviewer.models.score.wave_findings import WaveModel
from ecgviewer.models.score.window_evidence import FloatArray, Window

N_FOLDS = 5
MIN_NORMALS = 24
"""Fewer normals than this cannot be split into folds that say anything."""


def fit_scorer(
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
    seen = [Seen.of(window) for window in windows]
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
        scores = _cross_fitted(name, values, has, usable, folds)
        if name in NETWORK_DETECTORS:
            scores = _as_if_held_out(scores, unseen, is_clean)
        densities[name] = fit_density(name, values[usable])
        references[name] = NormalReference.from_scores(scores[usable])
        columns.append(to_log_p(references[name], scores))
    log_p = np.stack(columns, axis=1)
    blank = NormalReference(np.zeros(8))
    scorer = Scorer(maps, densities, references, log_p, blank, blank)
    record_scores = [scorer.fused(row)[0] for row in log_p]
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


def _cross_fitted(
    name: str,
    values: DoubleArray,
    has: npt.NDArray[np.bool_],
    usable: npt.NDArray[np.bool_],
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


def _fit_maps(basis: list[Seen], clean: list[Seen]) -> ScoreMap:
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
