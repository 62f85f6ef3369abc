"""Which records are of one patient, told by salted hashes: no name is kept for it.

Nobody is matched by accident: an id that stands for no one (zeros, ``unknown``) is none, a name
counts with its birth date only, and one id with two birth dates is nobody's.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from ecgviewer.core.record.recording import Patient
from ecgviewer.review.privacy.dates import dates_in
from ecgviewer.review.privacy.letter_folding import sounds

SALT_BYTES = 32
_NOBODY = frozenset(
    [
        "unknown",
        "unk",
        "none",
        "na",
        "nil",
        "null",
        "anonymous",
        "anonym",
        "anonymized",
        "anonymised",
        "test",
        "patient",
        "nn",
        "xx",
        "xxx",
        "noname",
        "unbekannt",
        "inconnu",
        "desconocido",
        "sconosciuto",
    ]
)


@dataclass(frozen=True, slots=True)
class PatientTag:
    """What tells a patient again, as hashes.

    Attributes
    ----------
    identifier : str
        Of the patient's id; empty without one.
    births : frozenset of str
        Of the birth date, one for each of its meanings (``03/04/1950`` has two).
    persons : frozenset of str
        Of name and birth date together.
    """

    identifier: str = ""
    births: frozenset[str] = frozenset()
    persons: frozenset[str] = frozenset()

    @property
    def tells(self) -> bool:
        """Whether any other record could be found by it."""
        return bool(self.identifier or self.persons)

    def is_of(self, other: PatientTag) -> bool:
        """Return whether two records are of one patient."""
        if self.births and other.births and not self.births & other.births:
            return False
        if self.identifier and other.identifier:
            return self.identifier == other.identifier
        return bool(self.persons & other.persons)


def patient_tag(patient: Patient, salt: bytes) -> PatientTag:
    """Return a patient's tag; the same salt gives the same patient the same hashes."""
    identifier = re.sub(r"[\W_]+", "", patient.patient_id).casefold()
    if not identifier.strip("0x") or identifier in _NOBODY:
        identifier = ""
    days = {day for dated in dates_in(patient.birth_date) for day in dated.days if day[2]}
    words = sorted(sounds(word) for word in re.findall(r"[^\W\d_]+", patient.name))
    named = len("".join(words)) > 2 and not _NOBODY & set(words)
    return PatientTag(
        _hash(salt, "id", identifier) if identifier else "",
        frozenset(_hash(salt, "birth", repr(day)) for day in days),
        frozenset(_hash(salt, "person", " ".join(words), repr(day)) for day in days)
        if named
        else frozenset(),
    )


def _hash(salt: bytes, *parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hmac.new(salt, text, hashlib.sha256).hexdigest()[:32]
