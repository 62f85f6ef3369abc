"""Leads as parsed, made into rows of mV: units, places in time, calibration, derived leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError
from ecgviewer.core.leads import STANDARD_LEADS, canonical_lead
from ecgviewer.core.record.recording import Note
from ecgviewer.io.statements.units import mv_per_unit

FloatArray = npt.NDArray[np.float32]

MAX_MV = 1e12
FILLER = 32767
"""What fills stored leads behind their end."""
MIN_CALIBRATION_S = 0.1
MIN_CALIBRATION_LEADS = 6
MIN_PULSE_MV = 0.5
SAME_WITHIN_MV = 0.0125
"""Leads rebuilt from others, or resampled, differ by two counts of 5 uV."""
_DERIVED = {"III": (-1.0, 1.0), "aVR": (-0.5, -0.5), "aVL": (1.0, -0.5), "aVF": (-0.5, 1.0)}
"""Weights of leads I and II (Einthoven, Goldberger)."""


@dataclass
class LeadRows:
    """Leads on one time base.

    Attributes
    ----------
    names : list of str
    samples : array [n_leads, n] of float32
        mV; NaN where a lead has no sample.
    without_unit : list of str
        Leads whose numbers have no unit of voltage.
    notes : list of Note
    """

    names: list[str]
    samples: FloatArray
    without_unit: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    numbers: list[int | None] = field(default_factory=list)


def rows_of(
    leads: Sequence[Any], starts: Sequence[int], given_unit: str | None, path: Path
) -> LeadRows:
    """Return parsed leads in mV, each from its first sample on.

    Raises
    ------
    CorruptFileError
        For amplitudes beyond any that a converter can give.
    """
    n = max((at + len(lead.samples) for at, lead in zip(starts, leads, strict=True)), default=0)
    out = np.full((len(leads), n), np.nan, dtype=np.float32)
    without_unit = []
    for row, (at, lead) in enumerate(zip(starts, leads, strict=True)):
        raw = np.asarray(lead.samples, dtype=np.float64)
        unit = lead.resolution_unit if lead.is_raw else lead.units
        factor = mv_per_unit(unit) if unit else None
        gain, offset = (lead.resolution, lead.offset) if lead.is_raw else (1.0, 0.0)
        if factor is None or gain == 0:
            without_unit.append(lead.label)
            gain, offset, factor = 1.0, 0.0, mv_per_unit(given_unit or "mV") or 1.0
        with np.errstate(over="ignore", invalid="ignore"):
            values = (raw * gain + offset) * factor
        if raw.size and not np.abs(values).max() <= MAX_MV:
            raise CorruptFileError(f"the gain or a sample of {lead.label} is impossible", path)
        out[row, at : at + raw.size] = values
    return LeadRows(
        [lead.label for lead in leads], out, without_unit, numbers=list(range(len(leads)))
    )


def without_calibration(rows: LeadRows, fs_hz: float) -> None:
    """Cut off what is the same in all leads at the end: no heart does that, calibrators do."""
    samples = rows.samples
    if samples.shape[0] < MIN_CALIBRATION_LEADS or samples.shape[1] == 0:
        return
    spread = samples.max(axis=0) - samples.min(axis=0)
    differs = np.flatnonzero(~(spread <= SAME_WITHIN_MV))
    n = int(differs[-1]) + 1 if differs.size else samples.shape[1]
    cut_s = (samples.shape[1] - n) / fs_hz
    if cut_s < MIN_CALIBRATION_S or np.ptp(samples[:, n:]) < MIN_PULSE_MV:
        return
    rows.samples = samples[:, :n]
    text = f"the last {cut_s:.3g} s are the same in all leads (calibration pulse): cut off"
    rows.notes.append(Note("info", text))


def with_derived(rows: LeadRows) -> None:
    """Add the limb leads that follow from I and II, in standard order, and say so."""
    found = [canonical_lead(name) for name in rows.names]
    if "I" not in found or "II" not in found or any(lead in found for lead in _DERIVED):
        return
    first, second = rows.samples[found.index("I")], rows.samples[found.index("II")]
    names = list(rows.names) + list(_DERIVED)
    added = [first * np.float32(a) + second * np.float32(b) for a, b in _DERIVED.values()]
    samples = np.vstack([rows.samples, *added])
    numbers = rows.numbers + [None] * len(added)
    standard = [canonical_lead(name) for name in names]
    order = [standard.index(lead) for lead in STANDARD_LEADS if lead in standard]
    order += [k for k in range(len(names)) if k not in order]
    rows.names = [names[k] for k in order]
    rows.samples = samples[order]
    rows.numbers = [numbers[k] for k in order]
    text = f"derived from leads I and II, which the file stores: {', '.join(_DERIVED)}"
    rows.notes.append(Note("info", text))


def median_of(leads: Sequence[Any], path: Path) -> tuple[tuple[str, ...], float, FloatArray] | None:
    """Return names, rate and samples of median beats; None where they have no unit or differ."""
    if not leads or len({(len(one.samples), one.sampling_rate) for one in leads}) != 1:
        return None
    rows = rows_of(leads, [0] * len(leads), None, path)
    if rows.without_unit or rows.samples.shape[1] == 0:
        return None
    raw = np.array([one.samples for one in leads])
    if all(one.is_raw for one in leads):
        rows.samples[raw == FILLER] = np.nan
    used = np.flatnonzero(np.isfinite(rows.samples).any(axis=0))
    if used.size == 0:
        return None
    with_derived(rows)
    names = tuple(canonical_lead(name) or name for name in rows.names)
    return names, float(leads[0].sampling_rate), rows.samples[:, : int(used[-1]) + 1]
