"""What of a recording no model may judge, and whether it can be read at all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]

STRETCH_S = 10.0
"""What is judged by its own beats; stretches begin at whole multiples of it."""
BAD_LEAD_SHARE = 0.5
"""A lead that is dead or unreadable for this share of the time: the recording is unacceptable."""
GROSS_LEAD_SHARE = 0.24
"""So it is with excursions of several beats' height for this share of the time in one lead."""
BAD_TOTAL_SHARE = 0.075
"""And with this share of all leads' time lost."""
NOTHING_SHARE = 0.75
"""Where this share of the leads carries nothing, nothing was recorded: that time does not count."""
LEAST_RECORDED_S = 2.5
"""Less than this recorded is too little to be read."""

EXCHANGES = {
    "arms exchanged": "arm electrodes seem exchanged",
    "right arm and leg exchanged": "the electrodes of right arm and right leg seem exchanged",
    "left arm and leg exchanged": "the electrodes of left arm and right leg seem exchanged",
    "V1 to V6 reversed": "the chest electrodes seem to be in reverse order",
}
"""Kinds of findings that say which electrodes are not where the leads' names say."""

_NAMED_SPANS = 3
"""Spans of one kind that are named by their times: a day of ECG has hundreds."""
_END_S = 0.1
"""A finding that begins and ends this close to the ends of what was analysed is of all of it."""
_STEP_S = 0.1


@dataclass(frozen=True, slots=True)
class QualityFinding:
    """A lead, or part of one, that no model may judge.

    ``kind`` is one of ``flat``, ``saturated``, ``noisy``, ``missing``, ``invalid``,
    ``disturbed``: brief noise in a recording that can be read nevertheless, and of
    :data:`EXCHANGES`.
    """

    lead: str
    kind: str
    start_s: float
    stop_s: float

    def text(self) -> str:
        """Return the finding in words."""
        return f"{self.lead} {self.kind} {self.start_s:.1f}-{self.stop_s:.1f} s"


def spoken(findings: Iterable[QualityFinding]) -> tuple[QualityFinding, ...]:
    """Return the findings that a reader is told of: all but brief noise."""
    return tuple(finding for finding in findings if finding.kind != "disturbed")


def quality_words(findings: Sequence[QualityFinding], leads: Sequence[str], end_s: float) -> str:
    """Return ``ok`` or a short reason, such as ``flat V3; missing 2.0-3.0 s all leads``.

    A lead that could not be judged anywhere stands by its name alone; "all leads" are the
    others. Of the spans of each kind the largest are named and the rest counted. Brief noise in
    what can be read is not spoken of.
    """
    told = spoken(findings)
    if not told:
        return "ok"
    throughout = [
        f
        for f in told
        if f.start_s < _END_S and f.stop_s > end_s - _END_S and f.kind not in EXCHANGES
    ]
    unjudged = {finding.lead for finding in throughout}
    others = set(leads) - unjudged
    words = []
    for kind in dict.fromkeys(finding.kind for finding in told):
        if kind in EXCHANGES:
            unlike = dict.fromkeys(finding.lead for finding in told if finding.kind == kind)
            words.append(f"{EXCHANGES[kind]} ({' '.join(unlike)})")
            continue
        whole = dict.fromkeys(finding.lead for finding in throughout if finding.kind == kind)
        if whole:
            words.append(f"{kind} {' '.join(whole)}")
        spans = [f for f in told if f.kind == kind and f.lead not in unjudged]
        if spans:
            words.append(f"{kind} {_spans_text(spans, others)}")
    return "; ".join(words)


def acceptable(findings: Sequence[QualityFinding], leads: Sequence[str], end_s: float) -> bool:
    """Return whether any ten seconds of a recording can be read well enough for a verdict.

    Leads that the recording lacks and missing samples are no fault of the recording: what is
    there is judged. Nor does time count in which three quarters of the leads carry nothing.

    Parameters
    ----------
    findings : sequence of QualityFinding
    leads : sequence of str
        The leads that were judged or could have been.
    end_s : float
        Seconds that were looked at.
    """
    if not any(finding.kind in ("flat", "saturated", "noisy") for finding in findings):
        return True
    row = {lead: k for k, lead in enumerate(leads)}
    count = max(math.ceil(end_s / _STEP_S - 1e-6), 1)
    silent, dead, noisy = (np.zeros((len(row), count), dtype=np.bool_) for _ in range(3))
    masks = {"flat": dead, "saturated": dead, "noisy": noisy, "missing": silent, "invalid": silent}
    for finding in findings:
        if finding.lead in row and finding.kind in masks:
            start, stop = round(finding.start_s / _STEP_S), round(finding.stop_s / _STEP_S)
            masks[finding.kind][row[finding.lead], start : max(stop, start + 1)] = True
    step = round(STRETCH_S / _STEP_S)
    # A short rest goes with its neighbour.
    starts = list(range(0, max(count - step // 2, 1), step))
    return any(
        _readable(silent[:, start:stop], dead[:, start:stop], noisy[:, start:stop])
        for start, stop in zip(starts, [*starts[1:], count], strict=True)
    )


def _readable(silent: BoolArray, dead: BoolArray, noisy: BoolArray) -> bool:
    """Return whether a stretch [L, steps] can be read."""
    there = ~silent.all(axis=1)
    if not there.any():
        return False
    recorded = (dead | silent)[there].mean(axis=0) < NOTHING_SHARE
    time = int(recorded.sum())
    if time * _STEP_S < LEAST_RECORDED_S:
        return False
    bad = (dead | noisy)[there][:, recorded].sum(axis=1)
    return bool(
        (bad < BAD_LEAD_SHARE * time).all()
        and bad.sum() < BAD_TOTAL_SHARE * time * there.sum()
        # Rounding to steps may lose one at either end.
        and (noisy[there][:, recorded].sum(axis=1) < GROSS_LEAD_SHARE * time - 2).all()
    )


def _spans_text(findings: Iterable[QualityFinding], all_leads: Set[str]) -> str:
    """Return when which leads could not be judged, in the order of time."""
    spans: dict[tuple[float, float], dict[str, None]] = {}
    for finding in findings:
        # Outwards to the digit that is shown: leads that go together are one span, and none is 0 s.
        start_s = math.floor(finding.start_s * 10 + 1e-6) / 10
        stop_s = math.ceil(finding.stop_s * 10 - 1e-6) / 10
        spans.setdefault((start_s, stop_s), {})[finding.lead] = None
    largest = sorted(spans, key=lambda span: (span[0] - span[1]) * len(spans[span]))[:_NAMED_SPANS]
    texts = [
        f"{start_s:.1f}-{stop_s:.1f} s "
        + ("all leads" if all_leads and spans[start_s, stop_s].keys() >= all_leads
           else " ".join(spans[start_s, stop_s]))
        for start_s, stop_s in sorted(largest)
    ]  # fmt: skip
    left_out = len(spans) - len(largest)
    return ", ".join(texts) + (f" and {left_out} more" if left_out else "")
