"""The label that a flag's words suggest, for the reader to accept or to replace by another."""

from __future__ import annotations

from collections.abc import Mapping

from ecgviewer.core.flags import words_of
from ecgviewer.review.labels import Label, LabelSet

SUGGESTED: Mapping[str, str] = {
    "ST lower": "429622005", "ST higher": "164931005",
    "T lower": "164934002", "T higher": "164934002",
    "QRS wide": "698252002", "PR long": "270492004", "QT long": "111975006",
}  # fmt: skip
"""SNOMED CT identifiers by the words of :mod:`ecgviewer.models.score.findings`.

Only words that mean what the label says are here: an irregular rhythm may be several.
"""


def propose(words: str, labels: LabelSet) -> Label | None:
    """Return the label for a flag's words, such as ``ST lower, T lower``; None without one.

    The most prominent word comes first and decides. A set that has no label with the code, such
    as a user's own, has no proposal either.
    """
    code = SUGGESTED.get(words_of(words)[0])
    return next(
        (label for label in labels.labels if code in [c.value for c in label.codes]),
        None,
    )
