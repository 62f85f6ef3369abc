"""Calibration: densities and thresholds from normals, and thresholds from a site's own normals.

``calibrated`` ends a training. ``run`` is the command ``calibrate``: it keeps the model and its
densities and replaces the distribution of normal scores, and with it every threshold and p-value,
by that of a hospital's own normal records. No training, no abnormal records.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecgviewer.core.errors import EcgViewerError, RecordError
from ecgviewer.core.progress import Progress
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.reference import NormalReference
from ecgviewer.io import RecordFailure, find_records, open_record
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.bundle.site import CalibrationError, site_thresholds, without_thresholds
from ecgviewer.models.bundle.thresholds import (
    SPECIFICITIES,
    normals_needed,
    shortage,
    thresholds_of,
)
from ecgviewer.models.run.analyser import Detector
from ecgviewer.models.score.fitting import Normal, fit_scorer
from ecgviewer.models.score.window_evidence import Window
from trainer.datasets.entries import DataError, Index, UnlabelledError
from trainer.datasets.scan import scan
from trainer.datasets.tables import table_named
from trainer.datasets.used_records import UsedRecords
from trainer.fitting.bundle_destination import check_new_bundle
from trainer.fitting.calibration.device_copies import other_device
from trainer.fitting.calibration.site_bundle import tell_unread, write_site_bundle
from trainer.fitting.config import Devices
from trainer.fitting.progress_bar import ProgressBar

MIN_SITE_NORMALS = 8
OTHER_SITE = 2
"""A normal of a site that no network was trained on counts as so many: there are few of them."""
TABLES = ("labels.csv", "REFERENCE.csv", "ptbxl_database.csv", "machine_measurements.csv")
LEVELS_UP = 4
"""From a folder of MIMIC-IV-ECG's records to its tables."""

Log = Callable[[str], None]


def calibrated(
    bundle: Bundle,
    index: Index,
    others: Index,
    devices: Devices,
    device: str,
    progress: Progress,
    log: Log,
) -> Bundle:
    """Return the bundle with a scorer fitted on the normals that it may see.

    Densities come from clean normals of the training and calibration parts (cross-fitted by
    patient), the network's own parts from the calibration part, the distribution of the record
    score from all records that are normal by their labels. Records in mV also count as other
    devices would have stored them. Report records are not touched. Of ``others``, sites that no
    network was trained on, all normals count, each ``OTHER_SITE`` times.

    Raises
    ------
    DataError
        When too few normals can be analysed.
    """
    detector = Detector(bundle, device)
    entries = [e for e in index.entries if e.normal and e.split in ("train", "calibrate")]
    own = len(entries)
    entries += [entry for entry in others.entries if entry.normal]
    normals: list[Normal] = []
    n = 0
    for k, entry in enumerate(entries):
        progress((k + 1) / len(entries), f"calibrating on {entry.name}")
        try:
            recording = open_record(entry.ref)
            windows = [first_window(detector, recording)]
            if recording.units_known:
                for copy in range(devices.copies):
                    rng = np.random.default_rng((devices.seed, k, copy))
                    windows.append(first_window(detector, other_device(recording, rng)))
        except EcgViewerError as error:
            log(f"not used for calibration: {entry.name}: {error}")
            continue
        n += windows[0] is not None
        normals += [
            Normal(
                window,
                entry.group,
                entry.clean,
                held_out=k >= own or entry.split == "calibrate",
                copy=at > 0,
                weight=OTHER_SITE if k >= own else 1,
            )
            for at, window in enumerate(windows)
            if window is not None
        ]
    try:
        scorer = fit_scorer(normals)
    except ValueError as error:
        raise DataError(f"calibration is not possible: {error}") from error
    clean = sum(normal.clean and not normal.copy for normal in normals)
    log(f"calibrated on {n} normals ({clean} clean), and on {len(normals) - n} copies of them as "
        "of other devices")  # fmt: skip
    for warning in shortage(n):
        log(warning)
    return replace(
        bundle,
        scorer_tensors=scorer.to_tensors(),
        thresholds=thresholds_of(scorer.record_reference),
    )


def first_window(detector: Detector, recording: Recording) -> Window | None:
    """Return the first window of a recording that can be judged; None without any."""
    return next(iter(detector.evidence(recording)), None)


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
    thresholds = thresholds_of(scorer.record_reference)
    return replace(
        bundle,
        scorer_tensors=scorer.to_tensors(),
        thresholds=thresholds,
        metrics=tuple(map(without_thresholds, bundle.metrics)),
        training={**bundle.training, "site": site, "site_normals": n},
    )


