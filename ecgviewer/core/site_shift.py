"""Whether the records of a folder score higher than a model's normals: the model is abroad.

Most records of a hospital's folder are usually normal. Where fewer of them lie in the less
suspicious half of the model's normals than even one abnormal record in three would leave there,
thresholds made from those normals do not hold here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

MIN_RECORDS = 20
"""Fewer records of a folder say nothing of it."""
USUAL_NORMAL = 2.0 / 3.0
"""At least so many of a folder's records are taken to be normal."""
RISK = 0.01
"""Chance to call a folder shifted that is not, over all parts."""
RECORD = "record"


@dataclass(slots=True)
class SiteShift:
    """Counts a model's p-values over the records of a folder."""

    n: dict[str, int] = field(default_factory=dict)
    calm: dict[str, int] = field(default_factory=dict)

    def add(self, p_value: float, parts: Mapping[str, float]) -> None:
        """Count a record's p-value and those of its parts; NaN is passed over."""
        for name, p in {**parts, RECORD: p_value}.items():
            if math.isfinite(p):
                self.n[name] = self.n.get(name, 0) + 1
                self.calm[name] = self.calm.get(name, 0) + (p > 0.5)

    def parts(self) -> tuple[str, ...]:
        """Return what lies higher than among normals, most of all first; empty if nothing does."""
        least = USUAL_NORMAL / 2
        found = []
        for name, n in self.n.items():
            chance = _at_most(self.calm[name], n, least) * len(self.n)
            if n >= MIN_RECORDS and chance < RISK:
                found.append((self.calm[name] / n, name))
        return tuple(name for _, name in sorted(found))

    def text(self) -> str:
        """Return the parts that are shifted, for a table; empty where none is."""
        return " ".join(self.parts())


def _at_most(k: int, n: int, share: float) -> float:
    """Return the chance that at most ``k`` of ``n`` fall where each falls with this chance.

    By the normal approximation with continuity correction: good enough from 20 on.
    """
    z = (k + 0.5 - n * share) / math.sqrt(n * share * (1.0 - share))
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
