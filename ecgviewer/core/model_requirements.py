"""What a recording needs for a model to judge it."""

from __future__ import annotations

from collections.abc import Sequence

from ecgviewer.core.leads import STANDARD_LEADS, standard_indices

MIN_LEADS = 6
"""Fewer usable standard leads than this, and no model judges the window."""


def why_not_judged(leads: Sequence[str]) -> str:
    """Return why no model can judge a recording of these leads; empty where models can."""
    present = standard_indices(leads)
    if len(present) >= MIN_LEADS:
        return ""
    absent = ", ".join(lead for lead in STANDARD_LEADS if lead not in present)
    return f"a model needs at least {MIN_LEADS} of the 12 standard leads; missing: {absent}"
