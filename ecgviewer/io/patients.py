"""Patient fields from header comments: only what is written there, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ecgviewer.core.recording import Patient

_SEXES = {"f": "female", "female": "female", "w": "female", "m": "male", "male": "male"}
_UNKNOWN = {"", "nan", "unknown", "n/a", "na", "none", "?", "-"}
_FIELDS = {
    "age": "age", "sex": "sex", "gender": "sex",
    "dx": "dx", "diagnosis": "dx", "diagnose": "dx", "diagnoses": "dx",
    "reason for admission": "dx", "additional diagnoses": "dx",
    "name": "name", "patient name": "name", "patient": "name",
    "id": "id", "patient id": "id", "subject id": "id",
    "date of birth": "birth", "birth date": "birth", "birthdate": "birth", "dob": "birth",
}  # fmt: skip
_PAIR = re.compile(r"<([^<>]{1,40})>\s*:?\s*([^<]*)|^([^:=<>]{1,40})[:=]\s*(.*)$")


def parse_age(text: str) -> float | None:
    """Return an age in years; None where it is unknown or a placeholder such as 300."""
    match = re.match(r"\s*(\d{1,3}(?:\.\d+)?)\s*(?:y|yr|yrs|years?)?\s*$", text, re.IGNORECASE)
    age = float(match[1]) if match else None
    return age if age is not None and age <= 130 else None


def parse_sex(text: str) -> str:
    """Return ``"female"``, ``"male"`` or ``""``."""
    return _SEXES.get(text.strip().lower(), "")


def patient_from_comments(comments: Iterable[str]) -> Patient:
    """Read ``Age: 51``, ``Sex: F``, ``Dx: ...``, ``<age>: 62 <sex>: M`` and PTB's fields.

    Parameters
    ----------
    comments : iterable of str
        Comment lines without their ``#``. All are kept in ``Patient.comments``.
    """
    kept = tuple(comments)
    found: dict[str, str] = {}
    diagnoses: list[str] = []
    for comment in kept:
        for match in _PAIR.finditer(comment):
            key = (match[1] or match[3]).strip().lower().replace("_", " ")
            value = (match[2] or match[4] or "").strip()
            field = _FIELDS.get(key)
            if field is None or value.lower() in _UNKNOWN:
                continue
            if field == "dx":
                separator = ";" if ";" in value or not re.match(r"[\w ,]+$", value) else ","
                diagnoses += [part.strip() for part in value.split(separator) if part.strip()]
            else:
                found.setdefault(field, value)
    return Patient(
        patient_id=found.get("id", ""),
        name=found.get("name", ""),
        sex=parse_sex(found.get("sex", "")),
        age_years=parse_age(found.get("age", "")),
        birth_date=found.get("birth", ""),
        diagnoses=tuple(diagnoses),
        comments=kept,
    )
