"""WFDB records: header and signal files to a Recording."""

from __future__ import annotations

import math
from pathlib import Path

from ecgviewer.core.errors import QUESTIONS, CorruptFileError, UnansweredError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Note, Numbering, Recording
from ecgviewer.io import limits
from ecgviewer.io.answers import answers_text, used_answers
from ecgviewer.io.statements.checks import check_amount, check_sampling, name_leads, signal_notes
from ecgviewer.io.statements.patients import patient_from_comments
from ecgviewer.io.statements.units import mv_per_unit
from ecgviewer.io.wfdb.header import DEFAULT_GAIN, Header, SignalSpec, read_header
from ecgviewer.io.wfdb.rows import ShownSignals, choose_rows
from ecgviewer.io.wfdb.segments import SegmentLayout, SegmentSpan, load_layout
from ecgviewer.io.wfdb.source import SegmentPiece, SegmentSignals, WfdbSource

MAX_CHECKSUM_SAMPLES = 4_000_000
"""Whole-record checksums are verified on opening up to this many samples: some 20 ms."""
_SCALE_RANGE = (1e-30, 1e9)
"""mV per unit. Writers spread a lead over all 32 bits: a common one needs 1e-10, one that holds but
the rounding errors of a difference 1e-27. Narrow enough for float32."""


def open_wfdb(ref: RecordRef) -> Recording:
    """Open the record of a ``.hea`` file.

    Raises
    ------
    RecordError
        Naming the file at fault and the reason.
    """
    header = read_header(ref.path)
    layout = load_layout(header)
    fs_hz, notes = _frame_rate(header, ref)
    rows = choose_rows(layout, ref)
    notes += [*layout.start.notes, *layout.notes, *rows.notes]
    shown = [layout.signals[signal] for signal in rows.signals]
    samples_per_frame = max(
        spec.samples_per_frame for specs in (shown, *rows.specs) for spec in specs
    )
    notes += rows.rate_notes(fs_hz, samples_per_frame)
    pieces = [_piece(part, rows, samples_per_frame) for part in layout.parts]
    frame_samples = sum(spec.samples_per_frame for spec in layout.signals)
    n_samples = layout.n_frames * samples_per_frame
    check_sampling(fs_hz * samples_per_frame, n_samples, ref.path)
    check_amount(fs_hz * max(frame_samples, samples_per_frame * len(shown)), ref.path)
    frame_hz, fs_hz = fs_hz, fs_hz * samples_per_frame
    options = rows.options(ref.options, len(layout.signals))
    leads, lead_notes = name_leads([spec.name for spec in shown], options)
    notes += lead_notes
    used = used_answers(ref.options, ReadOptions(), None, notes)
    source = WfdbSource(layout.files, pieces, samples_per_frame, answers_text(used))
    notes += _checksum_notes(layout)
    notes += signal_notes(source, leads, fs_hz, n_samples, rows.units_known)
    return Recording(
        name=ref.name,
        path=ref.path,
        format=layout.format_text,
        leads=leads,
        fs_hz=fs_hz,
        n_samples=n_samples,
        source=source,
        units_known=rows.units_known,
        start=layout.start.start,
        patient=patient_from_comments(layout.comments),
        notes=tuple(notes),
        numbering=Numbering(signals=rows.signals, marks_hz=frame_hz),
    )


def _frame_rate(header: Header, ref: RecordRef) -> tuple[float, list[Note]]:
    """Return the frames per second, and how they are known."""
    given = ref.options.fs_hz
    stated = header.fs_hz
    if stated is None or stated == 0:
        if given is None:
            found = "no sampling frequency" if stated is None else "a sampling frequency of 0"
            raise UnansweredError(
                f"the header gives {found}; {QUESTIONS['fs']} must be given", ref.path, ("fs",)
            )
        return given, [Note("assumed", f"sampling frequency {given:g} Hz as given", "fs")]
    if stated < 0 or not math.isfinite(stated):
        raise CorruptFileError(f"the sampling frequency {stated:g} Hz is impossible", ref.path)
    if given is not None and given != stated:
        return stated, [
            Note("info", f"the file says {stated:g} Hz; the {given:g} Hz given were not used")
        ]
    return stated, []


def _piece(part: SegmentSpan, rows: ShownSignals, samples_per_frame: int) -> SegmentPiece:
    specs = part.segment.header.signals
    positions = tuple(part.positions[signal] for signal in rows.signals)
    return SegmentPiece(
        part.start * samples_per_frame,
        part.stop * samples_per_frame,
        part.segment,
        positions,
        tuple(1.0 if k is None else _scale(specs[k], rows, part.segment) for k in positions),
    )


def _scale(spec: SignalSpec, rows: ShownSignals, segment: SegmentSignals) -> float:
    """Return mV per unit of the converter."""
    factor = mv_per_unit(spec.units or "mV")
    if factor is None or spec.gain is None:
        factor = mv_per_unit(rows.units or "mV") or 1.0
    scale = factor / (spec.gain or DEFAULT_GAIN)
    if not _SCALE_RANGE[0] <= abs(scale) <= _SCALE_RANGE[1]:
        raise CorruptFileError(
            f"the gain of {spec.name or 'a signal'} ({spec.gain:g}) is impossible",
            segment.header.path,
        )
    return scale


def _checksum_notes(layout: SegmentLayout) -> list[Note]:
    """Verify the checksums of short records."""
    n_samples = sum(
        part.segment.n_frames * sum(s.samples_per_frame for s in part.segment.header.signals)
        for part in layout.parts
    )
    if n_samples > MAX_CHECKSUM_SAMPLES:
        return []
    wrong: dict[Path, list[str]] = {}
    for part in layout.parts:
        for spec in part.segment.checksums_differ():
            wrong.setdefault(part.segment.header.path, []).append(spec.name or "?")
    return [
        Note(
            "warning",
            f"{path.name}: wrong checksum for {', '.join(names)}; "
            "the samples are not those that were written",
        )
        for path, names in wrong.items()
    ]


def check_claims(header: Header) -> None:
    """Raise CorruptFileError for claims that no record can meet."""
    if header.n_frames and header.fs_hz and header.n_frames / header.fs_hz > limits.MAX_DURATION_S:
        raise CorruptFileError(
            f"the header claims {header.n_frames} samples at {header.fs_hz:g} Hz", header.path
        )
