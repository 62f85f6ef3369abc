"""How much two sets of names have in common."""

from __future__ import annotations

from collections.abc import Collection


def common_share(a: Collection[str], b: Collection[str]) -> float:
    """Return intersection over union (0 to 1); 1 where both are empty."""
    every = set(a) | set(b)
    return len(set(a) & set(b)) / len(every) if every else 1.0
