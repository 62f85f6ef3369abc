"""The summary of a long recording as rows of one table: of the record, of its hours, of events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ecgviewer.signal.holter.summary import Ectopy, Hour, Moment, RhythmSummary


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One figure.

    ``of`` is ``record``, ``hour`` or ``event``; ``start_s`` and ``stop_s`` say what it covers. A
    figure that a single place gives (the longest RR) covers that place.
    """

    of: str
    start_s: float
    stop_s: float
    figure: str
    value: float | None
    unit: str


def summary_rows(summary: RhythmSummary) -> Iterator[SummaryRow]:
    """Yield every figure of a summary."""
    end = summary.duration_s

    def whole(figure: str, value: float | None, unit: str) -> SummaryRow:
        return SummaryRow("record", 0.0, end, figure, value, unit)

    yield whole("duration", end, "s")
    yield whole("readable", summary.readable_s, "s")
    yield whole("missing", summary.missing_s, "s")
    yield whole("noisy", summary.noisy_s, "s")
    yield whole("irregular", summary.irregular_s, "s")
    yield whole("beats", summary.beats, "1")
    yield whole("rate_mean", summary.mean_bpm, "bpm")
    for figure, moment, unit in (
        ("rate_min", summary.min_bpm, "bpm"),
        ("rate_max", summary.max_bpm, "bpm"),
        ("rr_longest", summary.longest_rr_s, "s"),
    ):
        yield _at("record", figure, moment, unit, end)
    yield whole("pauses", len(summary.pauses), "1")
    for kind, ectopy in (("wide", summary.wide), ("narrow", summary.narrow)):
        yield from _ectopy(kind, ectopy, end)
    for hour in summary.hours:
        yield from _hour(hour, end)
    for pause in summary.pauses:
        yield SummaryRow("event", pause.at_s, pause.at_s + pause.value, "pause", pause.value, "s")
    for start, stop in summary.irregular:
        yield SummaryRow("event", start, stop, "irregular", stop - start, "s")
    for kind, ectopy in (("wide", summary.wide), ("narrow", summary.narrow)):
        for at in ectopy.at_s:
            yield SummaryRow("event", at, at, f"{kind}_beat", 1.0, "1")


def _at(of: str, figure: str, moment: Moment | None, unit: str, end: float) -> SummaryRow:
    if moment is None:
        return SummaryRow(of, 0.0, end, figure, None, unit)
    return SummaryRow(of, moment.at_s, moment.at_s, figure, moment.value, unit)


def _ectopy(kind: str, ectopy: Ectopy, end: float) -> Iterator[SummaryRow]:
    for figure, value, unit in (
        ("beats", float(ectopy.beats), "1"),
        ("singles", float(ectopy.singles), "1"),
        ("pairs", float(ectopy.pairs), "1"),
        ("runs", float(ectopy.runs), "1"),
        ("per_hour", ectopy.per_hour, "1/h"),
        ("share", ectopy.share, "1"),
    ):
        yield SummaryRow("record", 0.0, end, f"{kind}_{figure}", value, unit)
    yield _at("record", f"{kind}_longest_run", ectopy.longest_run, "1", end)


def _hour(hour: Hour, end: float) -> Iterator[SummaryRow]:
    stop = min(hour.start_s + 3600.0, end)
    for figure, value, unit in (
        ("beats", float(hour.beats), "1"),
        ("rate_mean", hour.mean_bpm, "bpm"),
        ("rate_min", hour.min_bpm, "bpm"),
        ("rate_max", hour.max_bpm, "bpm"),
        ("wide_beats", float(hour.wide), "1"),
        ("narrow_beats", float(hour.narrow), "1"),
        ("pauses", float(hour.pauses), "1"),
        ("irregular", hour.irregular_s, "s"),
        ("unreadable", hour.unreadable_s, "s"),
    ):
        yield SummaryRow("hour", hour.start_s, stop, figure, value, unit)
