"""Reviews without what could name the patient, as far as the user wants."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from ecgviewer.core.record.recording import Recording
from ecgviewer.review.annotations import Review
from ecgviewer.review.privacy.identity import Identity, pseudonym, public_name


class Privacy(StrEnum):
    """How much of the patient's identity leaves the program with an export or a report.

    ``HEADER`` is the default: nothing that the header says of the patient's identity, wherever it
    is repeated; the record keeps its name where that does not tell it. ``ANONYMOUS`` also leaves
    out the record's and file's names, dates and comments. ``IDENTIFIED`` leaves nothing out: only
    when the user asks for it.
    """

    IDENTIFIED = "identified"
    HEADER = "header"
    ANONYMOUS = "anonymous"


def anonymize(review: Review, recording: Recording, privacy: Privacy = Privacy.ANONYMOUS) -> Review:
    """Return the review with the record's name and every free text as ``privacy`` wants them.

    Readers' names stay: they are not the patient's.
    """
    if privacy is Privacy.IDENTIFIED:
        return replace(review, record=replace(review.record, name=recording.name))
    anonymous = privacy is Privacy.ANONYMOUS
    name = pseudonym(review.record.sha256) if anonymous else public_name(recording)
    scrub = Identity(recording, with_names=anonymous).scrub
    return replace(
        review,
        record=replace(review.record, name=name),
        annotations=tuple(
            replace(item, label=scrub(item.label), note=scrub(item.note))
            for item in review.annotations
        ),
        verdicts=tuple(replace(item, reason=scrub(item.reason)) for item in review.verdicts),
        state=replace(review.state, note=scrub(review.state.note)),
    )
