"""What a bundle still says of itself when a site's normals have given it other thresholds.

Figures that depend on a threshold were measured with the former ones: they go. AUROC, AUPRC and
the point AUROC of the map do not, and stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainer.fitting.card import CARD_HEADING, SHIPPED_NOTE, THRESHOLDS, thresholds_line

Json = dict[str, Any]

METRICS = ("recall_at_95", "specificity_at_95", "dice", "flagged", "top_hits")
COLUMNS = ("recall", "false alarms", "Dice", "flagged", "top flag hits")
"""Of the tables in ``trainer.judging.report``."""
SITE_HEADING = "## Site calibration"
SITE_NOTE = "Figures that depend on a threshold were measured with former ones, and are left out."


def metrics_for_site(metrics: Sequence[Json]) -> tuple[Json, ...]:
    """Return a bundle's figures without those that depend on its thresholds."""
    return tuple({k: v for k, v in metric.items() if k not in METRICS} for metric in metrics)


def card_for_site(card: str, thresholds: Mapping[str, float], site: str, n: int) -> str:
    """Return a card with a site's thresholds in place of the former ones.

    Parameters
    ----------
    thresholds : mapping
        Record score by specificity.
    site : str
        Whose normals gave them.
    n : int
        How many normals did.
    """
    made, heading, figures = card.partition(CARD_HEADING)
    # A former site's section says what is no longer so.
    made = made.split(SITE_HEADING)[0].rstrip()
    note = (
        f"{SITE_HEADING}\n\nThresholds and p-values come from {n} normal records of {site}; the "
        f"network and its densities are unchanged. {thresholds_line(thresholds)}\n"
    )
    return f"{made}\n\n{note}" + (f"\n{heading}{_figures(figures)}" if heading else "")


def _figures(text: str) -> str:
    """Return the card's figures without those that no longer hold."""
    lines: list[str] = []
    dropped: list[int] = []
    for line in text.split(SITE_HEADING)[0].rstrip().split("\n"):
        if line.startswith(THRESHOLDS):
            # The site's own are told above; nor does the blank line before them stay.
            del lines[-1:]
            continue
        cells = line.split("|")
        if len(cells) > 1 and not (lines and "|" in lines[-1]):
            # A table begins. Counted from the end: a name in its first cells may hold a bar.
            dropped = [k - len(cells) for k, cell in enumerate(cells) if cell.strip() in COLUMNS]
        if len(cells) > 1:
            line = "|".join(c for k, c in enumerate(cells) if k - len(cells) not in dropped)
        lines.append(SITE_NOTE if line == SHIPPED_NOTE else line)
    return "\n".join(lines) + "\n"
