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
    """Return the label for a flag's words, such as ``axis left, QT long``; None without one.

    The most prominent word that has a label decides. A set that has no label with the code, such
    as a user's own, has no proposal either.
    """
    for word in words_of(words):
        for label in labels.labels:
            if SUGGESTED.get(word) in [code.value for code in label.codes]:
                return label
    return None
