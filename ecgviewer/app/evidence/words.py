"""The evidence in words: for the clipboard, screen readers, and beside the plots."""

from __future__ import annotations

from ecgviewer.app.evidence.measurements import Evidence
from ecgviewer.signal.measures.interval_words import interval_texts


def st_text(evidence: Evidence, lead: str) -> str:
    """Return a lead's ST level 60 ms after the J point."""
    level = evidence.intervals.st_mv.get(lead)
    if level is None or level.value is None:
        return "ST not measurable"
    error = f" ± {level.uncertainty:.2f}" if level.uncertainty is not None else ""
    value = round(level.value, 2) + 0.0  # no negative zero
    return f"ST {value:+.2f}{error} {evidence.unit}"


def short_st_text(evidence: Evidence, lead: str) -> str:
    """Return a lead's ST level without its uncertainty; empty where it cannot be measured."""
    level = evidence.intervals.st_mv.get(lead)
    if level is None or level.value is None:
        return ""
    return f"ST {round(level.value, 2) + 0.0:+.2f}"


def evidence_text(evidence: Evidence | None) -> str:
    """Return everything measured, a line for each thing."""
    if evidence is None:
        return ""
    lines = [f"{evidence.start_s:.1f}-{evidence.stop_s:.1f} s"]
    lines += [f"{name}: {value}" for name, value in interval_texts(evidence.intervals)]
    lines += evidence.statements
    lines += [f"{lead}: {st_text(evidence, lead)} at J + 60 ms" for lead in evidence.leads]
    return "\n".join(lines)
