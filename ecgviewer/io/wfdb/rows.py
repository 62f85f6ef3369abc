"""Which signals of a WFDB record are shown, and what its headers say of their units and rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ecgviewer.core.errors import UnsupportedFormatError
from ecgviewer.core.leads import canonical_lead, is_ecg_channel
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Note
from ecgviewer.io.statements.checks import ecg_channels, others_note, unused_unit_notes
from ecgviewer.io.statements.units import mv_per_unit
from ecgviewer.io.wfdb.header import SignalSpec
from ecgviewer.io.wfdb.segments import SegmentLayout


@dataclass(frozen=True, slots=True)
class ShownSignals:
    """The signals that are shown, and what was decided about them.

    Attributes
    ----------
    signals : tuple of int
        Their positions among the signals of the record.
    specs : tuple of tuple of SignalSpec
        What each segment that has the signal says of it; see :meth:`Layout.specs`.
    units : str or None
        The unit given, for what has none.
    units_known : bool
        False when any segment leaves the unit of a shown signal open.
    notes : tuple of Note
    """

    signals: tuple[int, ...]
    specs: tuple[tuple[SignalSpec, ...], ...]
    units: str | None
    units_known: bool
    notes: tuple[Note, ...]

    def options(self, given: ReadOptions, n_signals: int) -> ReadOptions:
        """Return the answers with one lead name per signal shown, where all signals were named."""
        if len(given.leads) != n_signals or n_signals == len(self.signals):
            return given
        return replace(given, leads=tuple(given.leads[k] for k in self.signals))

    def rate_notes(self, fs_hz: float, samples_per_frame: int) -> list[Note]:
        """Return which signals are interpolated; ``fs_hz`` are frames per second."""
        slower: dict[int, list[str]] = {}
        for specs in self.specs:
            rates = {spec.samples_per_frame for spec in specs}
            where = " (in some segments)" if len(rates) > 1 else ""
            for rate in rates - {samples_per_frame}:
                slower.setdefault(rate, []).append(f"{specs[0].name}{where}")
        return [
            Note(
                "assumed",
                f"{', '.join(names)}: recorded at {fs_hz * rate:g} Hz, interpolated linearly "
                f"to {fs_hz * samples_per_frame:g} Hz",
            )
            for rate, names in sorted(slower.items())
        ]


def choose_rows(layout: SegmentLayout, ref: RecordRef) -> ShownSignals:
    """Choose the signals that are voltages, or all that may be leads when none says so.

    Raises
    ------
    UnsupportedFormatError
        When the unit given is no voltage.
    """
    given = ref.options.units
    if given is not None and mv_per_unit(given) is None:
        raise UnsupportedFormatError(f"{given!r} is no unit of voltage", ref.path)
    specs = layout.specs()
    leads = ecg_channels([one[0].name for one in specs])
    voltages = [any(map(_has_voltage, one)) for one in specs]
    named = any(voltage and lead for voltage, lead in zip(voltages, leads, strict=True))
    shown = [
        k
        for k, one in enumerate(specs)
        if leads[k] and (voltages[k] or not named or canonical_lead(one[0].name) is not None)
    ]
    notes: list[Note] = []
    if others := [(one[0].name, one[0].units) for k, one in enumerate(specs) if not leads[k]]:
        notes.append(others_note(others))
    left_out = [
        f"{one[0].name} ({one[0].units})"
        for k, one in enumerate(specs)
        if k not in shown and leads[k]
    ]
    if left_out:
        notes.append(Note("info", f"not shown, no voltages: {', '.join(left_out)}"))
    asked = [[spec for spec in specs[k] if not _has_voltage(spec)] for k in shown]
    if any(asked):
        notes.append(_unit_note(asked, _share_asked(layout, shown), given))
    elif given is not None:
        notes += unused_unit_notes([spec.units or "mV" for k in shown for spec in specs[k]], given)
    if any(spec.units is None and spec.gain is not None for k in shown for spec in specs[k]):
        notes.append(Note("assumed", "the header names no unit: mV, the format's default"))
    return ShownSignals(
        signals=tuple(shown),
        specs=tuple(specs[k] for k in shown),
        units=given,
        units_known=given is not None or not any(asked),
        notes=tuple(notes),
    )


def _has_voltage(spec: SignalSpec) -> bool:
    """Return whether gain and unit together give mV.

    mV is the format's default unit, but not of what is named as no ECG.
    """
    default = "mV" if is_ecg_channel(spec.name) else ""
    return spec.gain is not None and mv_per_unit(spec.units or default) is not None


def _share_asked(layout: SegmentLayout, shown: Sequence[int]) -> str:
    """Return in how many segments a unit is open; empty when in all."""
    segments = layout.segments()
    count = sum(
        any(
            not _has_voltage(part.segment.header.signals[k])
            for k in (part.positions[signal] for signal in shown)
            if k is not None
        )
        for part in segments
    )
    return f" in {count} of {len(segments)} segments" if 0 < count < len(segments) else ""


def _unit_note(asked: Sequence[Sequence[SignalSpec]], where: str, given: str | None) -> Note:
    """Return what is said of signals (one entry each) whose unit the headers leave open."""
    if given is not None:
        return Note("assumed", f"unit {given} as given{where}", "units")
    every = [spec for specs in asked for spec in specs]
    units = sorted({spec.units or "none" for spec in every})
    what = "no gain" if all(spec.gain is None for spec in every) else "no known unit"
    named = ", ".join(specs[0].name or "?" for specs in asked if specs)
    return Note(
        "warning",
        f"amplitudes are not calibrated: the header gives {what} ({', '.join(units)}) "
        f"for {named}{where}; the unit can be given",
        "units",
    )
