"""One record to screen, and the row of the result table that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecgviewer.cli.screening.table import Row
from ecgviewer.core.analysis import Analysis
from ecgviewer.core.child.messages import Body, ref_from_json, ref_to_json
from ecgviewer.core.errors import AnalysisError
from ecgviewer.core.flags import MIN_FLAG_S, derive_flags
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.review.privacy.identity import REMOVED, Identity, pseudonym


@dataclass(frozen=True, slots=True)
class Job:
    """One record to screen, or the reason why it cannot be.

    Attributes
    ----------
    path : Path
        The record's file as given or found.
    record : str
    source : RecordRef or str
        Where to open it, or why discovery already failed.
    maps : Path or None
        Where its maps go, without ``.<model>.npz``.
    span_s : tuple of float, or None
        Only this span of it (s): of a record that is being recorded.
    """

    path: Path
    record: str
    source: RecordRef | str
    maps: Path | None = None
    span_s: tuple[float, float] | None = None


def job_to_json(job: Job) -> Body:
    """Return a job as JSON values."""
    source = job.source if isinstance(job.source, str) else ref_to_json(job.source)
    maps = None if job.maps is None else str(job.maps)
    span_s = None if job.span_s is None else list(job.span_s)
    return {
        "path": str(job.path), "record": job.record, "source": source, "maps": maps,
        "span_s": span_s,
    }  # fmt: skip


def job_from_json(values: Body) -> Job:
    """Undo :func:`job_to_json`."""
    source, maps = values["source"], values["maps"]
    return Job(
        Path(values["path"]),
        values["record"],
        source if isinstance(source, str) else ref_from_json(source),
        None if maps is None else Path(maps),
        None if values["span_s"] is None else (values["span_s"][0], values["span_s"][1]),
    )


def error_row(job: Job, model: str, reason: str, quality: str = "") -> Row:
    """Return the row of a record that could not be read or judged."""
    row = Row(str(job.path), job.record, model, error=" ".join(reason.split()))
    return replace(row, quality=f"unacceptable: {quality}") if quality else row


def anonymous_row(row: Row, job: Job, recording: Recording | None) -> Row:
    """Return a row without names of files, records and patients.

    The record's pseudonym is the same as in anonymous exports: the start of its content hash.
    """
    record = "unreadable"
    texts = [row.quality, row.error]
    if recording is not None:
        record = pseudonym(recording.content_hash())
        scrub = Identity(recording, with_names=True).scrub
        texts = [scrub(text) for text in texts]
    for name in (str(job.path), job.path.name, job.path.stem, job.record, job.path.parent.name):
        texts = [text.replace(name, REMOVED) if name else text for text in texts]
    # A moment of a known day may tell who it was.
    return replace(
        row, path="", record=record, quality=texts[0], error=texts[1],
        worst_start_clock="", worst_end_clock="",
    )  # fmt: skip


def result_row(
    job: Job, model: str, recording: Recording, analysis: Analysis, specificity: float
) -> Row:
    """Return the row of an analysed record.

    ``quality`` says which leads or spans were not judged, and what the reader warns of;
    ``abnormal`` is empty where they are too many for a verdict.

    Raises
    ------
    AnalysisError
        When no part of the record could be judged.
    """
    if not np.isfinite(analysis.score):
        raise AnalysisError("nothing in this record could be judged", job.path)
    lead, start_s, stop_s = worst_place(analysis, specificity)
    if job.span_s is not None and start_s is not None and stop_s is not None:
        start_s, stop_s = start_s + job.span_s[0], stop_s + job.span_s[0]
    abnormal = analysis.is_abnormal(specificity)
    return Row(
        path=str(job.path),
        record=job.record,
        model=model,
        score=analysis.score,
        raw_score=analysis.raw_score,
        p_value=analysis.p_value,
        threshold=analysis.threshold(specificity),
        abnormal=None if abnormal is None else int(abnormal),
        quality=_quality(recording, analysis),
        worst_lead=lead,
        worst_start_s=start_s,
        worst_end_s=stop_s,
        offset_samples=recording.numbering.first_sample,
        worst_start_clock="" if start_s is None else recording.start.stamp(start_s),
        worst_end_clock="" if stop_s is None else recording.start.stamp(stop_s),
        parts=dict(analysis.parts),
        recording_sha256=analysis.recording_sha256,
        bundle_sha256=analysis.bundle_sha256,
    )


def _quality(recording: Recording, analysis: Analysis) -> str:
    text = analysis.quality_text()
    reasons = [] if text == "ok" else [text if analysis.is_acceptable else f"unacceptable: {text}"]
    reasons += [note.text for note in recording.notes if note.level == "warning"]
    return "; ".join(reasons) or "ok"


def worst_place(analysis: Analysis, specificity: float) -> tuple[str, float | None, float | None]:
    """Return lead, start and end (s) of the top flag, else of the highest part of the score map.

    Without a flag that has a lead, the part is where the map's highest lead stays above half of
    its highest value, at least one small square of ECG paper. Empty where nothing was judged.
    """
    fs_hz = analysis.map_fs_hz
    scores = np.nan_to_num(analysis.score_map, nan=-np.inf)
    if scores.size == 0 or not np.isfinite(scores.max()):
        return "", None, None
    placed = [flag for flag in derive_flags(analysis, specificity) if flag.placed]
    if placed:
        top = max(placed, key=lambda flag: flag.score)
        start, stop = round(top.start_s * fs_hz), round(top.stop_s * fs_hz)
        rows = [analysis.leads.index(lead) for lead in top.leads]
        highest = int(np.argmax(scores[rows, start:stop].max(axis=1)))
        return top.leads[highest], top.start_s, top.stop_s
    row, peak = (int(k) for k in np.unravel_index(np.argmax(scores), scores.shape))
    low = np.flatnonzero(scores[row] < scores[row, peak] / 2)
    start = int(low[low < peak].max(initial=-1)) + 1
    stop = int(low[low > peak].min(initial=scores.shape[1]))
    stop = max(stop, min(start + round(MIN_FLAG_S * fs_hz), scores.shape[1]))
    return analysis.leads[row], start / fs_hz, stop / fs_hz
