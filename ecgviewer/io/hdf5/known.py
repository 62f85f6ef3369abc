"""What is known of an HDF5 record, and how: as the file says, answered, remembered or published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import QUESTIONS, UnansweredError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Note, Patient
from ecgviewer.core.record.start import Start
from ecgviewer.io.hdf5.clock import Clock
from ecgviewer.io.hdf5.facts import Facts
from ecgviewer.io.hdf5.locate.published import PublishedLayout, choose_order
from ecgviewer.io.profiles import Profile
from ecgviewer.io.sidecar import patient_in, rate_in, row_beside
from ecgviewer.io.statements.checks import name_leads, unused_unit_notes
from ecgviewer.io.statements.units import mv_per_unit


@dataclass
class Known:
    """What is known of one record, and how; filled in by the functions below."""

    notes: list[Note] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    fs_hz: float = 0.0
    leads: tuple[str, ...] = ()
    n_leads: int = 0
    factors: tuple[float, ...] = ()
    units_known: bool = True
    patient: Patient = field(default_factory=Patient)
    start: Start = field(default_factory=Start)


def know_rate(
    known: Known,
    ref: RecordRef,
    facts: Sequence[Facts],
    profile: Profile | None,
    published: PublishedLayout | None,
    clock: Clock | None = None,
) -> None:
    """Fill in rate and start: file, its times, answer, profile, table beside, published layout."""
    rates = {rate for one in facts for rate in one.rates_hz}
    if len(rates) > 1:
        raise UnsupportedFormatError("its leads have different sampling frequencies", ref.path)
    known.start = facts[0].start.start
    known.notes += facts[0].start.notes
    if clock is not None:
        _know_clock(known, clock, rates)
    beside = row_beside(ref.path) if published is not None else None
    if beside is not None:
        known.patient = patient_in(beside[1])
    doubts = dict.fromkeys(note for one in facts for note in one.notes if note.level != "info")
    known.notes += dict.fromkeys(
        note for one in facts for note in one.notes if note.level == "info"
    )
    remembered = profile.answers.fs_hz if profile is not None else None
    answered = ref.options.fs_hz is not None or remembered is not None
    if rates and not (doubts and answered) and (stated := rates.pop()):
        known.fs_hz = stated
        known.notes += doubts
        if ref.options.fs_hz is not None and ref.options.fs_hz != stated:
            known.notes.append(
                Note("info", f"the file says {stated:g} Hz; the rate given was not used")
            )
    elif ref.options.fs_hz is not None:
        known.fs_hz = ref.options.fs_hz
        text = f"sampling frequency {known.fs_hz:g} Hz as given"
        known.notes.append(Note("assumed", text, "fs"))
    elif profile is not None and remembered is not None:
        known.fs_hz = remembered
        known.notes.append(_profile_note(profile, f"{known.fs_hz:g} Hz", "fs"))
    elif beside is not None and (listed := rate_in(beside[1])) is not None:
        known.fs_hz = listed
        known.notes.append(
            Note("assumed", f"sampling frequency {listed:g} Hz from {beside[0].name}", "fs")
        )
    elif published is not None:
        known.fs_hz = published.fs_hz
        known.notes.append(
            Note(
                "assumed",
                f"sampling frequency {published.fs_hz:g} Hz, as published for {published.name}; "
                "the file does not say",
                "fs",
            )
        )
    else:
        known.missing.append("fs")


def _know_clock(known: Known, clock: Clock, rates: set[float]) -> None:
    """Take rate and start from a column of times, where the file says nothing else of them."""
    if known.start == Start():
        known.start = clock.start
    if clock.fs_hz is None:
        return
    if not rates:
        rates.add(clock.fs_hz)
        text = f"sampling frequency {clock.fs_hz:g} Hz, from the times in {clock.name!r}"
        known.notes.append(Note("info", text))
        return
    stated = next(iter(rates))
    if stated and abs(clock.fs_hz - stated) > 0.01 * stated:
        text = (
            f"the file says {stated:g} Hz, and its times in {clock.name!r} say "
            f"{clock.fs_hz:g} Hz: the first was taken"
        )
        known.notes.append(Note("warning", text, "fs"))


def know_units(
    known: Known,
    ref: RecordRef,
    facts: Sequence[Facts],
    profile: Profile | None,
    published: PublishedLayout | None,
    n_rows: int,
    doubt: str | None,
) -> None:
    """Fill in mV per unit for each row, or that the unit stays unknown.

    ``doubt`` is a factor that the file gives and that could not be applied.
    """
    stated = _stated(facts, n_rows)
    factors = [mv_per_unit(unit) if unit else None for unit in stated]
    given = ref.options.units
    if given is not None and mv_per_unit(given) is None:
        raise UnsupportedFormatError(f"{given!r} is no unit of voltage", ref.path)
    remembered = profile.answers.units if profile is not None else None
    normalised = facts[0].normalised
    if all(factor is not None for factor in factors) and normalised is None and doubt is None:
        known.factors = _per_row([factor or 1.0 for factor in factors], n_rows)
        if given is not None:
            known.notes += unused_unit_notes([unit for unit in stated if unit], given)
        return
    answer = None
    if given is not None:
        answer = given
        known.notes.append(Note("assumed", f"unit {given} as given", "units"))
    elif profile is not None and remembered and mv_per_unit(remembered):
        answer = remembered
        known.notes.append(_profile_note(profile, f"unit {remembered}", "units"))
    elif published is not None and stated[0] is None and normalised is None:
        answer = published.units
        text = f"unit {answer}, as published for {published.name}; the file does not say"
        if published.other_units:
            text += (
                f", and other documents of it say {published.other_units}; the unit can be given"
            )
        known.notes.append(Note("assumed", text, "units"))
    if answer is not None:
        known.factors = _per_row([mv_per_unit(answer) or 1.0], n_rows)
        return
    known.units_known = False
    known.factors = _per_row([1.0], n_rows)
    said = normalised or doubt or next((unit for unit in stated if unit), None)
    reason = f'the file says "{said}"' if said else "the file names no unit; it can be given"
    if doubt is not None and normalised is None:
        reason += ", which is not understood; the unit of the stored numbers can be given"
    known.notes.append(Note("warning", f"amplitudes are not in mV: {reason}", "units"))


def know_leads(
    known: Known,
    ref: RecordRef,
    names: Sequence[str] | None,
    n_rows: int,
    profile: Profile | None,
    published: PublishedLayout | None,
    block: npt.NDArray[np.float32],
) -> None:
    """Fill in the lead names; ``block`` [n_leads, n] decides between published orders."""
    known.n_leads = n_rows
    if names is not None and len(names) == n_rows:
        known.leads, notes = name_leads(names, ref.options)
        known.notes += notes
        return
    if ref.options.leads and len(ref.options.leads) != n_rows:
        raise UnansweredError(
            f"{len(ref.options.leads)} lead names were given for {n_rows} leads",
            ref.path,
            ("leads",),
            n_rows,
        )
    if ref.options.leads:
        known.leads, notes = name_leads([""] * n_rows, ref.options)
        known.notes += notes
    elif profile is not None and len(profile.answers.leads) == n_rows:
        known.leads, _ = name_leads(profile.answers.leads, ReadOptions())
        known.notes.append(_profile_note(profile, "lead names", "leads"))
    elif published is not None:
        known.leads, why = choose_order(block, published.orders)
        known.notes.append(
            Note(
                "assumed",
                f"leads in the order {' '.join(known.leads[:6])} V1-V6, as published for "
                f"{published.name} ({why}); the file does not say",
                "leads",
            )
        )
    else:
        known.missing.append("leads")


def ask(known: Known, ref: RecordRef) -> None:
    """Raise UnansweredError for everything that is missing, at once."""
    if not known.units_known and ref.options.units is None:
        known.missing.append("units")
    listed = " and ".join(QUESTIONS[key] for key in known.missing)
    raise UnansweredError(
        f"the file does not say {listed}", ref.path, tuple(known.missing), known.n_leads
    )


def _stated(facts: Sequence[Facts], n_rows: int) -> list[str | None]:
    """Return the unit of each row, or of all, as the file says it; None where it does not."""
    if len(facts) == 1 and facts[0].units is not None:
        units = facts[0].units
        if len(units) == n_rows:
            return list(units)
        return [facts[0].unit]
    return [one.unit for one in facts]


def _per_row(factors: Sequence[float], n_rows: int) -> tuple[float, ...]:
    return tuple(factors) if len(factors) == n_rows else (factors[0],) * n_rows


def _profile_note(profile: Profile, what: str, question: str) -> Note:
    text = f"{what}, as answered for files of this layout on {profile.saved}"
    return Note("assumed", text, question)
