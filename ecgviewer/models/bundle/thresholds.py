"""Record thresholds of stated specificities, and how many normals they take."""

from __future__ import annotations

import math

from ecgviewer.core.reference import NormalReference

SPECIFICITIES = (0.90, 0.95, 0.99)
CONFIDENCE = 0.95


def normals_needed(specificity: float, confidence: float = CONFIDENCE) -> int:
    """Return how many normals a threshold of this specificity needs.

    With fewer, even the highest of them lies below the true threshold with a probability of more
    than ``1 - confidence``: the smallest n with ``specificity ** n <= 1 - confidence`` (Wilks).
    """
    if not (0.0 < specificity < 1.0 and 0.0 < confidence < 1.0):
        raise ValueError("specificity and confidence lie between 0 and 1")
    return math.ceil(math.log(1.0 - confidence) / math.log(specificity) - 1e-9)


def thresholds_of(reference: NormalReference) -> dict[str, float]:
    """Return the record threshold of every stated specificity, as a bundle stores them."""
    return {f"{s:.2f}": reference.threshold(s) for s in SPECIFICITIES}


def shortage(n: int) -> list[str]:
    """Return a warning per specificity for which ``n`` normals are too few."""
    return [
        f"warning: {n} normals are too few for a threshold of {s:.0%} specificity; "
        f"{normals_needed(s)} are needed, the tail is extrapolated"
        for s in SPECIFICITIES
        if n < normals_needed(s)
    ]
