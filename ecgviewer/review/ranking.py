"""Sorting and filtering the work list."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ecgviewer.review.queue import QueueRow

_SORT: dict[str, Callable[[QueueRow], Any]] = {
    "record": lambda row: row.key.lower(),
    "p_value": lambda row: row.p_value,
    "score": lambda row: -row.score,
    "quality": lambda row: (row.quality or "~", row.key),
    "status": lambda row: (("new", "in progress", "reviewed").index(row.status), row.key),
    "conclusion": lambda row: (row.conclusion or "~", row.key),
    "verdicts": lambda row: -sum(row.verdicts.values()),
    "labels": lambda row: (row.labels or ("~",), row.key),
}
SORT_KEYS = tuple(_SORT)


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which records to show; an empty field lets all pass.

    ``text`` is looked for in name, labels, quality and error, in any case. ``max_p_value`` lets
    unscreened records through only when it is 1.
    """

    text: str = ""
    status: str = ""
    conclusion: str = ""
    max_p_value: float = 1.0

    def passes(self, row: QueueRow) -> bool:
        """Return whether a record is shown."""
        if self.status and row.status != self.status:
            return False
        if self.conclusion and row.conclusion != self.conclusion:
            return False
        if self.max_p_value < 1.0 and not row.p_value <= self.max_p_value:
            return False
        words = " ".join((row.key, *row.labels, row.quality, row.error)).lower()
        return self.text.lower() in words


def arrange(
    rows: Iterable[QueueRow],
    sort: str = "p_value",
    descending: bool = False,
    only: QueueFilter | None = None,
) -> list[QueueRow]:
    """Return the records to show, in order. Equal ones keep the order of the folder.

    Parameters
    ----------
    sort : str
        One of :data:`SORT_KEYS`. ``p_value`` and ``score`` put the most suspicious first, and
        records without a number last, whichever the direction.
    """
    shown = [row for row in rows if only is None or only.passes(row)]
    key = _SORT[sort]
    if sort not in ("p_value", "score"):
        return sorted(shown, key=key, reverse=descending)
    known = [row for row in shown if not math.isnan(key(row))]
    unknown = [row for row in shown if math.isnan(key(row))]
    return sorted(known, key=key, reverse=descending) + unknown


def next_open(
    rows: Iterable[QueueRow], after: str = "", backwards: bool = False
) -> QueueRow | None:
    """Return the next record that is not reviewed yet, from ``after`` on and around."""
    ordered = list(rows)
    if backwards:
        ordered.reverse()
    position = next((i for i, row in enumerate(ordered) if row.key == after), -1)
    for row in ordered[position + 1 :] + ordered[: position + 1]:
        if row.status != "reviewed" and row.key != after:
            return row
    return None
