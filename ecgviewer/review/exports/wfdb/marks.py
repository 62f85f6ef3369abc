"""Marks of a WFDB annotation file as spans: onsets with their ends, episodes, rhythms, quality."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ecgviewer.review.exports.wfdb.codec import Mark
from ecgviewer.review.exports.wfdb.symbols import (
    BEATS,
    FLUTTER,
    POINTS,
    WAVES,
    bad_signals,
    rhythm_name,
)

_EPISODE = re.compile(
    r"(?P<open>\()?(?P<kind>A?[A-Za-z]+)(?P<chan>\d)(?P<sign>[+-])\d*(?P<close>\))?"
)
"""Episodes of the European ST-T and Long-Term ST databases: ``(ST0+``, ``AST0+300``, ``ST0+)``."""


@dataclass(frozen=True, slots=True)
class FileSpan:
    """A stretch as the file counts; ``signals`` are numbers of its signals, all where empty."""

    start: int
    stop: int
    label: str
    symbol: str
    note: str = ""
    signals: tuple[int, ...] = ()


@dataclass
class Reading:
    """What became of the marks: spans, and how many of what had no partner."""

    spans: list[FileSpan] = field(default_factory=list)
    alone: Counter[str] = field(default_factory=Counter)

    def remarks(self) -> list[str]:
        """Return what could not be paired, in words."""
        return [f"{count} × {what}" for what, count in sorted(self.alone.items())]


def read_marks(marks: Iterable[Mark], last: int, end: int, longest: int) -> Reading:
    """Turn marks, in order of time, into spans.

    Parameters
    ----------
    last, end : int
        The last sample of the record and the end of it, as the file counts.
    longest : int
        A wave with a peak takes: what ends later has lost its own end.
    """
    marks = list(marks)
    reading = Reading()
    by_signal = _kinds_by_signal(marks)
    waves: dict[int, list[_Onset]] = {}
    before: dict[int, Mark] = {}
    episodes: dict[tuple[str, str, str], Mark] = {}
    flutter: Mark | None = None
    rhythm: Mark | None = None
    for mark in marks:
        signals = (mark.chan,) if _kind(mark.symbol) in by_signal else ()
        if mark.symbol == "+":
            if rhythm is not None:
                reading.spans.append(_rhythm(rhythm, mark.sample, last))
            rhythm = mark
        elif mark.symbol == "(":
            waves.setdefault(mark.chan, []).append(_Onset(mark, signals))
            before.pop(mark.chan, None)
        elif mark.symbol == ")":
            reading.spans += _closed(mark, waves, before, signals, longest, reading.alone)
        elif mark.symbol in WAVES or mark.symbol in BEATS:
            if open_ := waves.get(mark.chan):
                open_[-1].take(mark)
            else:
                before[mark.chan] = mark
                reading.spans.append(_point(mark, signals))
        elif mark.symbol == "[":
            if flutter is not None:
                reading.alone["beginning of flutter without an end"] += 1
                reading.spans.append(_point(flutter, ()))
            flutter = mark
        elif mark.symbol == "]" and flutter is not None:
            reading.spans.append(FileSpan(flutter.sample, mark.sample, FLUTTER, "[", flutter.aux))
            flutter = None
        elif mark.symbol == "~":
            reading.spans.append(_quality(mark))
        elif mark.symbol in "sT" and (found := _EPISODE.fullmatch(mark.aux.strip())):
            reading.spans += _episode(mark, found, episodes, reading.alone)
        else:
            if mark.symbol == "]":
                reading.alone["end of flutter without a beginning"] += 1
            reading.spans.append(_point(mark, signals))
    if rhythm is not None:
        reading.spans.append(_rhythm(rhythm, end, last))
    if flutter is not None:
        reading.alone["beginning of flutter without an end"] += 1
        reading.spans.append(_point(flutter, ()))
    for first in episodes.values():
        reading.alone["beginning of an episode without an end"] += 1
        reading.spans.append(_point(first, _named_signal(first)))
    for onset in (one for stack in waves.values() for one in stack):
        reading.alone["onset without an end"] += 1
        reading.spans += onset.unclosed()
    return reading


@dataclass
class _Onset:
    """An onset whose end has not come yet, with the peaks that came since."""

    mark: Mark
    signals: tuple[int, ...]
    peaks: list[Mark] = field(default_factory=list)

    def take(self, peak: Mark) -> None:
        self.peaks.append(peak)

    def closed(self, end: Mark) -> list[FileSpan]:
        """Return the wave from here to its end; further peaks inside stand for themselves."""
        if not self.peaks:
            label = self.mark.aux or "Wave"
            return [FileSpan(self.mark.sample, end.sample, label, "(", "", self.signals)]
        first, *others = self.peaks
        label = "QRS" if first.symbol == "N" else _name(first)
        wave = FileSpan(self.mark.sample, end.sample, label, first.symbol, first.aux, self.signals)
        return [wave, *(_point(peak, self.signals) for peak in others)]

    def unclosed(self) -> list[FileSpan]:
        """Return the onset as a point, and every peak that came after it."""
        label = self.mark.aux or "Onset"
        onset = FileSpan(
            self.mark.sample, self.mark.sample, label, "(", "no end is marked", self.signals
        )
        return [onset, *(_point(peak, self.signals) for peak in self.peaks)]


def _closed(
    end: Mark,
    waves: dict[int, list[_Onset]],
    before: dict[int, Mark],
    signals: tuple[int, ...],
    longest: int,
    alone: Counter[str],
) -> list[FileSpan]:
    """Return what an end closes: the innermost open onset, else a T wave marked from its peak."""
    spans: list[FileSpan] = []
    while open_ := waves.get(end.chan):
        onset = open_.pop()
        if not onset.peaks or end.sample - onset.mark.sample <= longest:
            return spans + onset.closed(end)
        alone["onset without an end"] += 1
        spans += onset.unclosed()
    peak = before.pop(end.chan, None)
    if peak is not None and peak.symbol in WAVES and end.sample - peak.sample <= longest:
        note = "from its peak: no onset is marked"
        return [
            *spans,
            FileSpan(peak.sample, end.sample, f"{WAVES[peak.symbol]}, end", ")", note, signals),
        ]
    alone["end without an onset"] += 1
    return [*spans, FileSpan(end.sample, end.sample, "End", ")", "no onset is marked", signals)]


def _kinds_by_signal(marks: Sequence[Mark]) -> set[str]:
    """Return the kinds of marks that say which signal they belong to.

    Most files leave every mark of a kind at signal 0, and mean the whole record.
    """
    return {_kind(mark.symbol) for mark in marks if mark.chan} - {"+", "~"}


def _kind(symbol: str) -> str:
    if symbol in WAVES or symbol in "()":
        return "wave"
    return "beat" if symbol in BEATS else symbol


def _name(mark: Mark) -> str:
    return WAVES.get(mark.symbol) or BEATS.get(mark.symbol) or POINTS.get(mark.symbol, mark.symbol)


def _point(mark: Mark, signals: tuple[int, ...]) -> FileSpan:
    label = _name(mark)
    if mark.symbol == '"':
        label = mark.aux[:80] or "Comment"
    note = _with_subtype(mark.aux, mark.subtype)
    return FileSpan(mark.sample, mark.sample, label, mark.symbol, note, signals)


def _with_subtype(aux: str, subtype: int) -> str:
    return "; ".join(part for part in (aux, f"subtype {subtype}" if subtype else "") if part)


def _rhythm(mark: Mark, stop: int, last: int) -> FileSpan:
    """Return a rhythm up to the next; one that begins with the last sample has no length."""
    label = rhythm_name(mark.aux)
    if mark.sample >= last:
        note = "at the last sample of the record: no length is known"
        return FileSpan(mark.sample, mark.sample, label, "+", note)
    return FileSpan(mark.sample, stop, label, "+", _with_subtype("", mark.subtype))


def _quality(mark: Mark) -> FileSpan:
    bad = bad_signals(mark.subtype)
    note = _with_subtype(mark.aux, mark.subtype)
    if not bad:
        return FileSpan(mark.sample, mark.sample, "Signal quality", "~", note)
    signals = () if mark.subtype == -1 else tuple(bad)
    what = " and ".join(sorted(set(bad.values())))
    return FileSpan(mark.sample, mark.sample, f"Signal quality: {what}", "~", note, signals)


def _named_signal(mark: Mark) -> tuple[int, ...]:
    found = _EPISODE.fullmatch(mark.aux.strip())
    return (int(found["chan"]),) if found else ()


def _episode(
    mark: Mark,
    found: re.Match[str],
    open_: dict[tuple[str, str, str], Mark],
    alone: Counter[str],
) -> Iterator[FileSpan]:
    """Yield an episode when its end comes; its extreme is a point."""
    signals = (int(found["chan"]),)
    kind = found["kind"]
    key = (kind, found["chan"], found["sign"])
    if found["open"]:
        if key in open_:
            alone["beginning of an episode without an end"] += 1
            yield _point(open_[key], signals)
        open_[key] = mark
    elif found["close"]:
        first = open_.pop(key, None)
        if first is None:
            alone["end of an episode without a beginning"] += 1
            yield _point(mark, signals)
        else:
            label = f"{POINTS[mark.symbol]} {found['sign'].replace('-', '−')}"
            yield FileSpan(first.sample, mark.sample, label, mark.symbol, first.aux, signals)
    else:
        yield _point(mark, signals)
