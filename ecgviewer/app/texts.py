"""Numbers in words, the same wherever they are shown."""

from __future__ import annotations


def p_text(p_value: float) -> str:
    """Return a p-value without false precision."""
    if p_value != p_value:
        return "–"
    if p_value < 0.0001:
        return "<0.0001"
    return f"{p_value:.4f}" if p_value < 0.01 else f"{p_value:.3f}"
