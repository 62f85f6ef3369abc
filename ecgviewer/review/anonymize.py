"""Reviews without what could name the patient."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from ecgviewer.core.recording import Recording
from ecgviewer.review.annotations import Review

REMOVED = "[removed]"


def pseudonym(sha256: str) -> str:
    """Return the name that stands for a record."""
    return f"record-{sha256[:8]}"


def anonymize(review: Review, recording: Recording) -> Review:
    """Return the review with the record's name replaced, and the patient's data taken out of texts.

    Name (and its parts), id, birth date, comments, file and folder names are looked for in every
    free text, in any case. Readers' names stay: they are not the patient's.
    """
    secrets = _secrets(recording)

    def scrub(text: str) -> str:
        for pattern in secrets:
            text = pattern.sub(REMOVED, text)
        return text

    return replace(
        review,
        record=replace(review.record, name=pseudonym(review.record.sha256)),
        annotations=tuple(
            replace(item, label=scrub(item.label), note=scrub(item.note))
            for item in review.annotations
        ),
        verdicts=tuple(replace(item, reason=scrub(item.reason)) for item in review.verdicts),
        state=replace(review.state, note=scrub(review.state.note)),
    )


def _secrets(recording: Recording) -> list[re.Pattern[str]]:
    patient = recording.patient
    texts = {
        patient.patient_id,
        patient.name,
        patient.birth_date,
        *_words(patient.name),
        *patient.comments,
        recording.name,
        recording.path.stem,
        recording.path.name,
        str(recording.path),
        str(recording.path.parent),
    }
    ordered = sorted((text.strip() for text in texts if text.strip()), key=len, reverse=True)
    return [re.compile(rf"(?<!\w){re.escape(text)}(?!\w)", re.IGNORECASE) for text in ordered]


def _words(name: str) -> Iterable[str]:
    return (word for word in re.split(r"[^\w]+", name) if len(word) > 2)
