"""EDF, EDF+ and BDF files to a Recording: which signals, on which time base, with which gaps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.core.leads import canonical_lead
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Note, Numbering, Recording
from ecgviewer.core.record.source_facts import SourceFacts
from ecgviewer.io import limits
from ecgviewer.io.edf.header import EdfHeader, EdfSignal, read_header
from ecgviewer.io.edf.records import Records, Texts
from ecgviewer.io.file_access import FileStamp
from ecgviewer.io.file_source import Contents, given_rate_notes, recording_of
from ecgviewer.io.statements.checks import check_scale, ecg_channels, others_note, unused_unit_notes
from ecgviewer.io.statements.units import mv_per_unit

FloatArray = npt.NDArray[np.float32]

_LOWEST = -32768
_FILTER = re.compile(r"\b(HP|LP|N|notch)\s*:?\s*(?:DC|(\d+(?:\.\d+)?))\s*(?:Hz)?", re.IGNORECASE)


def open_edf(ref: RecordRef) -> Recording:
    """Open an EDF, EDF+C, EDF+D, BDF or BDF+ file.

    Raises
    ------
    RecordError
        Naming the reason.
    """
    stamp = FileStamp.of(ref.path)
    header = read_header(ref.path, stamp)
    candidates = [one for one in header.signals if not one.is_annotations]
    if not any(one.samples_per_record for one in candidates) or header.record_s == 0:
        raise UnsupportedFormatError(
            f"is {header.kind} with annotations alone: it holds no samples", ref.path
        )
    records = Records(ref.path, header)
    texts = records.texts()
    shown, scales, known, notes = _choose(candidates, header, ref)
    fastest = max(one.samples_per_record for one in shown)
    fs_hz = fastest / header.record_s
    starts, time_notes = _starts(header, texts, fs_hz, fastest, ref)
    reader = _EdfRanges(records, shown, scales, starts, fastest)
    n_samples = int(starts[-1]) + fastest if starts.size else 0
    padded = reader.padding(n_samples)
    if padded:
        time_notes.append(Note("info", f"padding cut off: {padded} samples after the signal"))
    first_s = float(texts.onsets_s[0]) if texts.onsets_s.size and _has_texts(header) else 0.0
    return recording_of(
        ref,
        stamp,
        Contents(
            format=header.kind if header.continuous else f"{header.kind} (with gaps)",
            names=tuple(one.label for one in shown),
            fs_hz=fs_hz,
            n_samples=n_samples - padded,
            read=reader.read,
            units_known=known,
            start=header.start.later(first_s),
            numbering=Numbering(signals=tuple(header.signals.index(one) for one in shown)),
            patient=header.patient,
            facts=_facts(header, shown, texts, first_s),
            notes=(
                *notes,
                *time_notes,
                *given_rate_notes(fs_hz, ref.options),
                *_rate_notes(shown, fastest, header),
            ),
        ),
    )


class _EdfRanges:
    """Reads ranges of the signals shown, on the time base of the fastest."""

    def __init__(
        self,
        records: Records,
        signals: Sequence[EdfSignal],
        scales: Sequence[float],
        starts: npt.NDArray[np.int64],
        per_record: int,
    ) -> None:
        self._records = records
        self._signals = tuple(
            replace(one, gain=one.gain * scale) for one, scale in zip(signals, scales, strict=True)
        )
        self._starts = starts
        self._per_record = per_record

    def read(self, start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        """Return samples ``[start, stop)``; NaN between data records that do not touch."""
        out = np.full((len(leads), stop - start), np.nan, dtype=np.float32)
        n = self._per_record
        first = int(np.searchsorted(self._starts, start - n, side="right"))
        last = int(np.searchsorted(self._starts, stop, side="left"))
        if first >= last:
            return out
        # One more, if it follows: what slower signals are interpolated towards.
        more = last < self._starts.size and self._starts[last] == self._starts[last - 1] + n
        signals = [self._signals[lead] for lead in leads]
        rows = self._records.samples(first, last + more, signals)
        begins = self._starts[first:last]
        # Stretches of data records that touch are placed as one.
        breaks = np.flatnonzero(np.diff(begins) != n) + 1
        for low, high in zip([0, *breaks], [*breaks, begins.size], strict=True):
            at = int(begins[low])
            end = int(begins[high - 1]) + n
            a, b = max(start, at), min(stop, end)
            for row, (one, values) in enumerate(zip(signals, rows, strict=True)):
                per = one.samples_per_record
                tail = high + (more if high == begins.size else 0)
                part = values[low * per : tail * per]
                if per == n:
                    out[row, a - start : b - start] = part[a - at : b - at]
                elif part.size:
                    where = np.arange(a - at, b - at) * (per / n)
                    out[row, a - start : b - start] = np.interp(where, np.arange(part.size), part)
        return out

    def padding(self, n_samples: int) -> int:
        """Return how many samples of the last data record hold the lowest number in every signal.

        Converters fill it so; a signal that runs into its limit does so in one lead, not to the
        very end of all.
        """
        if n_samples == 0:
            return 0
        last = self.read(n_samples - self._per_record, n_samples, range(len(self._signals)))
        lowest = [np.float32((_LOWEST + one.offset) * one.gain) for one in self._signals]
        signal = np.flatnonzero((last != np.array(lowest)[:, None]).any(axis=0))
        used = int(signal[-1]) + 1 if signal.size else 0
        return self._per_record - used


def _choose(
    candidates: Sequence[EdfSignal], header: EdfHeader, ref: RecordRef
) -> tuple[list[EdfSignal], list[float], bool, list[Note]]:
    """Return the signals that are shown, mV per their unit, whether all are known, and notes."""
    given = ref.options.units
    if given is not None and mv_per_unit(given) is None:
        raise UnsupportedFormatError(f"{given!r} is no unit of voltage", ref.path)
    with_samples = [one for one in candidates if one.samples_per_record]
    leads = ecg_channels([one.label for one in with_samples])
    filled = [one for one, lead in zip(with_samples, leads, strict=True) if lead]
    voltages = [one for one in filled if mv_per_unit(one.unit) is not None]
    shown = [
        one
        for one in filled
        if not voltages or one in voltages or canonical_lead(one.label) is not None
    ]
    notes: list[Note] = []
    others = [one for one, lead in zip(with_samples, leads, strict=True) if not lead]
    if others:
        notes.append(others_note((one.label, one.unit) for one in others))
    left_out = [f"{one.label} ({one.unit or 'no unit'})" for one in filled if one not in shown]
    if left_out:
        notes.append(Note("info", f"not shown, no voltages: {', '.join(left_out)}"))
    asked = [one.label or "?" for one in shown if mv_per_unit(one.unit) is None]
    if asked and given is None:
        text = (
            f"amplitudes are not calibrated: the header gives no unit of voltage for "
            f"{', '.join(asked)}; the unit can be given"
        )
        notes.append(Note("warning", text, "units"))
    elif asked:
        notes.append(Note("assumed", f"unit {given} as given for {', '.join(asked)}", "units"))
    elif given is not None:
        notes += unused_unit_notes([one.unit for one in shown], given)
    scales = [mv_per_unit(one.unit) or mv_per_unit(given or "mV") or 1.0 for one in shown]
    for one, scale in zip(shown, scales, strict=True):
        check_scale(one.gain * scale, one.offset * one.gain * scale, one.label, ref.path)
    return shown, scales, not asked or given is not None, notes


def _starts(
    header: EdfHeader, texts: Texts, fs_hz: float, per_record: int, ref: RecordRef
) -> tuple[npt.NDArray[np.int64], list[Note]]:
    """Return the first sample of each data record on the recording's time base."""
    notes: list[Note] = []
    n = header.n_records
    if header.stated_records not in (n, -1) or header.rest_bytes:
        text = f"the header says {header.stated_records} data records; the file holds {n}: used"
        notes.append(Note("warning", text))
    together = np.arange(n, dtype=np.int64) * per_record
    if header.stated_records == -1:
        notes.append(Note("info", f"was not closed by its recorder; {n} data records are there"))
    if not _has_texts(header) or n == 0:
        if not header.continuous:
            raise CorruptFileError(
                f"is {header.kind} with gaps, and no data record says when it begins", ref.path
            )
        return together, notes
    onsets = texts.onsets_s - texts.onsets_s[0]
    if not abs(onsets[-1]) < limits.MAX_DURATION_S:
        raise CorruptFileError(f"claims a data record {onsets[-1]:g} s after the first", ref.path)
    starts = np.round(onsets * fs_hz).astype(np.int64)
    steps = np.diff(starts)
    # Onsets are rounded as text: half a sample is no gap.
    drift = np.abs(onsets - np.arange(n) * header.record_s).max() * fs_hz
    if drift < 1.0:
        return together, notes
    if (steps < per_record - 1).any():
        raise CorruptFileError("its data records overlap in time", ref.path)
    # Within one sample of the record before: it follows.
    for k in np.flatnonzero(np.abs(steps - per_record) == 1):
        starts[k + 1 :] += per_record - (starts[k + 1] - starts[k])
    gaps = np.flatnonzero(np.diff(starts) != per_record)
    missing_s = float((np.diff(starts)[gaps] - per_record).sum()) / fs_hz
    notes.append(
        Note(
            "warning" if header.continuous else "info",
            f"{gaps.size} gap{'s' if gaps.size != 1 else ''} between its data records, "
            f"{missing_s:.4g} s together"
            + (", though its header says that it has none" if header.continuous else ""),
        )
    )
    return starts, notes


