"""Thresholds for a site from its own records, without labels: from the least suspicious ones.

What a folder holds is a mixture: normals, whose scores are those of the shipped normals stretched
by the site's devices and people, and others that score higher. The lower part of the folder's
scores tells the stretch and the share of normals; the shape of the tail stays that of the shipped
normals.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecgviewer.core.reference import NormalReference
from ecgviewer.models.bundle.bundle import Bundle
from trainer.fitting.bundle_destination import check_new_bundle
from trainer.fitting.calibrate import (
    CalibrationError,
    found_records,
    score_site,
    without_thresholds,
)
from trainer.fitting.progress_bar import ProgressBar
from trainer.fitting.thresholds import SPECIFICITIES, normals_needed, shortage, thresholds_of

MIN_RECORDS = 40
TRIM = 0.6
"""Share of the records, the least suspicious ones, that are looked at."""
STRETCHES = np.geomspace(0.8, 4.0, 81)
NORMAL_SHARES = np.linspace(0.6, 1.0, 9)

DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoreStretch:
    """By how much a site's normals score higher, and how many of its records are normal."""

    factor: float
    normal_share: float


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


def run(model: Path, folder: Path, out: Path, device: str, overwrite: bool) -> int:
    """Carry out ``trainer calibrate --data FOLDER --robust``; return the exit status.

    Raises
    ------
    EcgViewerError
        Saying what is wrong and where; nothing is written then.
    """
    check_new_bundle(out, overwrite)
    bundle = Bundle.load(model)
    bar = ProgressBar()
    try:
        refs, failures = found_records(folder.resolve())
        scores = score_site(bundle, refs, device, bar, len(refs))
    finally:
        bar.close()
    for failure in [*failures, *scores.failures]:
        print(f"not used: {failure}", file=sys.stderr)
    found = np.array(scores.records)
    shipped = bundle.scorer()
    stretch = stretch_of(found, shipped.record_reference)
    n = round(stretch.normal_share * found.size)
    reference = NormalReference(stretch.factor * shipped.record_reference.scores)
    site = replace(
        bundle,
        scorer_tensors=replace(shipped, record_reference=reference).to_tensors(),
        thresholds=thresholds_of(reference),
        metrics=tuple(map(without_thresholds, bundle.metrics)),
        training={**bundle.training, "site": folder.resolve().name, "site_normals": n},
    )
    check_new_bundle(out, overwrite)
    site = site.save(out)
    print(
        f"{found.size} records; about {stretch.normal_share:.0%} of them look normal, and normals "
        f"score {stretch.factor:.2f} times as high here as those of the model"
    )
    for specificity in SPECIFICITIES:
        before = shipped.record_reference.threshold(specificity)
        now = reference.threshold(specificity)
        print(
            f"{specificity:.0%} specificity: threshold {now:.3f} (was {before:.3f}); "
            f"{np.mean(found >= now):.1%} of all records pass ({np.mean(found >= before):.1%} "
            f"before); {normals_needed(specificity)} normals needed, about {n} here"
        )
    for warning in shortage(n):
        print(warning, file=sys.stderr)
    print(f"wrote {out} ({site.sha256[:12]})")
    return 0
