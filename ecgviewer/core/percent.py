"""Shares in per cent, written the same way everywhere."""

from __future__ import annotations

NO_BREAK_SPACE = "\u00a0"


def percent_text(share: float, decimals: int = 0) -> str:
    """Return a share of 1 in per cent, at most with these decimals: ``95 %``, on one line."""
    return f"{round(100 * share, decimals):.10g}{NO_BREAK_SPACE}%"
