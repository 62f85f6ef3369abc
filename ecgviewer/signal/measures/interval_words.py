"""A range's measurements as the card, the report and the clipboard say them."""

from __future__ import annotations

from ecgviewer.signal.measures.intervals import Intervals, Measure


def in_ms(value: Measure) -> str:
    """Return a time with its uncertainty, or why there is none."""
    if value.value is None:
        return f"not measurable: {value.reason}" if value.reason else "not measurable"
    error = f" ± {value.uncertainty * 1000:.0f}" if value.uncertainty is not None else ""
    return f"{value.value * 1000:.0f}{error} ms"


def interval_texts(intervals: Intervals) -> tuple[tuple[str, str], ...]:
    """Return every measurement by its name."""
    axes = intervals.axes
    degrees = [
        f"{name} {value:.0f}°"
        for name, value in (("P", axes.p_deg), ("QRS", axes.qrs_deg), ("T", axes.t_deg))
        if value is not None
    ]
    rate = intervals.rate
    words = rate.words() if rate.bpm is not None else f"not measurable: {intervals.rr_s.reason}"
    return (
        ("Rate", words),
        ("RR", in_ms(intervals.rr_s)),
        ("PR", in_ms(intervals.pr_s)),
        ("QRS", in_ms(intervals.qrs_s)),
        ("QT", in_ms(intervals.qt_s)),
        ("QTc (Bazett)", in_ms(intervals.qtc_bazett_s)),
        ("QTc (Fridericia)", in_ms(intervals.qtc_fridericia_s)),
        ("Axes", ", ".join(degrees) or "not measurable"),
    )
