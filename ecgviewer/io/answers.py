"""The user's answers to what a file leaves open, and what they mean for its identity."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from ecgviewer.core.record.record_ref import ReadOptions
from ecgviewer.core.record.recording import Note

_LATER = ("delimiter", "decimal", "time")
"""Left out where they are not answered: reviews are found by the hash of what was before them."""


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
        delimiter=answers.delimiter if "delimiter" in open_ else None,
        decimal=answers.decimal if "decimal" in open_ else None,
        time=answers.time if "time" in open_ else None,
    )


def answers_text(used: ReadOptions) -> str:
    """Return the answers as JSON for the content hash; empty when there were none.

    Another rate or unit makes another recording of the same bytes: what was found in the one
    says nothing of the other.
    """
    if used == ReadOptions():
        return ""
    said = asdict(used)
    for key in _LATER:
        if said[key] is None:
            del said[key]
    return json.dumps(said, sort_keys=True)
