"""Windows of which only a part carries a trace: electrodes that come on late, go off, or storm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.core.model_requirements import MIN_LEADS
from ecgviewer.signal.gaps import runs

BoolArray = npt.NDArray[np.bool_]

MIN_USABLE_SHARE = 0.7
"""A lead with a smaller share of usable samples in a window is left out of that window."""


@dataclass(frozen=True, slots=True)
class WindowSpan:
    """One window as samples at the model's rate: what it sees, and what it answers for.

    Where windows overlap, each sample belongs to the window whose centre is nearer.
    """

    start: int
    stop: int
    own_start: int
    own_stop: int


def usable_leads(usable: BoolArray) -> BoolArray:
    """Return which leads [L] of a window's usable samples [L, n] are judged."""
    return np.asarray(usable.mean(axis=1) >= MIN_USABLE_SHARE)


def live_parts(span: WindowSpan, usable: BoolArray, shortest: int) -> list[WindowSpan]:
    """Return the window itself, or its parts that can be judged and those between them.

    Parameters
    ----------
    span : Span
    usable : bool array [L, span.stop - span.start]
    shortest : int
        Samples that a model needs.

    Returns
    -------
    list of Span
        In the order of time; they answer for the same samples as the window. The window as it is
        where enough of its leads can be judged, or where none of its parts is long enough.
    """
    if usable_leads(usable).sum() >= MIN_LEADS:
        return [span]
    stretches = runs(usable.sum(axis=0) >= MIN_LEADS) + span.start
    live = [
        (int(start), int(stop))
        for start, stop in stretches
        if stop - start >= shortest
        and min(stop, span.own_stop) > max(start, span.own_start)
        and usable_leads(usable[:, start - span.start : stop - span.start]).sum() >= MIN_LEADS
    ]
    if not live:
        return [span]
    parts = []
    at = span.own_start
    for start, stop in live:
        own_start, own_stop = max(start, at), min(stop, span.own_stop)
        if own_start > at:
            parts.append(WindowSpan(at, own_start, at, own_start))
        parts.append(WindowSpan(start, stop, own_start, own_stop))
        at = own_stop
    if at < span.own_stop:
        parts.append(WindowSpan(at, span.own_stop, at, span.own_stop))
    return parts
