"""Labels that the words of findings suggest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecgviewer.models.score import findings
from ecgviewer.review.labels import DEFAULT_LABELS, LabelSet
from ecgviewer.review.proposals import SUGGESTED, propose


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("ST lower", "ST depression"),
        ("ST higher, T higher", "ST elevation"),
        ("T lower, ST lower", "T-wave abnormality"),
        ("PR long + fast", "1st degree AV block"),
        ("QT long", "Long QT"),
        ("irregular", None),
        ("fast + PR long", "1st degree AV block"),
        ("axis left, QT long", "Long QT"),
        ("shape", None),
        ("", None),
    ],
)
def test_the_first_word_with_a_label_decides(words: str, name: str | None) -> None:
    label = propose(words, DEFAULT_LABELS)
    assert (label.name if label is not None else None) == name


def test_a_set_in_another_language_is_found_by_its_codes() -> None:
    labels = tuple(
        replace(label, name="Lungo QT") if label.name == "Long QT" else label
        for label in DEFAULT_LABELS.labels
    )
    label = propose("QT long", LabelSet("mine", labels))
    assert label is not None and label.name == "Lungo QT"
    assert propose("QT long", LabelSet("mine", labels[:3])) is None


def test_every_word_is_one_that_a_model_says_and_has_a_label() -> None:
    said = {word for pair in findings.INTERVAL_WORDS.values() for word in pair}
    said |= {word for pair in findings.LEVEL_WORDS for word in pair}
    assert set(SUGGESTED) <= said
    assert all(propose(word, DEFAULT_LABELS) is not None for word in SUGGESTED)
