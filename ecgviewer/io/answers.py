"""The user's answers to what a file leaves open, and what they mean for its identity."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from ecgviewer.core.record_ref import ReadOptions
from ecgviewer.core.recording import Note


def used_answers(
    given: ReadOptions, remembered: ReadOptions, dataset: str | None, notes: Iterable[Note]
) -> ReadOptions:
    """Return the answers that a record was read with, whether given now or remembered.

    Parameters
    ----------
    dataset : str or None
        The one that was answered.
    notes : iterable of Note
        Of the record: they say which questions were decided by an assumption.
    """
    open_ = {note.question for note in notes if note.level == "assumed"}
    answers = given.completed_by(remembered)
    return ReadOptions(
        fs_hz=answers.fs_hz if "fs" in open_ else None,
        units=answers.units if "units" in open_ else None,
        leads=answers.leads if "leads" in open_ else (),
        dataset=dataset,
    )


def answers_text(used: ReadOptions) -> str:
    """Return the answers as JSON for the content hash; empty when there were none.

    Another rate or unit makes another recording of the same bytes: what was found in the one
    says nothing of the other.
    """
    if used == ReadOptions():
        return ""
    return json.dumps(asdict(used), sort_keys=True)