def _normal_refs(
    folder: Path, trained_on: Set[str] = frozenset()
) -> tuple[list[RecordRef], list[str]]:
    """Return the normals of a folder: by its labels if it has any, else all of its records.

    Parameters
    ----------
    trained_on : set of str
        Sources of which only the report split may serve.

    Returns
    -------
    list of RecordRef, list of str
        And lines that say by which rule they were chosen, and what was left out.

    Raises
    ------
    DataError
        When there are labels and they cannot be read: abnormal records must not pass as normals.
    """
    try:
        index = scan([folder])
    except UnlabelledError:
        return _all_refs(folder)
    entries = index.entries
    labelled = [entry for entry in entries if entry.normal is not None]
    if not labelled:
        raise CalibrationError(
            f"none of the {len(entries)} records here has a label; fill in which of them are "
            "normal, or remove the table of labels if all are",
            folder,
        )
    normals = [entry for entry in labelled if entry.normal]
    chosen = [e.ref for e in normals if e.source not in trained_on or e.split == "report"]
    refs = {(entry.ref.path, entry.ref.index) for entry in entries}
    here = {(ref.path, ref.index) for ref in found_records(folder.resolve())[0]}
    counts = {
        "are not normal by their labels and were left out": len(labelled) - len(normals),
        "have no label and were left out": len(entries) - len(labelled),
        "are not described by these labels and were left out": len(here - refs),
        "are of a source that the model was trained on, and were left out": (
            len(normals) - len(chosen)
        ),
    }
    messages = [index.describe(), f"{len(chosen)} records are taken as normals, by these labels"]
    messages += [f"{count} records {what}" for what, count in counts.items() if count]
    return chosen, messages


def _all_refs(folder: Path) -> tuple[list[RecordRef], list[str]]:
    """Return every record of a folder without labels, and what there is to say of that."""
    refs, failures = found_records(folder)
    messages = [f"there are no labels here: all {len(refs)} records are taken as normals"]
    messages += [
        f"warning: {table.name} lies in the folder {table.parent.name} above and is not used; if "
        "it has the labels of these records, give --normals that folder"
        for table in _tables_above(folder)
    ]
    return refs, messages + failures


def _tables_above(folder: Path) -> list[Path]:
    parents = folder.resolve().parents[:LEVELS_UP]
    tables = (table_named(parent, name) for parent in parents for name in TABLES)
    return [table for table in tables if table is not None]


def found_records(folder: Path) -> tuple[list[RecordRef], list[str]]:
    """Return every record of a folder, and those that cannot be read."""
    refs, failures = [], []
    for found in find_records(folder):
        if isinstance(found, RecordFailure):
            failures.append(f"{found.path.name}: {found.error}")
        else:
            refs.append(found)
    return refs, failures


def _unseen(bundle: Bundle, normals: Path, progress: Progress) -> tuple[list[RecordRef], list[str]]:
    """Return the normals that the model was not made with, and lines on how they were chosen.

    Its errors on the others are smaller than on anything that is new to it, and so would be the
    thresholds.

    Raises
    ------
    EcgViewerError
        When there are none.
    """
    seen = UsedRecords.by([bundle])
    refs, messages = _normal_refs(normals, seen.sources)
    listed = seen.among(refs, progress)
    if listed:
        messages.append(
            f"{len(listed)} records were left out: the model was trained or calibrated with them"
        )
    unseen = [ref for ref in refs if ref not in listed]
    if not unseen:
        why = "".join(f"\n  {message}" for message in messages)
        raise RecordError(f"no normal record was found here{why}", normals)
    return unseen, messages


def run(model: Path, normals: Path, out: Path, device: str, overwrite: bool) -> int:
    """Carry out ``trainer calibrate``; return the exit status.

    Raises
    ------
    EcgViewerError
        Saying what is wrong and where; nothing is written then.
    """
    check_new_bundle(out, overwrite)
    bundle = Bundle.load(model)
    bar = ProgressBar()
    try:
        refs, messages = _unseen(bundle, normals, bar)
        bar.close()
        for message in messages:
            print(message, file=sys.stderr)
        scores = score_site(bundle, refs, device, bar, len(refs))
    finally:
        bar.close()
    tell_unread(scores.failures)
    site = for_site(bundle, scores, normals.resolve().name)
    changed = site_thresholds(bundle.scorer().record_reference, site, scores.records)
    write_site_bundle(site, changed, len(scores.records), out, overwrite)
    return 0
