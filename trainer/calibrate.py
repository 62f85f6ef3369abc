"""Calibration: densities and thresholds from normals, and thresholds from a site's own normals.

``calibrated`` ends a training. ``run`` is the command ``calibrate``: it keeps the model and its
densities and replaces the distribution of normal scores, and with it every threshold and p-value,
by that of a hospital's own normal records. No training, no abnormal records.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecgviewer.core.errors import EcgViewerError, RecordError
from ecgviewer.core.progress import Progress
from ecgviewer.core.record_ref import RecordRef
from ecgviewer.core.reference import NormalReference
from ecgviewer.io import RecordFailure, find_records, open_record
from ecgviewer.models.bundle import Bundle
from ecgviewer.models.detector import Detector
from ecgviewer.models.evidence import Window
from ecgviewer.models.scorer_fit import fit_scorer
from trainer.data import DataError, Index, UnlabelledError, scan
from trainer.progress_bar import ProgressBar
from trainer.targets import check_new_bundle

SPECIFICITIES = (0.90, 0.95, 0.99)
CONFIDENCE = 0.95
MIN_SITE_NORMALS = 8

Log = Callable[[str], None]


class CalibrationError(EcgViewerError):
    """Calibration was asked for with normals that cannot serve."""


def normals_needed(specificity: float, confidence: float = CONFIDENCE) -> int:
    """Return how many normals a threshold of this specificity needs.

    With fewer, even the highest of them lies below the true threshold with a probability of more
    than ``1 - confidence``: the smallest n with ``specificity ** n <= 1 - confidence`` (Wilks).
    """
    if not (0.0 < specificity < 1.0 and 0.0 < confidence < 1.0):
        raise ValueError("specificity and confidence lie between 0 and 1")
    return math.ceil(math.log(1.0 - confidence) / math.log(specificity) - 1e-9)


def thresholds_of(reference: NormalReference) -> dict[str, float]:
    """Return the record threshold of every stated specificity, as a bundle stores them."""
    return {f"{s:.2f}": reference.threshold(s) for s in SPECIFICITIES}


def calibrated(bundle: Bundle, index: Index, device: str, progress: Progress, log: Log) -> Bundle:
    """Return the bundle with a scorer fitted on the normals that it may see.

    Densities come from clean normals of the training and calibration parts (cross-fitted by
    patient), the network's own parts from the calibration part, the distribution of the record
    score from all records that are normal by their labels. Report records are not touched.

    Raises
    ------
    DataError
        When too few normals can be analysed.
    """
    detector = Detector(bundle, device)
    entries = [e for e in index.entries if e.normal and e.split in ("train", "calibrate")]
    windows: list[Window] = []
    kept = []
    for k, entry in enumerate(entries):
        progress((k + 1) / len(entries), f"calibrating on {entry.name}")
        try:
            window = next(iter(detector.evidence(open_record(entry.ref))), None)
        except EcgViewerError as error:
            log(f"not used for calibration: {entry.name}: {error}")
            continue
        if window is not None:
            windows.append(window)
            kept.append(entry)
    try:
        scorer = fit_scorer(
            windows,
            groups=[f"{entry.source}/{entry.patient}" for entry in kept],
            clean=[entry.clean for entry in kept],
            held_out=[entry.split == "calibrate" for entry in kept],
        )
    except ValueError as error:
        raise DataError(f"calibration is not possible: {error}") from error
    n = len(kept)
    log(f"calibrated on {n} normals ({sum(entry.clean for entry in kept)} clean)")
    for warning in shortage(n):
        log(warning)
    return replace(
        bundle,
        scorer_tensors=scorer.to_tensors(),
        thresholds=thresholds_of(scorer.record_reference),
    )


def shortage(n: int) -> list[str]:
    """Return a warning per specificity for which ``n`` normals are too few."""
    return [
        f"warning: {n} normals are too few for a threshold of {s:.0%} specificity; "
        f"{normals_needed(s)} are needed, the tail is extrapolated"
        for s in SPECIFICITIES
        if n < normals_needed(s)
    ]


@dataclass(frozen=True, slots=True)
class SiteScores:
    """Scores of a site's normals.

    Attributes
    ----------
    records : list of float
        Calibrated record scores.
    map_tops : list of float
        Highest value of every window's score map.
    failures : list of str
        Records that could not be analysed, and why.
    """

    records: list[float]
    map_tops: list[float]
    failures: list[str]


def score_site(
    bundle: Bundle, refs: Iterable[RecordRef], device: str, progress: Progress, total: int
) -> SiteScores:
    """Run a bundle over normal records."""
    detector = Detector(bundle, device)
    scorer = detector.scorer
    found = SiteScores([], [], [])
    for k, ref in enumerate(refs):
        progress((k + 1) / max(total, 1), f"scoring {ref.name}")
        try:
            results = [scorer.score(w) for w in detector.evidence(open_record(ref))]
        except EcgViewerError as error:
            found.failures.append(f"{ref.name}: {error}")
            continue
        if not results:
            found.failures.append(f"{ref.name}: nothing usable in it")
            continue
        found.records.append(scorer.combine(results).score)
        tops = [float(np.nanmax(r.score_map)) for r in results if np.isfinite(r.score_map).any()]
        found.map_tops.extend(tops)
    return found


def for_site(bundle: Bundle, scores: SiteScores, site: str) -> Bundle:
    """Return the bundle with thresholds and p-values from a site's normals.

    Raises
    ------
    CalibrationError
        With fewer than ``MIN_SITE_NORMALS`` normals.
    """
    n = len(scores.records)
    if n < MIN_SITE_NORMALS:
        raise CalibrationError(
            f"{n} normal records could be analysed; at least {MIN_SITE_NORMALS} are needed, and "
            + ", ".join(f"{normals_needed(s)} for {s:.0%}" for s in SPECIFICITIES)
            + " specificity"
        )
    scorer = replace(
        bundle.scorer(),
        record_reference=NormalReference.from_scores(scores.records),
        map_reference=NormalReference.from_scores(scores.map_tops),
    )
    note = (
        f"\n## Site calibration\n\nThresholds and p-values come from {n} normal records of "
        f"{site}; the network and its densities are unchanged.\n"
    )
    return replace(
        bundle,
        scorer_tensors=scorer.to_tensors(),
        thresholds=thresholds_of(scorer.record_reference),
        card=bundle.card.rstrip() + "\n" + note,
        training={**bundle.training, "site": site, "site_normals": n},
    )


def _normal_refs(folder: Path) -> tuple[list[RecordRef], list[str]]:
    """Return the normals of a folder: by its labels if it has any, else all of its records.

    Raises
    ------
    DataError
        When there are labels and they cannot be read: abnormal records must not pass as normals.
    """
    try:
        entries = scan([folder]).entries
    except UnlabelledError:
        return _all_refs(folder)
    labelled = [entry for entry in entries if entry.normal is not None]
    if not labelled:
        raise CalibrationError(
            f"none of the {len(entries)} records here has a label; fill in which of them are "
            "normal, or remove the table of labels if all are",
            folder,
        )
    chosen = [entry.ref for entry in labelled if entry.normal]
    messages = []
    if left_out := len(labelled) - len(chosen):
        messages.append(f"{left_out} records are not normal by their labels and were left out")
    if without := len(entries) - len(labelled):
        messages.append(f"{without} records have no label and were left out")
    return chosen, messages


def _all_refs(folder: Path) -> tuple[list[RecordRef], list[str]]:
    """Return every record of a folder without labels, and those that cannot be read."""
    refs, failures = [], []
    for found in find_records(folder):
        if isinstance(found, RecordFailure):
            failures.append(f"{found.path.name}: {found.error}")
        else:
            refs.append(found)
    return refs, failures


def run(model: Path, normals: Path, out: Path, device: str, overwrite: bool) -> int:
    """Carry out ``trainer calibrate``; return the exit status.

    Raises
    ------
    EcgViewerError
        Saying what is wrong and where; nothing is written then.
    """
    check_new_bundle(out, overwrite)
    bundle = Bundle.load(model)
    refs, messages = _normal_refs(normals)
    if not refs:
        raise RecordError("no normal record was found here", normals)
    bar = ProgressBar()
    try:
        scores = score_site(bundle, refs, device, bar, len(refs))
    finally:
        bar.close()
    site = for_site(bundle, scores, normals.resolve().name).save(out)
    n = len(scores.records)
    for message in [*messages, *(f"not used: {text}" for text in scores.failures)]:
        print(message, file=sys.stderr)
    shipped = bundle.scorer().record_reference
    for specificity in SPECIFICITIES:
        level = shipped.threshold(specificity)
        passed = float(np.mean(np.array(scores.records) >= level))
        now = site.thresholds[f"{specificity:.2f}"]
        print(
            f"{specificity:.0%} specificity: threshold {now:.3f} (was {level:.3f}, which "
            f"{passed:.1%} of these normals pass); {normals_needed(specificity)} normals needed, "
            f"{n} given"
        )
    for warning in shortage(n):
        print(warning, file=sys.stderr)
    print(f"wrote {out} ({site.sha256[:12]})")
    return 0
