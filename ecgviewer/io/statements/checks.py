"""What a reader checks on every record, whatever the format: rate, lead names, first seconds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.core.leads import canonical_lead, is_ecg_channel, resembles_standard_lead
from ecgviewer.core.record.record_ref import ReadOptions
from ecgviewer.core.record.recording import Note, SignalSource
from ecgviewer.io import limits
from ecgviewer.io.statements.lead_identity import identity_notes
from ecgviewer.io.statements.units import mv_per_unit

FloatArray = npt.NDArray[np.float32]

MIN_SCALE, MAX_SCALE = 1e-30, 1e9
"""mV per stored number: within what float32 holds, with room for numbers of 32 bits."""
MAX_SHIFT_MV = 1e12
CHECKED_S = 10.0
"""The first seconds, which are read on opening anyway to be shown."""
PLAUSIBLE_MV = (0.02, 25.0)
"""Median peak-to-peak amplitude over the leads of any ECG, with room."""

USUAL_MV = (0.2, 4.5)
"""Median over leads of the median span of a second: 0.37 to 3.6 mV in 578 records of five data sets
(PTB-XL, CPSC 2018, Georgia and Chapman, LUDB, CinC 2011), 1.1 mV in the middle."""


def check_sampling(fs_hz: float, n_samples: int, path: Path) -> None:
    """Raise RecordError when rate or length cannot be those of an ECG."""
    if not math.isfinite(fs_hz) or fs_hz > limits.MAX_FS_HZ:
        raise CorruptFileError(f"the sampling frequency {fs_hz:g} Hz is impossible", path)
    if fs_hz < limits.MIN_FS_HZ:
        raise UnsupportedFormatError(f"is sampled at {fs_hz:g} Hz: no ECG waveform", path)
    if n_samples / fs_hz > limits.MAX_DURATION_S:
        raise CorruptFileError(f"claims {n_samples} samples at {fs_hz:g} Hz", path)


def check_scale(scale: float, shift: float, lead: str, path: Path) -> None:
    """Raise CorruptFileError for a gain or offset (mV) that no converter has."""
    if not (MIN_SCALE <= abs(scale) <= MAX_SCALE and abs(shift) <= MAX_SHIFT_MV):
        raise CorruptFileError(f"the gain of {lead or 'a signal'} is impossible", path)


def check_amount(samples_per_s: float, path: Path) -> None:
    """Raise CorruptFileError when all signals together have more samples than any ECG."""
    if samples_per_s > limits.MAX_SAMPLES_PER_S:
        raise CorruptFileError(f"claims {samples_per_s:.3g} samples per second", path)


def name_leads(names: Sequence[str], options: ReadOptions) -> tuple[tuple[str, ...], list[Note]]:
    """Return one distinct name per signal, standard where recognised, and what was assumed.

    The names given in ``options`` are used where the file names no standard lead.
    """
    notes: list[Note] = []
    if options.leads:
        if any(canonical_lead(name) for name in names):
            if _standard(options.leads) != _standard(names):
                text = "the file names its leads; the lead names given were not used"
                notes.append(Note("warning", text))
        elif len(options.leads) == len(names):
            names = options.leads
            notes.append(Note("assumed", "lead names as given", "leads"))
        else:
            notes.append(
                Note(
                    "warning",
                    f"{len(options.leads)} lead names were given for {len(names)} signals: "
                    "not used",
                    "leads",
                )
            )
    unnamed = [k for k, name in enumerate(names) if not name.strip()]
    if unnamed:
        notes.append(
            Note(
                "warning",
                f"{len(unnamed)} of {len(names)} signals have no name; names can be given",
                "leads",
            )
        )
    others = [name.strip() for name in names if resembles_standard_lead(name)]
    if others:
        notes.append(
            Note(
                "warning",
                "not taken for standard leads, for the sign, hyphen or blank in the name: "
                + ", ".join(others),
            )
        )
    leads: list[str] = []
    repeated: list[str] = []
    for k, name in enumerate(_standard(names)):
        lead = name or f"signal {k + 1}"
        if lead in leads:
            repeated.append(lead)
            count = 2
            while f"{lead} ({count})" in leads:
                count += 1
            lead = f"{lead} ({count})"
        leads.append(lead)
    if repeated:
        notes.append(
            Note("warning", f"named more than once: {', '.join(repeated)}; the first is used")
        )
    return tuple(leads), notes


def ecg_channels(names: Sequence[str]) -> list[bool]:
    """Return which channels may be leads of an ECG; all of them where no name tells of one."""
    may_be = [is_ecg_channel(name) for name in names]
    return may_be if any(may_be) else [True] * len(names)


def others_note(channels: Iterable[tuple[str, str | None]]) -> Note:
    """Return that channels (name and unit) of something else than an ECG are not shown."""
    named = [f"{name} ({unit})" if unit else name for name, unit in channels]
    return Note("info", f"not shown, no ECG: {', '.join(named)}")


def unused_unit_notes(stated: Iterable[str], given: str) -> list[Note]:
    """Return that a unit was given for signals that all state another one."""
    units = dict.fromkeys(stated)
    if {mv_per_unit(unit) for unit in units} == {mv_per_unit(given)}:
        return []
    return [Note("info", f"the file says {', '.join(units)}; the unit {given} given was not used")]


def _standard(names: Sequence[str]) -> list[str]:
    """Return the names as they are shown, apart from what repeated ones are told apart by."""
    return [canonical_lead(name) or name.strip() for name in names]


def signal_notes(
    source: SignalSource, leads: Sequence[str], fs_hz: float, n_samples: int, units_known: bool
) -> list[Note]:
    """Look at the first seconds: limb-lead identities, constant leads, implausible amplitude."""
    n = min(n_samples, math.ceil(CHECKED_S * fs_hz))
    signal = source.read(0, n, range(len(leads)))
    finite = np.isfinite(signal)
    low = np.min(signal, axis=1, where=finite, initial=np.inf)
    high = np.max(signal, axis=1, where=finite, initial=-np.inf)
    spans = high.astype(np.float64) - low
    notes = []
    for what, rows in (("missing", spans < 0), ("constant", spans == 0)):
        named = [lead for lead, hit in zip(leads, rows, strict=True) if hit]
        if named:
            notes.append(
                Note("warning", f"{what} in the first {n / fs_hz:.3g} s: {', '.join(named)}")
            )
    moving = spans[spans > 0]
    if units_known and moving.size:
        span = float(np.median(moving))
        if not PLAUSIBLE_MV[0] <= span <= PLAUSIBLE_MV[1]:
            notes.append(
                Note(
                    "warning",
                    f"the leads span {span:.3g} mV (median): no ECG does; gain or unit is wrong",
                )
            )
        else:
            notes += _unusual_amplitude(signal, fs_hz)
    # Leads that were normalised one by one cannot satisfy the identities.
    return notes + identity_notes(signal, leads, fs_hz) if units_known else notes


def _unusual_amplitude(signal_mv: FloatArray, fs_hz: float) -> list[Note]:
    """Return that amplitudes are about ten times too large or small, drift aside."""
    second = max(round(fs_hz), 1)
    n = signal_mv.shape[1] // second
    if n == 0:
        return []
    seconds = signal_mv[:, : n * second].reshape(len(signal_mv), n, second).astype(np.float64)
    spans = np.ptp(seconds, axis=2)  # NaN where a sample of the second is missing
    per_lead = [np.median(row[row > 0]) for row in spans if np.any(row > 0)]
    if not per_lead:
        return []
    span = float(np.median(per_lead))
    if USUAL_MV[0] <= span <= USUAL_MV[1]:
        return []
    size = "large" if span > USUAL_MV[1] else "small"
    text = (
        f"amplitudes are unusually {size}: {span:.2g} mV within a second (median), where ECGs have "
        "about 1 mV; gain or unit may be wrong"
    )
    return [Note("warning", text)]
