"""Dates in any order, with any separators, in figures and in the month names of six languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ecgviewer.review.privacy.letter_folding import fold

Day = tuple[int, int, int]
"""Year, month and day; the day is 0 where only a month is told, the year has two figures."""

_MONTHS = (
    "january jan januar janner janvier janv enero ene gennaio gen janeiro januari",
    "february feb februar feber fevrier fevr fev febrero febbraio febr fevereiro februari",
    "march mar marz maerz mrz mars marzo marco maart",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug aout agosto ago augustus",
    "september sep sept septembre septiembre settembre set setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez decembre diciembre dic dicembre dezembro",
)
_MONTH_OF = {name: k + 1 for k, names in enumerate(_MONTHS) for name in names.split()}
_NAMED = "|".join(sorted(_MONTH_OF, key=len, reverse=True))
_GAP = r"(?:[\W_]{0,3}(?:d?e[l]?|of)?[\W_]{0,3})"
_DAY = r"(?<!\d)(?P<{}>\d{{1,2}})(?:st|nd|rd|th|er|o)?"
_YEAR = r"(?P<{}>\d{{4}}|\d\d)(?!\d)"
_MONTH = rf"(?P<{{}}>{_NAMED})(?![^\W\d_])"
_WORDED = re.compile(
    "|".join(
        (
            _DAY.format("d1") + _GAP + _MONTH.format("m1") + _GAP + _YEAR.format("y1"),
            rf"(?<![^\W_]){_MONTH.format('m2')}{_GAP}{_DAY.format('d2')}"
            + r"[\W_]{1,3}" + _YEAR.format("y2"),
            r"(?<!\d)(?P<y3>\d{4})" + _GAP + _MONTH.format("m3") + _GAP
            + r"(?P<d3>\d{1,2})(?!\d)",
            rf"(?<![^\W_]){_MONTH.format('m4')}{_GAP}(?P<y4>\d{{4}})(?!\d)",
        )
    )
)  # fmt: skip
_BETWEEN = r"(?:\s*[./\-–_:,年月]\s*|\s+)"
_PARTED = re.compile(
    rf"(?<!\d)(?P<a>\d{{4}}|\d{{1,2}})(?P<s>{_BETWEEN})(?P<b>\d{{1,2}})(?P<t>{_BETWEEN})(?P<c>\d{{4}}|\d{{1,2}})(?!\d)"
)
_JOINED = re.compile(r"(?<!\d)(?:\d{8}|\d{6})(?!\d)")
_ORDERS = ("ymd", "dmy", "mdy")


@dataclass(frozen=True, slots=True)
class Dated:
    """A place in a text that may be a date.

    Attributes
    ----------
    start, stop : int
    days : frozenset of Day
        What it may mean; more than one where the order is open.
    sure : bool
        Nothing else is written like that.
    """

    start: int
    stop: int
    days: frozenset[Day]
    sure: bool


def dates_in(text: str) -> Iterator[Dated]:
    """Find all that may be dates."""
    plain = fold(text)
    for match in _WORDED.finditer(plain):
        told = {key[0]: value for key, value in match.groupdict().items() if value}
        day, month = int(told.get("d", 0)), _MONTH_OF[told["m"]]
        if day <= 31:
            yield Dated(*match.span(), frozenset({(int(told["y"]) % 100, month, day)}), sure=True)
    at = 0
    # Each next search begins behind the first figures, so that "5 23.11.1959" is found.
    while parted := _PARTED.search(plain, at):
        days = _meanings(parted["a"], parted["b"], parted["c"])
        full = len(parted["a"]) == 4 or len(parted["c"]) == 4
        if not full and parted["s"].strip() != parted["t"].strip():
            days = frozenset()
        if days:
            yield Dated(*parted.span(), days, sure=full or bool(parted["s"].strip()))
        at = parted.end() if days else parted.end("a")
    for match in _JOINED.finditer(plain):
        figures = match[0]
        if len(figures) == 8:
            days = _meanings(figures[:4], figures[4:6], figures[6:]) | _meanings(
                figures[:2], figures[2:4], figures[4:]
            )
        else:
            days = _meanings(figures[:2], figures[2:4], figures[4:])
        if days:
            yield Dated(*match.span(), days, sure=len(figures) == 8)


def _meanings(*parts: str) -> frozenset[Day]:
    days = set()
    for order in _ORDERS:
        told = dict(zip(order, parts, strict=True))
        year, month, day = told["y"], int(told["m"]), int(told["d"])
        if len(told["m"]) > 2 or len(told["d"]) > 2 or len(year) == 1:
            continue
        if len(year) == 4 and not 1880 <= int(year) <= 2120:
            continue
        if 1 <= month <= 12 and 1 <= day <= 31:
            days.add((int(year) % 100, month, day))
    return frozenset(days)
