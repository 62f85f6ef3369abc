"""What in a recording tells who the patient is, and where else it turns up.

The header's name, identifier and birth date, and the comments that name a person or a place, must
not travel further than the window unless the user asks for it: they are looked for in every name
and text on its way out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ecgviewer.core.recording import Patient, Recording

REMOVED = "[removed]"
MIN_LETTERS = 3
"""Shorter words would be found everywhere."""
_PERSONAL = re.compile(
    r"name|patient|\bid\b|identif|mrn|ssn|insur|birth|\bdob\b|phone|\btel|fax|mail|address|street|"
    r"city|\bzip\b|post|physician|doctor|referr|technician|operator|nurse|hospital|clinic|"
    r"institut|ward|department|room|account|accession|\bcase\b|visit",
    re.IGNORECASE,
)
_UNKNOWN = {"unknown", "none", "n/a", "nan", "yes", "not available"}
_PAIR = re.compile(r"<([^<>]{1,40})>\s*:?\s*([^<]*)|^([^:=<>]{1,40})[:=]\s*(.*)$")
_DATE = re.compile(
    r"(\d{4})\D(\d{1,2})\D(\d{1,2})|(\d{1,2})\D(\d{1,2})\D(\d{4})|(\d{4})(\d\d)(\d\d)"
)


class Identity:
    """The patient's identity as a recording tells it.

    Parameters
    ----------
    recording : Recording
    with_names : bool
        Also everything else that could name the patient: the record's, file's and folder's names
        and every comment as a whole.
    """

    def __init__(self, recording: Recording, with_names: bool = False) -> None:
        texts = set(_of_header(recording.patient))
        if with_names:
            path = recording.path
            texts |= {*recording.patient.comments, recording.name, path.stem, path.name}
            texts |= {str(path), str(path.parent), path.parent.name}
        kept = {text.strip() for text in texts}
        ordered = sorted((text for text in kept if len(text) >= MIN_LETTERS), key=len, reverse=True)
        dates = list(_dates(recording.patient.birth_date))
        # An underscore parts words in names of files.
        self._patterns = [
            re.compile(rf"(?<![^\W_]){pattern}(?![^\W_])", re.IGNORECASE)
            for pattern in [*map(_loosely, ordered), *dates]
        ]

    def scrub(self, text: str) -> str:
        """Return a text with the patient's data replaced by ``[removed]``."""
        for pattern in self._patterns:
            text = pattern.sub(REMOVED, text)
        return text

    def is_in(self, text: str) -> bool:
        """Return whether a text tells who the patient is."""
        return any(pattern.search(text) for pattern in self._patterns)


def pseudonym(sha256: str) -> str:
    """Return the name that stands for a record."""
    return f"record-{sha256[:8]}"


def public_name(recording: Recording) -> str:
    """Return the record's name, or a pseudonym where it tells who the patient is.

    Hashes the recording's files in that case; raises RecordError when they cannot be read.
    """
    if names_patient(recording, recording.name):
        return pseudonym(recording.content_hash())
    return recording.name


def names_patient(recording: Recording, text: str | Path) -> bool:
    """Return whether a name of a record or a path repeats what the header says of the patient."""
    return Identity(recording).is_in(str(text))


def _of_header(patient: Patient) -> Iterable[str]:
    yield from (patient.patient_id, patient.name, patient.birth_date)
    yield from _words(patient.name)
    for comment in patient.comments:
        pairs = [(m[1] or m[3], m[2] or m[4] or "") for m in _PAIR.finditer(comment)]
        if not pairs:
            yield comment
        for key, value in pairs:
            if _PERSONAL.search(key) and value.strip().lower() not in _UNKNOWN:
                yield value
                if "name" in key.lower() or re.search(r"physician|doctor|referr", key, re.I):
                    yield from _words(value)


def _words(name: str) -> Iterable[str]:
    return (word for word in re.split(r"[\W_]+", name) if len(word) >= MIN_LETTERS)


def _loosely(text: str) -> str:
    """Return a pattern for a text whatever stands between its words: blanks, ``_``, ``-`` ..."""
    words = [re.escape(word) for word in re.split(r"[\W_]+", text) if word]
    return r"[\W_]+".join(words) if words else re.escape(text)


def _dates(text: str) -> Iterable[str]:
    """Return patterns for a date in any order and with any separators."""
    found = _DATE.search(text)
    if found is None:
        return
    groups = found.groups()
    year, month, day = groups[0:3] if groups[0] else groups[6:9] if groups[6] else groups[5:2:-1]
    between = r"[\W_]{0,2}"
    pieces = {"y": str(year), "m": f"0?{int(month)}", "d": f"0?{int(day)}"}
    for order in ("ymd", "dmy", "mdy"):
        yield between.join(pieces[one] for one in order)
