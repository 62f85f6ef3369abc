"""The window's slow work, as plain functions for :class:`ecgviewer.app.work.workers.Workers`.

Nothing here knows Qt. Readers and scipy are imported inside: the window opens without them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgviewer.app.work.heart import Heart
from ecgviewer.app.work.stepping_aside import STEPPING_ASIDE
from ecgviewer.core.errors import RecordError
from ecgviewer.core.leads import is_ecg_channel
from ecgviewer.core.progress import CancelToken
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.record.stimuli import StimulusMarks

if TYPE_CHECKING:
    from ecgviewer.app.work.workers import Reporter
    from ecgviewer.io import RecordFailure

HEART_CHUNK_S = 120.0
HEART_MARGIN_S = 4.0
PARTIAL_INTERVAL_S = 0.1
RHYTHM_LEADS = ("II", "V1", "V5")
"""Enough to find the beats of a long record; short records use every lead."""
LONG_S = 600.0


def open_job(ref: RecordRef) -> tuple[RecordRef, Recording]:
    """Open one record, with remembered answers where the file leaves something open."""
    from ecgviewer.io import open_record

    return ref, open_record(ref)


def list_job(
    paths: list[Path], options: ReadOptions, reporter: Reporter, cancel: CancelToken
) -> list[RecordRef | RecordFailure]:
    """Find the records below some paths; hands them over in batches as they are found.

    Returns
    -------
    list
        Those of the last batch that were not yet handed over.
    """
    batch: list[RecordRef | RecordFailure] = []
    last = time.monotonic()
    for found, entry in enumerate(_entries(paths, options), start=1):
        cancel.raise_if_cancelled()
        batch.append(entry)
        if time.monotonic() - last > PARTIAL_INTERVAL_S:
            reporter.partial(batch)
            reporter(0.0, f"{found} records found")
            batch, last = [], time.monotonic()
    return batch


def _entries(paths: list[Path], options: ReadOptions) -> Iterator[RecordRef | RecordFailure]:
    from ecgviewer.io import RecordFailure, find_records

    for path in paths:
        try:
            yield from find_records(path, options)
        except RecordError as error:
            yield RecordFailure(path, error)


def recall_job(
    recording_sha256: str, bundles: Mapping[str, str], reporter: Reporter, cancel: CancelToken
) -> None:
    """Hand over (model, analysis) for each bundle (``{model: hash}``) that the cache has."""
    from ecgviewer.core.system.user_dirs import cache_dir
    from ecgviewer.models.run.kept.store import AnalysisStore

    store = AnalysisStore(cache_dir())
    for model, bundle_sha256 in bundles.items():
        cancel.raise_if_cancelled()
        analysis = store.get(recording_sha256, bundle_sha256)
        if analysis is not None:
            reporter.partial((model, analysis))


def heart_job(recording: Recording, reporter: Reporter, cancel: CancelToken) -> Heart:
    """Find R peaks and stimuli, chunk by chunk; hands over what it has of a long record."""
    from ecgviewer.signal.heartbeats.beats import detect_r_peaks, heart_rate_bpm
    from ecgviewer.signal.heartbeats.pacing import find_stimuli
    from ecgviewer.signal.stimulus_marks import mark_stimuli

    fs_hz = recording.fs_hz
    leads = _beat_leads(recording)
    chunk, margin = round(HEART_CHUNK_S * fs_hz), round(HEART_MARGIN_S * fs_hz)
    found: list[np.ndarray] = []
    marks: list[StimulusMarks] = []

    def heart() -> Heart:
        peaks = np.concatenate(found) if found else np.empty(0, np.int64)
        rate = heart_rate_bpm(peaks, fs_hz)
        known = rate if np.isfinite(rate) else None
        return Heart(peaks, known, StimulusMarks.joined(marks))

    last = time.monotonic()
    for start in range(0, recording.n_samples, chunk):
        STEPPING_ASIDE.wait(lambda: cancel.cancelled)
        cancel.raise_if_cancelled()
        first = max(start - margin, 0)
        stop = min(start + chunk, recording.n_samples)
        signal_mv = recording.read_samples(first, stop + margin, leads)
        stimuli = find_stimuli(signal_mv, fs_hz)
        peaks = np.asarray(detect_r_peaks(signal_mv, fs_hz, stimuli), np.int64)
        given = mark_stimuli(signal_mv, fs_hz, stimuli, peaks).shifted(first)
        marks.append(given.within(start, stop))
        peaks += first
        found.append(peaks[(peaks >= start) & (peaks < stop)])
        if time.monotonic() - last > 1.0 and stop < recording.n_samples:
            reporter.partial(heart())
            last = time.monotonic()
    return heart()


def _beat_leads(recording: Recording) -> list[str]:
    leads = [lead for lead in recording.leads if is_ecg_channel(lead)]
    if recording.duration_s <= LONG_S:
        return leads
    chosen = [lead for lead in RHYTHM_LEADS if lead in leads]
    return chosen or leads[:3]