def _has_texts(header: EdfHeader) -> bool:
    return any(one.is_annotations for one in header.signals)


def _rate_notes(shown: Sequence[EdfSignal], fastest: int, header: EdfHeader) -> list[Note]:
    slower = [one for one in shown if one.samples_per_record != fastest]
    return [
        Note(
            "assumed",
            f"{one.label}: recorded at {one.samples_per_record / header.record_s:g} Hz, "
            f"interpolated linearly to {fastest / header.record_s:g} Hz",
        )
        for one in slower
    ]


def _facts(
    header: EdfHeader, shown: Sequence[EdfSignal], texts: Texts, first_s: float
) -> SourceFacts:
    """Return device, annotations, and the filters that all signals shown share."""
    found: dict[str, set[float | None]] = {"HP": set(), "LP": set(), "N": set()}
    for one in shown:
        said = {
            match[1].upper()[:2].removesuffix("O"): float(match[2])
            for match in _FILTER.finditer(one.prefiltering)
            if match[2]
        }
        for key, values in found.items():
            values.add(said.get(key))
    shared = {key: next(iter(one)) if len(one) == 1 else None for key, one in found.items()}
    return SourceFacts(
        device=header.device,
        highpass_hz=shared["HP"],
        lowpass_hz=shared["LP"],
        mains_hz=shared["N"],
        events=tuple(replace(one, start_s=one.start_s - first_s) for one in texts.events),
    )
