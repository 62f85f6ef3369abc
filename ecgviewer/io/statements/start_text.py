"""The start of a recording as files spell it: date and time of day in any order, or in part."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, time

from ecgviewer.core.record.recording import Note
from ecgviewer.core.record.start import Start

_MONTH_NAMES = (
    "january janvier januar enero gennaio jan", "february fevrier februar febrero feb",
    "march mars maerz marz mar", "april avril abril apr", "may mai mayo", "june juin juni jun",
    "july juillet juli jul", "august aout aug", "september septembre sept sep",
    "october octobre oktober oct okt", "november novembre nov",
    "december dezember decembre dec dez",
)  # fmt: skip
_MONTHS = {name: k for k, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
_NAME = "|".join(sorted(_MONTHS, key=len, reverse=True))
_GAP = r"[-/. ,]{1,2}"
_CLOCK = re.compile(
    r"(?<![\d:])T?(?P<h>\d{1,2}):(?P<m>\d{1,2})(?::(?P<s>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?![\d:])\s*(?P<half>[ap]\.?m\.?(?![a-z]))?"
    r"\s*(?P<zone>Z\b|UTC\b|GMT\b|(?:UTC|GMT)?[+-]\d{2}:?\d{2}(?!\d))?",
    re.IGNORECASE,
)
_DATES = (
    re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?![\d])"),
    re.compile(r"(?<!\d)(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4})(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}}){_GAP}(?P<name>{_NAME})\b\.?{_GAP}(?P<y>\d{{4}})(?!\d)", re.I
    ),
    re.compile(rf"\b(?P<name>{_NAME})\b\.?{_GAP}(?P<d>\d{{1,2}}){_GAP}(?P<y>\d{{4}})(?!\d)", re.I),
    re.compile(rf"(?<!\d)(?P<y>\d{{4}}){_GAP}(?P<name>{_NAME})\b\.?{_GAP}(?P<d>\d{{1,2}})\b", re.I),
    re.compile(r"(?<!\d)(?P<y>(?:19|20|21)\d\d)(?P<m>[01]\d)(?P<d>[0-3]\d)(?!\d)"),
)
_MONTHS_ALONE = (
    re.compile(rf"\b(?P<name>{_NAME})\b\.?{_GAP}(?P<y>\d{{4}})(?!\d)", re.IGNORECASE),
    re.compile(r"(?<![\d/.-])(?P<y>\d{4})[-/.](?P<m>\d{1,2})(?![\d/.-])"),
    re.compile(r"(?<![\d/.-])(?P<m>\d{1,2})[-/.](?P<y>\d{4})(?![\d/.-])"),
)
_YEAR = re.compile(r"(?<![\d/.:-])(?P<y>1[89]\d\d|2[01]\d\d)(?![\d/.:-])")
_WEEKDAY = re.compile(r"\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b\.?,?", re.IGNORECASE)
_NOTHING = {"", "t", "none", "unknown", "nan", "nat", "n/a", "na", "-", "null"}


@dataclass(frozen=True, slots=True)
class ReadStart:
    """A start, and what was assumed on reading it."""

    start: Start = field(default_factory=Start)
    notes: tuple[Note, ...] = ()


def read_start(text: str, short_is_minutes: bool = False) -> ReadStart:
    """Read date and time of day, as much of them as is there, in whatever order.

    Figures of a day come before those of its month (``01/02/2020`` is in February, as WFDB and
    most of the world have it), unless they cannot be a day and month. A year has four figures:
    what has two is not guessed.

    Parameters
    ----------
    short_is_minutes : bool
        What has a single colon is minutes and seconds, as in WFDB headers, not hours and minutes.
    """
    rest = " ".join(text.split())
    notes: list[Note] = []
    start, rest = _take_clock(rest, short_is_minutes, notes)
    start, rest = _take_date(rest, start, notes)
    rest = " ".join(_WEEKDAY.sub(" ", rest).split()).strip(" ,;|")
    if rest.casefold() not in _NOTHING:
        start = replace(start, not_understood=rest[:80])
        notes.append(Note("warning", f"start of the recording: {rest[:80]!r} was not understood"))
    if start.clock is not None and start.year is None:
        notes.append(Note("info", "the file gives the time of day of its start, and no date"))
    return ReadStart(start, tuple(notes))


def _take_clock(text: str, short_is_minutes: bool, notes: list[Note]) -> tuple[Start, str]:
    for match in _CLOCK.finditer(text):
        hour, minute, second = (int(match[part] or 0) for part in "hms")
        if match["s"] is None and short_is_minutes:
            hour, minute, second = 0, hour, minute
            shown = f"{hour:02d}:{minute:02d}:{second:02d}"
            said = match[0].strip()
            notes.append(Note("assumed", f"start {said!r} read as {shown}, as WFDB defines it"))
        half = (match["half"] or "").lower().replace(".", "")
        if half and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half == "pm" else 0)
        microsecond = int((match["fraction"] or "0")[:6].ljust(6, "0"))
        try:
            clock = time(hour, minute, second, microsecond)
        except ValueError:
            continue
        rest = f"{text[: match.start()]} {text[match.end() :]}"
        return Start(clock=clock, utc_offset_min=_zone(match["zone"])), rest
    return Start(), text


def _zone(text: str | None) -> int | None:
    if not text:
        return None
    digits = re.search(r"([+-])(\d{2}):?(\d{2})", text)
    if digits is None:
        return 0
    minutes = int(digits[2]) * 60 + int(digits[3])
    if minutes >= 24 * 60:
        return None
    return -minutes if digits[1] == "-" else minutes


def _take_date(text: str, start: Start, notes: list[Note]) -> tuple[Start, str]:
    for pattern in (*_DATES, *_MONTHS_ALONE, _YEAR):
        for match in pattern.finditer(text):
            found = match.groupdict()
            year = int(found["y"])
            month = _month(found)
            day = int(found["d"]) if found.get("d") else None
            if month is not None and day is not None and month > 12 >= day:
                day, month = month, day
                notes.append(Note("assumed", f"date {match[0]!r}: the month is written first"))
            if not _is_date(year, month, day):
                continue
            rest = f"{text[: match.start()]} {text[match.end() :]}"
            return replace(start, year=year, month=month, day=day), rest
    return start, text


def _month(found: dict[str, str]) -> int | None:
    if found.get("name"):
        return _MONTHS[found["name"].lower()]
    return int(found["m"]) if found.get("m") else None


def _is_date(year: int, month: int | None, day: int | None) -> bool:
    try:
        date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        return False
    return True
