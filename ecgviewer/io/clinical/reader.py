"""Resting ECGs that ecgdatakit parses, to recordings."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.core.leads import canonical_lead
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Note, Numbering, Recording
from ecgviewer.core.record.source_facts import MedianBeats
from ecgviewer.core.record.start import Start
from ecgviewer.io.clinical.aecg import SequenceSet, parts_of
from ecgviewer.io.clinical.checks import MAX_XML_BYTES, check_before, xml_tree
from ecgviewer.io.clinical.facts import facts_of, patient_of
from ecgviewer.io.clinical.parsing import guarded, parser_of
from ecgviewer.io.clinical.pieces import (
    LeadRows,
    median_of,
    rows_of,
    with_derived,
    without_calibration,
)
from ecgviewer.io.file_access import FileStamp
from ecgviewer.io.file_source import (
    Contents,
    given_rate_notes,
    held_in_memory,
    one_of_many,
    recording_of,
)
from ecgviewer.io.recognise import AECG, MORTARA, MUSE, SCP
from ecgviewer.io.statements.units import mv_per_unit

EXPERIMENTAL = frozenset((MORTARA,))
_FIRST_ALONE = re.compile(r"series found; only the first|sequence sets in the|rounded to \d+ Hz")
_TELLS_LITTLE = re.compile(r"median|representative|TYPICAL_CYCLE", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _LeadGroup:
    """Leads that were recorded at the same time, and when."""

    leads: list[Any]
    fs_hz: float
    offset_s: float


def open_clinical(kind: str, ref: RecordRef) -> Recording:
    """Open a record of a file in one of the formats of :mod:`ecgviewer.io.clinical.parsing`.

    Raises
    ------
    RecordError
        Naming the reason.
    """
    stamp = FileStamp.of(ref.path)
    check_before(kind, ref.path)
    tree = None if kind == SCP else xml_tree(ref.path)
    parser = parser_of(kind)
    record, warned = guarded(ref.path, lambda: parser.parse(ref.path))
    notes = [_note(text) for text in warned if not _FIRST_ALONE.search(text)]
    if kind == AECG:
        records, start_each = _aecg_records(ref.path)
    else:
        fs_hz = _exact_rate(kind, tree) or float(record.leads[0].sampling_rate)
        records, start_each = [[_LeadGroup(record.leads, fs_hz, 0.0)]], [None]
    index, many = one_of_many(ref, len(records))
    rows, fs_hz, first_s = _merged(kind, records[index], ref)
    start = Start.of(start_each[index] or record.recording.date)
    if kind in EXPERIMENTAL:
        notes.append(Note("info", f"{kind} has no public description: reading it is experimental"))
    median = median_of(record.median_beats, ref.path)
    known, unit_notes = _units(rows, ref)
    facts = facts_of(record)
    if median is not None:
        facts = replace(facts, median=MedianBeats(*median))
    return recording_of(
        ref,
        stamp,
        Contents(
            format=kind,
            names=tuple(rows.names),
            fs_hz=fs_hz,
            n_samples=rows.samples.shape[1],
            read=held_in_memory(rows.samples),
            units_known=known,
            alone=len(records) == 1,
            start=start.later(first_s),
            patient=patient_of(record),
            facts=facts,
            numbering=Numbering(signals=tuple(rows.numbers)),
            notes=(
                *many,
                *notes,
                *rows.notes,
                *unit_notes,
                *given_rate_notes(fs_hz, ref.options),
            ),
        ),
    )


def count_clinical(kind: str, path: Path) -> int:
    """Return how many records a file holds; raises as :func:`open_clinical`."""
    if kind != AECG:
        return 1
    check_before(kind, path)
    xml_tree(path)  # says better than the parser where a file is cut off
    return max(len(_aecg_records(path)[0]), 1)


def _aecg_records(path: Path) -> tuple[list[list[_LeadGroup]], list[datetime | None]]:
    """Return the records of an aECG, and when each began.

    Sets of a series that differ in leads make one record; leads that come again begin another.
    """
    series, _ = parts_of(path, MAX_XML_BYTES)
    records: list[list[_LeadGroup]] = []
    starts: list[datetime | None] = []
    for parts in series:
        groups: list[list[SequenceSet]] = []
        for part in parts:
            named = {_name(lead) for one in groups[-1] for lead in one.leads} if groups else set()
            again = named & {_name(lead) for lead in part.leads}
            if not groups or again or groups[-1][0].fs_hz != part.fs_hz:
                groups.append([part])
            else:
                groups[-1].append(part)
        for group in groups:
            first = group[0]
            records.append(
                [_LeadGroup(one.leads, one.fs_hz, _seconds_after(first, one)) for one in group]
            )
            starts.append(first.start)
    if not records:
        raise CorruptFileError("holds no leads of a rhythm", path)
    return records, starts


def _name(lead: Any) -> str:
    return canonical_lead(lead.label) or str(lead.label)


def _seconds_after(first: SequenceSet, other: SequenceSet) -> float:
    if first.start is not None and other.start is not None:
        if (first.start.tzinfo is None) != (other.start.tzinfo is None):
            return 0.0
        return float((other.start - first.start).total_seconds())
    if first.offset_s is not None and other.offset_s is not None:
        return other.offset_s - first.offset_s
    return 0.0


def _merged(kind: str, pieces: list[_LeadGroup], ref: RecordRef) -> tuple[LeadRows, float, float]:
    """Return the rows of one record, its rate, and when it begins (s after its first piece)."""
    fs_hz = pieces[0].fs_hz
    first_s = min(piece.offset_s for piece in pieces)
    leads, starts = [], []
    for piece in pieces:
        lengths = {len(lead.samples) for lead in piece.leads}
        rates = {lead.sampling_rate for lead in piece.leads}
        own = [_first_sample(lead) for lead in piece.leads]
        if len(rates) > 1:
            raise UnsupportedFormatError("its leads have different sampling rates", ref.path)
        if len(lengths) > 1 and not any(own):
            shown = " and ".join(str(n) for n in sorted(lengths)[:3])
            raise CorruptFileError(f"its leads differ in length ({shown} samples)", ref.path)
        at = round((piece.offset_s - first_s) * fs_hz)
        earliest = min(own, default=0)
        leads += piece.leads
        starts += [at + begin - earliest for begin in own]
    if (max(starts, default=0)) / fs_hz > 86_400:
        raise CorruptFileError("its leads lie more than a day apart", ref.path)
    rows = rows_of(leads, starts, ref.options.units, ref.path)
    without_calibration(rows, fs_hz)
    if kind in (MUSE, SCP):
        with_derived(rows)
    if len(pieces) > 1 and any(piece.offset_s != first_s for piece in pieces):
        listed = "; ".join(
            f"{', '.join(_name(lead) for lead in piece.leads)} from {piece.offset_s - first_s:g} s"
            for piece in pieces
        )
        rows.notes.append(Note("info", f"leads recorded one after the other: {listed}"))
    elif len(pieces) > 1:
        text = "sets of leads do not say when they begin: shown as simultaneous"
        rows.notes.append(Note("assumed", text))
    return rows, fs_hz, first_s


def _first_sample(lead: Any) -> int:
    text = lead.annotations.get("start_sample", "1")
    return int(text) - 1 if text.isdigit() else 0


def _exact_rate(kind: str, tree: Element | None) -> float | None:
    """Return the rate that the parser rounds to a whole number."""
    if kind == MUSE and tree is not None:
        for waveform in tree.findall("Waveform"):
            if (waveform.findtext("WaveformType") or "rhythm").strip().lower() == "rhythm":
                base = _number(waveform.findtext("SampleBase"))
                exponent = _number(waveform.findtext("SampleExponent")) or 0.0
                if base is not None and abs(exponent) < 9:
                    return float(base * 10**exponent)
    if kind == MORTARA and tree is not None:
        channel = tree.find("CHANNEL")
        return _number(channel.get("SAMPLE_FREQ")) if channel is not None else None
    return None


def _number(text: str | None) -> float | None:
    try:
        return float((text or "").strip().replace(",", "."))
    except ValueError:
        return None


def _units(rows: LeadRows, ref: RecordRef) -> tuple[bool, list[Note]]:
    given = ref.options.units
    if given is not None and mv_per_unit(given) is None:
        raise UnsupportedFormatError(f"{given!r} is no unit of voltage", ref.path)
    if not rows.without_unit:
        return True, []
    listed = ", ".join(rows.without_unit)
    if given is not None:
        return True, [Note("assumed", f"unit {given} as given for {listed}", "units")]
    text = f"amplitudes are not calibrated: the file gives no unit for {listed}; it can be given"
    return False, [Note("warning", text, "units")]


def _note(text: str) -> Note:
    return Note("info" if _TELLS_LITTLE.search(text) else "warning", text)
