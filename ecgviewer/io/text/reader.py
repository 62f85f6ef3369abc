"""Tables of samples as text, to recordings: what the file does not say is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import (
    QUESTIONS,
    CorruptFileError,
    UnansweredError,
    UnsupportedFormatError,
)
from ecgviewer.core.leads import canonical_lead
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Note, Numbering, Patient, Recording
from ecgviewer.io.file_access import FileStamp, missing
from ecgviewer.io.file_source import Contents, given_rate_notes, held_in_memory, recording_of
from ecgviewer.io.profiles import remembered_for
from ecgviewer.io.statements.checks import unused_unit_notes
from ecgviewer.io.statements.patients import patient_from_comments
from ecgviewer.io.statements.units import mv_per_unit
from ecgviewer.io.text.rows import is_nothing
from ecgviewer.io.text.sniff import TextLayout, layout_of, said_unit

MAX_BYTES = 128 << 20
MAX_MV = 1e12
MAX_TIME = 1e16
"""Microseconds since 1970 are 1.8e15."""
UNEVEN = 0.02
"""Largest departure from even times, in samples beyond what their figures allow."""
WHOLE_WITHIN = 2e-4
"""Relative: times of three decimals over 10 s give a rate to 1e-4."""
_REMEMBERED = "as remembered for files of this layout"
_WORDS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", " ": "blanks"}
_CELLS = re.compile(r"^([^\W\d][\w ]{0,30})[,;\t]\s*\"?([^\"]+)\"?$")
"""``Date of Birth,"Jan 2, 1950"``: what other files write with a colon."""
ASSUMED_SECONDS_BELOW = 0.05
"""A step of an unnamed time unit that can only be seconds: 50 ms would be 20 Hz."""


@dataclass
class _Known:
    """What is known of a file, and what is still to be asked."""

    fs_hz: float = 0.0
    names: tuple[str, ...] = ()
    scales: tuple[float, ...] = ()
    units_known: bool = True
    notes: list[Note] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def open_text(ref: RecordRef) -> Recording:
    """Open a table of samples.

    Raises
    ------
    RecordError
        UnansweredError names what must be given; the others name the damage.
    """
    stamp = FileStamp.of(ref.path)
    if stamp.size > MAX_BYTES:
        raise UnsupportedFormatError(
            f"is text of more than the {MAX_BYTES >> 20} MB that are read of it", ref.path
        )
    layout = layout_of(ref.path)
    if layout is None:
        raise UnsupportedFormatError("is no table of numbers", ref.path)
    remembered = remembered_for(layout.signature)
    known = _Known()
    layout = _as_answered(known, layout, ref, remembered)
    _know_units(known, layout, ref, remembered)
    _know_names(known, layout, ref.options, remembered)
    _know_rate(known, layout, ref.options, remembered)
    if known.missing:
        _ask(known, ref)
    columns = _numbers(ref.path, layout)
    if not known.fs_hz:
        known.fs_hz = _rate_by_times(known, layout, columns, ref)
    signals = list(layout.signals)
    samples = columns[signals] * np.array(known.scales)[:, None]
    if np.nanmax(np.abs(samples), initial=0.0) > MAX_MV:
        raise CorruptFileError("holds numbers beyond any ECG's", ref.path)
    return recording_of(
        ref,
        stamp,
        Contents(
            format=f"Text ({_WORDS[layout.rows.delimiter]})",
            names=known.names,
            fs_hz=known.fs_hz,
            n_samples=samples.shape[1],
            read=held_in_memory(samples),
            units_known=known.units_known,
            patient=_patient(layout),
            remembered=remembered,
            numbering=Numbering(signals=layout.signals),
            notes=tuple(known.notes),
        ),
    )


def _know_units(known: _Known, layout: TextLayout, ref: RecordRef, remembered: ReadOptions) -> None:
    """Find mV per stored number of each signal."""
    given = ref.options.units
    if given is not None and mv_per_unit(given) is None:
        raise UnsupportedFormatError(f"{given!r} is no unit of voltage", ref.path)
    overall = said_unit(layout.comments)
    stated = [layout.units[k] or overall for k in layout.signals]
    factors = [mv_per_unit(unit) if unit else None for unit in stated]
    if None not in factors:
        if given is not None:
            known.notes += unused_unit_notes(stated, given)
        known.scales = tuple(one or 1.0 for one in factors)
        return
    answer = given or remembered.units
    if answer is not None and (factor := mv_per_unit(answer)) is not None:
        whose = "as given" if given is not None else _REMEMBERED
        known.notes.append(Note("assumed", f"unit {answer} {whose}", "units"))
        known.scales = tuple(factor if one is None else one for one in factors)
        return
    known.units_known = False
    known.scales = tuple(one or 1.0 for one in factors)
    text = "amplitudes are not in mV: the file names no unit; it can be given"
    known.notes.append(Note("warning", text, "units"))


def _know_names(
    known: _Known, layout: TextLayout, options: ReadOptions, remembered: ReadOptions
) -> None:
    names = tuple(layout.names[k] for k in layout.signals)
    known.names = names
    if any(canonical_lead(name) for name in names) or (all(names) and not options.leads):
        return
    if options.leads and len(options.leads) == len(names):
        return  # name_leads takes them, and says so
    if remembered.leads and len(remembered.leads) == len(names):
        known.names = remembered.leads
        text = f"lead names {_REMEMBERED}"
        known.notes.append(Note("assumed", text, "leads"))
        return
    known.missing.append("leads")


def _as_answered(
    known: _Known, layout: TextLayout, ref: RecordRef, remembered: ReadOptions
) -> TextLayout:
    """Return the layout as answers make it, and note them; what stays open is asked for.

    Raises
    ------
    RecordError
        When the file cannot be read so.
    """
    given = ref.options
    answers = given.completed_by(remembered)
    if not (answers.delimiter or answers.decimal or answers.time):
        if layout.rows.doubtful:
            known.missing.append("decimal")
        return layout
    read = layout_of(ref.path, answers)
    if read is None:
        told = " and ".join(one for one in (answers.delimiter, answers.decimal) if one)
        raise UnsupportedFormatError(f"is no table of numbers with {told}", ref.path)
    if read.rows.doubtful:
        known.missing.append("decimal")
    for key, what in (
        ("delimiter", f"columns separated by {_WORDS[read.rows.delimiter]}"),
        ("decimal", f"numbers with a decimal {answers.decimal}"),
        ("time", _times_in_words(read)),
    ):
        if (answer := getattr(answers, key)) is not None:
            whose = "as given" if answer == getattr(given, key) else _REMEMBERED
            known.notes.append(Note("assumed", f"{what} {whose}", key))
    return read


def _times_in_words(layout: TextLayout) -> str:
    times = layout.times
    if times.times is None:
        return "no column of times"
    unit = {1.0: " in s", 1e-3: " in ms", 1e-6: " in us"}.get(times.unit_s or 0.0, "")
    return f"column {times.times + 1} taken for times{unit}"


def _know_rate(
    known: _Known, layout: TextLayout, options: ReadOptions, remembered: ReadOptions
) -> None:
    """Take the rate given or remembered where the file says none; else it is asked for."""
    times = layout.times
    if layout.fs_hz is not None:
        return
    if times.times is not None:
        if times.unit_s is not None or times.step < ASSUMED_SECONDS_BELOW:
            return
        question = "time"
    else:
        question = "fs"
    answer = options.fs_hz or remembered.fs_hz
    if answer is None:
        known.missing.append(question)
        return
    whose = "as given" if options.fs_hz else _REMEMBERED
    known.fs_hz = answer
    known.notes.append(Note("assumed", f"sampling frequency {answer:g} Hz {whose}", "fs"))


def _rate_by_times(
    known: _Known, layout: TextLayout, columns: npt.NDArray[np.float64], ref: RecordRef
) -> float:
    """Return the rate that the file gives in words or by its times."""
    if layout.fs_hz is not None:
        known.notes += given_rate_notes(layout.fs_hz, ref.options)
        known.notes.append(Note("info", f"sampling frequency {layout.fs_hz:g} Hz as a line says"))
        return layout.fs_hz
    assert layout.times.times is not None
    times = columns[layout.times.times]
    with np.errstate(over="ignore", invalid="ignore"):
        step = float(times[-1] - times[0]) / (times.size - 1) if times.size > 1 else 0.0
    if not np.abs(times).max() < MAX_TIME or not step > 0:
        raise CorruptFileError("its times do not increase, or make no sense", ref.path)
    unit = layout.times.unit_s
    if unit is None:
        unit = 1.0
        text = f"times are in seconds, by their step of {step:.4g}; the file names no unit"
        known.notes.append(Note("assumed", text, "time"))
    decimals = np.spacing(np.float32(1)) + _figures(times)
    even = times[0] + step * np.arange(times.size)
    if np.abs(times - even).max() > UNEVEN * step + decimals:
        raise UnsupportedFormatError(
            "its samples are not evenly spaced in time: gaps or changing rate", ref.path
        )
    fs_hz = 1.0 / (step * unit)
    whole = float(round(fs_hz))
    if whole and abs(fs_hz - whole) <= WHOLE_WITHIN * whole:
        fs_hz = whole
    known.notes += given_rate_notes(fs_hz, ref.options)
    known.notes.append(Note("info", f"sampling frequency {fs_hz:g} Hz by the column of times"))
    return fs_hz


def _figures(times: npt.NDArray[np.float64]) -> float:
    """Return the last decimal that times are written with."""
    some = times[: min(times.size, 1000)]
    for k in range(9):
        if np.allclose(some, np.round(some, k), rtol=0, atol=1e-9):
            return float(10.0**-k)
    return 1e-9


def _ask(known: _Known, ref: RecordRef) -> None:
    if not known.units_known:
        known.missing.append("units")
    order = [key for key in ("decimal", "time", "fs", "leads", "units") if key in known.missing]
    listed = " and ".join(QUESTIONS[key] for key in order)
    raise UnansweredError(
        f"the file does not say {listed}", ref.path, tuple(order), len(known.names)
    )


def _numbers(path: Path, layout: TextLayout) -> npt.NDArray[np.float64]:
    """Return the table [n_columns, n_rows]; NaN where a field is empty."""
    try:
        with path.open(encoding=layout.encoding, errors="replace", newline=None) as file:
            values = np.loadtxt(
                _rows(file, layout), delimiter="\t", dtype=np.float64, comments=None, ndmin=2
            )
    except OSError as error:
        raise missing(path, error) from error
    except ValueError as error:
        raise CorruptFileError(
            "a row does not hold one number per column, as those before it do", path
        ) from error
    if values.shape[1] != len(layout.names):
        raise CorruptFileError("its rows do not have the same number of columns", path)
    return np.ascontiguousarray(values.T)


def _rows(file: Iterator[str], layout: TextLayout) -> Iterator[str]:
    """Yield the rows of numbers as numpy reads them: tabs, points, nan."""
    shape = layout.rows
    for number, line in enumerate(file):
        if number < layout.first_row or not line.strip():
            continue
        parts: Sequence[str] = shape.fields(line)
        row = "\t".join("nan" if is_nothing(part) else part for part in parts)
        yield row.replace(",", ".") if shape.decimal_comma else row


def _patient(layout: TextLayout) -> Patient:
    lines = (line.lstrip("#%!/ ").strip() for line in layout.comments)
    return patient_from_comments(_CELLS.sub(r"\1: \2", line) for line in lines)
