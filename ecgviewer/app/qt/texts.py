"""Numbers, leads and flags in words, the same wherever they are shown."""

from __future__ import annotations

from functools import lru_cache

from ecgviewer.core.analysis import Flag
from ecgviewer.core.leads import STANDARD_LEADS

VERDICT_WORDS = {"accepted": "✓ accepted", "rejected": "✗ rejected", "unsure": "? unsure"}
PART_TITLES = {
    "residual": "Shape (residual)",
    "latent": "Shape (latent)",
    "beat": "Beat features",
    "rhythm": "Rhythm",
    "intervals": "Intervals",
    "st": "ST, T, R, S levels",
}


def p_text(p_value: float) -> str:
    """Return a p-value without false precision."""
    if p_value != p_value:
        return "–"
    if p_value < 0.0001:
        return "<0.0001"
    return f"{p_value:.4f}" if p_value < 0.01 else f"{p_value:.3f}"


@lru_cache(maxsize=1024)
def leads_text(leads: tuple[str, ...]) -> str:
    """Return lead names, neighbours among the chest leads joined (``V2-V4``); none means all."""
    if not leads or len(leads) >= len(STANDARD_LEADS):
        return "all leads"
    groups: list[list[str]] = []
    for lead in leads:
        at = STANDARD_LEADS.index(lead) if lead in STANDARD_LEADS else -9
        previous = groups[-1][-1] if groups else ""
        follows = previous in STANDARD_LEADS and STANDARD_LEADS.index(previous) == at - 1
        if follows and lead.startswith("V") and previous.startswith("V"):
            groups[-1].append(lead)
        else:
            groups.append([lead])
    return " ".join(
        f"{group[0]}-{group[-1]}" if len(group) > 2 else " ".join(group) for group in groups
    )


def place_text(flag: Flag) -> str:
    """Return the leads a flag names; without any it is about a whole window."""
    return leads_text(flag.leads) if flag.leads else "whole window"


def finding_text(flag: Flag) -> str:
    """Return what a flag finds and where: ``ST lower · V4-V6``, or the leads of a place."""
    words = () if flag.placed and flag.leads else (flag.reason,)
    return " · ".join((*words, *((leads_text(flag.leads),) if flag.leads else ())))
