"""The rows of ``ecgviewer measure``: what one record, or each piece of it, measures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from ecgviewer.core.leads import STANDARD_LEADS, is_ecg_channel
from ecgviewer.core.quality import EXCHANGES, quality_words
from ecgviewer.core.record.recording import Recording
from ecgviewer.signal.device_filter import HighPass
from ecgviewer.signal.electrodes import exchanged_electrodes
from ecgviewer.signal.measures.intervals import Intervals, Measure, measure
from ecgviewer.signal.quality.assess import assess

PIECE_S = 120.0
"""What is measured at once: of a longer record every piece counts alike."""
LEAST_S = 1.0
"""A shorter rest at the end is no piece of its own."""
WAVES = ("p", "q", "r", "s", "t", "st_j", "st_60", "st_80")
"""Of :class:`ecgviewer.signal.measures.waves.LeadWaves`, for ``--per-lead``."""
Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One record or piece. The order of the fields is the order of the columns.

    Times in seconds, rates per minute, axes in degrees; None where not measurable, ``reasons``
    says why.
    """

    path: str
    record: str
    start_s: float | None = None
    stop_s: float | None = None
    n_beats: int | None = None
    rate_bpm: float | None = None
    rate_min_bpm: float | None = None
    rate_max_bpm: float | None = None
    rr_mean_s: float | None = None
    rr_sd_s: float | None = None
    irregular: int | None = None
    paced: int | None = None
    p_present: int | None = None
    pr_s: float | None = None
    qrs_s: float | None = None
    qt_s: float | None = None
    qtc_bazett_s: float | None = None
    qtc_fridericia_s: float | None = None
    axis_p_deg: float | None = None
    axis_qrs_deg: float | None = None
    axis_t_deg: float | None = None
    highpass_hz: float | None = None
    electrodes: str = ""
    quality: str = ""
    reasons: str = ""
    error: str = ""
    offset_samples: int | None = None
    start_clock: str = ""
    stop_clock: str = ""


CLOCK_COLUMNS = ("offset_samples", "start_clock", "stop_clock")
"""On request: the stored sample that is second 0, and when the row begins and ends."""
COLUMNS = tuple(field.name for field in fields(MeasureRow) if field.name not in CLOCK_COLUMNS)
MEASURES = ("pr_s", "qrs_s", "qt_s", "qtc_bazett_s", "qtc_fridericia_s")


def lead_columns() -> tuple[str, ...]:
    """Return the columns that ``--per-lead`` adds, such as ``V1_st_60_mv``."""
    return tuple(f"{lead}_{wave}_mv" for lead in STANDARD_LEADS for wave in WAVES)


def measured_rows(
    recording: Recording, path: str, record: str, every_s: float | None, per_lead: bool
) -> Iterator[dict[str, Cell]]:
    """Yield the rows of a record, by column.

    Parameters
    ----------
    every_s : float or None
        One row per so many seconds; None is one row for the record.
    per_lead : bool
        With the heights of the waves in each lead, where the file gives mV.
    """
    for start_s, stop_s in _spans(recording.duration_s, every_s):
        pieces = [
            _MeasuredSpan.of(recording, *span)
            for span in _spans(stop_s - start_s, PIECE_S, offset_s=start_s)
        ]
        row = _row(pieces, path, record, start_s, stop_s)
        first = recording.numbering.first_sample
        if first:
            cut = f"second 0 is stored sample {first}: padding was cut off"
            row = replace(row, reasons="; ".join(filter(None, [row.reasons, cut])))
        start = recording.start
        cells: dict[str, Cell] = asdict(row) | {
            "offset_samples": first,
            "start_clock": start.stamp(start_s),
            "stop_clock": start.stamp(stop_s),
        }
        if per_lead:
            cells |= _heights(pieces, recording.units_known)
        yield cells


