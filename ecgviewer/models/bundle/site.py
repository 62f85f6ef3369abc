"""Thresholds for a site from its own records, without labels: from the least suspicious ones.

What a folder holds is a mixture: normals, whose scores are those of the shipped normals stretched
by the site's devices and people, and others that score higher. The lower part of the folder's
scores tells the stretch and the share of normals; the shape of the tail stays that of the shipped
normals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.reference import NormalReference
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.bundle.thresholds import SPECIFICITIES, normals_needed, thresholds_of

MIN_RECORDS = 40
TRIM = 0.6
"""Share of the records, the least suspicious ones, that are looked at."""
STRETCHES = np.geomspace(0.8, 4.0, 81)
NORMAL_SHARES = np.linspace(0.6, 1.0, 9)
AT_THRESHOLD = ("recall_at_95", "specificity_at_95", "dice", "flagged", "top_hits")
"""Figures of a bundle that its thresholds decide."""

DoubleArray = npt.NDArray[np.float64]
Json = dict[str, Any]


class CalibrationError(EcgViewerError):
    """Calibration was asked for with records that cannot serve."""


@dataclass(frozen=True, slots=True)
class ScoreStretch:
    """By how much a site's normals score higher, and how many of its records are normal."""

    factor: float
    normal_share: float


@dataclass(frozen=True, slots=True)
class SiteThreshold:
    """A threshold before and after, and the share of the site's records that pass each.

    ``needed`` normals are what this specificity asks for.
    """

    specificity: float
    before: float
    after: float
    passed_before: float
    passed_after: float
    needed: int


def stretch_of(scores: DoubleArray, shipped: NormalReference) -> ScoreStretch:
    """Return the stretch with which the lower part of a folder's scores is most like normals.

    Raises
    ------
    CalibrationError
        With fewer than ``MIN_RECORDS`` scores.
    """
    if scores.size < MIN_RECORDS:
        raise CalibrationError(
            f"{scores.size} records could be analysed; without labels at least {MIN_RECORDS} are "
            "needed"
        )
    low = np.sort(scores)[: round(TRIM * scores.size)]
    wanted = (np.arange(low.size) + 0.5) / scores.size
    share = np.searchsorted(shipped.scores, low[None] / STRETCHES[:, None]) / shipped.scores.size
    error = ((NORMAL_SHARES[:, None, None] * share - wanted) ** 2).mean(axis=2)
    at_share, at_factor = np.unravel_index(int(error.argmin()), error.shape)
    return ScoreStretch(float(STRETCHES[at_factor]), float(NORMAL_SHARES[at_share]))


@dataclass(frozen=True, slots=True)
class SiteCalibration:
    """A bundle for a site, and what makes it another one."""

    bundle: Bundle
    stretch: ScoreStretch
    thresholds: tuple[SiteThreshold, ...]


def for_unlabelled_site(bundle: Bundle, scores: Sequence[float], site: str) -> SiteCalibration:
    """Return the bundle with thresholds from the least suspicious records of a site.

    Raises
    ------
    CalibrationError
        With fewer than ``MIN_RECORDS`` scores.
    """
    shipped = bundle.scorer()
    found = np.asarray(scores, dtype=np.float64)
    stretch = stretch_of(found, shipped.record_reference)
    reference = NormalReference(stretch.factor * shipped.record_reference.scores)
    changed = replace(
        bundle,
        scorer_tensors=replace(shipped, record_reference=reference).to_tensors(),
        thresholds=thresholds_of(reference),
        metrics=tuple(map(without_thresholds, bundle.metrics)),
        training={
            **bundle.training,
            "site": site,
            "site_normals": round(stretch.normal_share * found.size),
        },
    )
    return SiteCalibration(
        changed, stretch, site_thresholds(shipped.record_reference, changed, scores)
    )


def site_thresholds(
    before: NormalReference, site: Bundle, scores: Sequence[float]
) -> tuple[SiteThreshold, ...]:
    """Return what a calibration changes for the records of a site with these scores."""
    found = np.asarray(scores, dtype=np.float64)
    out = []
    for specificity in SPECIFICITIES:
        was, now = before.threshold(specificity), site.thresholds[f"{specificity:.2f}"]
        passed_was, passed_now = float(np.mean(found >= was)), float(np.mean(found >= now))
        needed = normals_needed(specificity)
        out.append(SiteThreshold(specificity, was, now, passed_was, passed_now, needed))
    return tuple(out)


def without_thresholds(metric: Json) -> Json:
    """Return figures without those that were measured with the former thresholds.

    AUROC, AUPRC and the point AUROC of the map do not depend on one, and stay.
    """
    kept = {key: value for key, value in metric.items() if key not in AT_THRESHOLD}
    if "kinds" in kept:
        kept["kinds"] = {name: without_thresholds(one) for name, one in kept["kinds"].items()}
    return kept
