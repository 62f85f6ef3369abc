"""WFDB records: header and signal files to a Recording."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecgviewer.core.errors import (
    CorruptFileError,
    UnansweredError,
    UnsupportedFormatError,
)
from ecgviewer.core.leads import canonical_lead
from ecgviewer.core.record_ref import ReadOptions, RecordRef
from ecgviewer.core.recording import Note, Recording
from ecgviewer.io import limits
from ecgviewer.io.answers import answers_text, used_answers
from ecgviewer.io.checks import check_amount, check_sampling, name_leads, signal_notes
from ecgviewer.io.patients import patient_from_comments
from ecgviewer.io.units import mv_per_unit
from ecgviewer.io.wfdb_header import DEFAULT_GAIN, Header, SignalSpec, read_header
from ecgviewer.io.wfdb_segments import Layout, Part, load_layout
from ecgviewer.io.wfdb_source import Piece, SegmentSignals, WfdbSource

MAX_CHECKSUM_SAMPLES = 4_000_000
"""Whole-record checksums are verified on opening up to this many samples: some 20 ms."""
_SCALE_RANGE = (1e-30, 1e9)
"""mV per unit. Writers spread a lead over all 32 bits: a common one needs 1e-10, one that holds but
the rounding errors of a difference 1e-27. Narrow enough for float32."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """The signals that are shown, and what was decided about them."""

    signals: tuple[int, ...]
    units: str | None
    units_known: bool
    notes: tuple[Note, ...]


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
    rows = _choose_rows(layout.signals, ref)
    notes += rows.notes
    shown = [layout.signals[signal] for signal in rows.signals]
    positions = _positions(layout, rows)
    samples_per_frame = max(
        [spec.samples_per_frame for spec in shown]
        + [
            part.segment.header.signals[k].samples_per_frame
            for part, row in zip(layout.parts, positions, strict=True)
            for k in row
            if k is not None
        ]
    )
    notes += _rate_notes(shown, fs_hz, samples_per_frame)
    pieces = [
        _piece(part, row, rows, samples_per_frame)
        for part, row in zip(layout.parts, positions, strict=True)
    ]
    frame_samples = sum(spec.samples_per_frame for spec in layout.signals)
    n_samples = layout.n_frames * samples_per_frame
    check_sampling(fs_hz * samples_per_frame, n_samples, ref.path)
    check_amount(fs_hz * max(frame_samples, samples_per_frame * len(shown)), ref.path)
    fs_hz *= samples_per_frame
    leads, lead_notes = name_leads([spec.name for spec in shown], ref.options)
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
        start_time=header.start_time,
        patient=patient_from_comments(layout.comments),
        notes=tuple(notes),
    )


def _positions(layout: Layout, rows: _Rows) -> list[list[int | None]]:
    """Return where each part has the shown signals; looked up once per segment."""
    known: dict[int, list[int | None]] = {}
    for part in layout.parts:
        if id(part.segment) not in known:
            known[id(part.segment)] = [layout.position(k, part) for k in rows.signals]
    return [known[id(part.segment)] for part in layout.parts]


def _frame_rate(header: Header, ref: RecordRef) -> tuple[float, list[Note]]:
    """Return the frames per second, and how they are known."""
    given = ref.options.fs_hz
    stated = header.fs_hz
    if stated is None or stated == 0:
        if given is None:
            raise UnansweredError(
                "the header gives no sampling frequency"
                if stated is None
                else "the header gives a sampling frequency of 0",
                ref.path,
                ("fs",),
            )
        return given, [Note("assumed", f"sampling frequency {given:g} Hz as given", "fs")]
    if stated < 0 or not math.isfinite(stated):
        raise CorruptFileError(f"the sampling frequency {stated:g} Hz is impossible", ref.path)
    if given is not None and given != stated:
        return stated, [
            Note("info", f"the file says {stated:g} Hz; the {given:g} Hz given were not used")
        ]
    return stated, []


def _choose_rows(signals: Sequence[SignalSpec], ref: RecordRef) -> _Rows:
    """Choose the signals that are voltages, or all that may be leads when none says so."""
    notes: list[Note] = []
    given = ref.options.units
    if given is not None and mv_per_unit(given) is None:
        raise UnsupportedFormatError(f"{given!r} is no unit of voltage", ref.path)
    voltages = [_has_voltage(spec) for spec in signals]
    unknown = [
        not voltage and (canonical_lead(spec.name) is not None or not any(voltages))
        for spec, voltage in zip(signals, voltages, strict=True)
    ]
    shown = [k for k in range(len(signals)) if voltages[k] or unknown[k]]
    left_out = [f"{spec.name} ({spec.units})" for k, spec in enumerate(signals) if k not in shown]
    if left_out:
        notes.append(Note("info", f"not shown, no voltages: {', '.join(left_out)}"))
    asked = [spec for spec, hit in zip(signals, unknown, strict=True) if hit]
    uncalibrated = asked if given is None else []
    if uncalibrated:
        units = sorted({spec.units or "none" for spec in uncalibrated})
        what = "no gain" if all(spec.gain is None for spec in uncalibrated) else "no known unit"
        notes.append(
            Note(
                "warning",
                f"amplitudes are not calibrated: the header gives {what} "
                f"({', '.join(units)}) for {', '.join(s.name or '?' for s in uncalibrated)}; "
                "the unit can be given",
                "units",
            )
        )
    elif asked:
        notes.append(Note("assumed", f"unit {given} as given", "units"))
    if any(spec.units is None and spec.gain is not None for spec in signals):
        notes.append(Note("assumed", "the header names no unit: mV, the format's default"))
    return _Rows(tuple(shown), given, not uncalibrated, tuple(notes))


def _has_voltage(spec: SignalSpec) -> bool:
    """Return whether gain and unit together give mV (mV is the format's default unit)."""
    return spec.gain is not None and mv_per_unit(spec.units or "mV") is not None


def _rate_notes(rows: Iterable[SignalSpec], fs_hz: float, samples_per_frame: int) -> list[Note]:
    slower: dict[int, list[str]] = {}
    for spec in rows:
        if spec.samples_per_frame != samples_per_frame:
            slower.setdefault(spec.samples_per_frame, []).append(spec.name)
    return [
        Note(
            "assumed",
            f"{', '.join(names)}: recorded at {fs_hz * rate:g} Hz, interpolated linearly "
            f"to {fs_hz * samples_per_frame:g} Hz",
        )
        for rate, names in sorted(slower.items())
    ]


def _piece(
    part: Part, positions: Sequence[int | None], rows: _Rows, samples_per_frame: int
) -> Piece:
    specs = part.segment.header.signals
    return Piece(
        part.start * samples_per_frame,
        part.stop * samples_per_frame,
        part.segment,
        tuple(positions),
        tuple(1.0 if k is None else _scale(specs[k], rows, part.segment) for k in positions),
    )


def _scale(spec: SignalSpec, rows: _Rows, segment: SegmentSignals) -> float:
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


def _checksum_notes(layout: Layout) -> list[Note]:
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