def _spans(
    duration_s: float, every_s: float | None, offset_s: float = 0.0
) -> list[tuple[float, float]]:
    if every_s is None or duration_s <= every_s:
        return [(offset_s, offset_s + duration_s)]
    starts = np.arange(0.0, duration_s, every_s)
    if duration_s - starts[-1] < LEAST_S:
        starts = starts[:-1]
    stops = [*starts[1:], duration_s]
    return [(offset_s + float(a), offset_s + float(b)) for a, b in zip(starts, stops, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _MeasuredSpan:
    intervals: Intervals
    electrodes: str
    quality: str

    @classmethod
    def of(cls, recording: Recording, start_s: float, stop_s: float) -> _MeasuredSpan:
        leads = [lead for lead in recording.leads if is_ecg_channel(lead)]
        signal = recording.read(start_s, stop_s, leads)
        stated = recording.facts.highpass_hz
        intervals = measure(signal, recording.fs_hz, leads, stated_highpass_hz=stated)
        found = exchanged_electrodes(signal, recording.fs_hz, leads)
        quality = quality_words(
            assess(signal, recording.fs_hz, leads, start_s=start_s), leads, stop_s
        )
        return cls(intervals, "ok" if found is None else EXCHANGES[found.kind], quality)


def _row(
    pieces: Sequence[_MeasuredSpan], path: str, record: str, start_s: float, stop_s: float
) -> MeasureRow:
    all_of = [piece.intervals for piece in pieces]
    measured = [one for one in all_of if one.rate.rr_mean_s is not None]
    counts = np.asarray([max(one.rate.n_beats - 1, 1) for one in measured], dtype=np.float64)
    means = np.asarray([one.rate.rr_mean_s for one in measured], dtype=np.float64)
    spreads = np.asarray([one.rate.rr_sd_s for one in measured], dtype=np.float64)
    values: dict[str, Any] = {}
    reasons = []
    for name in MEASURES:
        values[name], reason = _together([getattr(one, name) for one in all_of])
        if reason:
            reasons.append(f"{name}: {reason}")
    axes: dict[str, Any] = {
        f"axis_{wave}_deg": _mean_direction([getattr(one.axes, f"{wave}_deg") for one in all_of])
        for wave in ("p", "qrs", "t")
    }
    mean = spread = None
    if measured:
        mean = float(np.average(means, weights=counts))
        within = np.average(spreads**2 + (means - mean) ** 2, weights=counts)
        spread = float(np.sqrt(within))
    else:
        reasons.insert(0, f"rate_bpm: {all_of[0].rr_s.reason}")
    highpass_hz, lost = _highpass([one.highpass for one in measured])
    if lost:
        reasons.append(lost)
    return MeasureRow(
        path=path,
        record=record,
        start_s=start_s,
        stop_s=stop_s,
        n_beats=sum(one.rate.n_beats for one in all_of),
        rate_bpm=None if mean is None else 60.0 / mean,
        rate_min_bpm=min((one.rate.min_bpm or np.inf for one in measured), default=None),
        rate_max_bpm=max((one.rate.max_bpm or 0.0 for one in measured), default=None),
        rr_mean_s=mean,
        rr_sd_s=spread,
        irregular=int(any(one.rate.irregular for one in measured)) if measured else None,
        paced=int(any(one.pacing.paced for one in all_of)) if measured else None,
        p_present=_p_present(measured),
        highpass_hz=highpass_hz,
        electrodes=_distinct([piece.electrodes for piece in pieces]),
        quality=_distinct([piece.quality for piece in pieces]),
        reasons="; ".join(reasons),
        **values,
        **axes,
    )


def _p_present(measured: Sequence[Intervals]) -> int | None:
    if not measured:
        return None
    return int(np.mean([one.marks is not None and one.marks.p_on_s is not None
                        for one in measured]) >= 0.5)  # fmt: skip


def _highpass(of_pieces: Sequence[HighPass | None]) -> tuple[float | None, str]:
    """Return the device's high-pass, if half of the pieces tell it, and what it spoils."""
    told = [one for one in of_pieces if one is not None]
    if not told or 2 * len(told) < len(of_pieces):
        return None, ""
    middle = sorted(told, key=lambda one: one.strength_hz)[len(told) // 2]
    return middle.corner_hz, middle.st_lost


def _together(of_pieces: Sequence[Measure]) -> tuple[float | None, str]:
    """Return the median over the pieces that could be measured, if half of them could."""
    values = [one.value for one in of_pieces if one.value is not None]
    if values and 2 * len(values) >= len(of_pieces):
        return float(np.median(values)), ""
    reasons = [one.reason for one in of_pieces if one.value is None]
    return None, max(dict.fromkeys(reasons), key=reasons.count)


def _mean_direction(degrees: Sequence[float | None]) -> float | None:
    known = np.radians([value for value in degrees if value is not None])
    if known.size == 0 or 2 * known.size < len(degrees):
        return None
    return float(np.degrees(np.arctan2(np.sin(known).mean(), np.cos(known).mean())))


def _distinct(words: Sequence[str]) -> str:
    told = [word for word in dict.fromkeys(words) if word != "ok"]
    return "; ".join(told) or "ok"


def _heights(pieces: Sequence[_MeasuredSpan], units_known: bool) -> dict[str, Cell]:
    """Return the median over pieces of every wave's height; empty where the unit is unknown."""
    cells: dict[str, Cell] = dict.fromkeys(lead_columns())
    if not units_known:
        return cells
    for lead in STANDARD_LEADS:
        waves = [piece.intervals.waves.get(lead) for piece in pieces]
        for wave in WAVES:
            found = [getattr(one, wave) for one in waves if one is not None]
            known = [value for value in found if value is not None]
            if known and 2 * len(known) >= len(pieces):
                cells[f"{lead}_{wave}_mv"] = float(np.median(known))
    return cells
