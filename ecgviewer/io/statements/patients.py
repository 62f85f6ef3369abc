"""Patient fields from header comments: only what is written there, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ecgviewer.core.record.recording import Patient

_SEXES = {
    "f": "female", "female": "female", "w": "female", "woman": "female", "weiblich": "female",
    "femme": "female", "mujer": "female",
    "m": "male", "male": "male", "man": "male", "mannlich": "male", "männlich": "male",
    "homme": "male", "hombre": "male",
}  # fmt: skip
_UNKNOWN = {"", "nan", "unknown", "n/a", "na", "none", "?", "-"}
_VAGUE = {"name": "name", "patient": "name", "id": "id", "subject": "id"}
"""Outside WFDB headers these are as often said of a device or a channel."""
_FIELDS = _VAGUE | {
    "age": "age", "patient age": "age", "age at ecg": "age", "age years": "age",
    "sex": "sex", "gender": "sex", "patient sex": "sex",
    "dx": "dx", "diagnosis": "dx", "diagnose": "dx", "diagnoses": "dx",
    "reason for admission": "dx", "additional diagnoses": "dx",
    "patient name": "name",
    "patient id": "id", "subject id": "id", "mrn": "id", "medical record number": "id",
    "patient number": "id", "pid": "id",
    "date of birth": "birth", "birth date": "birth", "birthdate": "birth", "dob": "birth",
}  # fmt: skip
_PAIR = re.compile(r"<([^<>]{1,40})>\s*:?\s*([^<]*)|^([^:=<>]{1,40})[:=]\s*(.*)$")
_KEYS = "|".join(
    re.escape(key).replace("\\ ", "[ _]") for key in sorted(_FIELDS, key=len, reverse=True)
)
_WORD_PAIR = re.compile(rf"({_KEYS})\s+(?P<value>[^\s:=].*)", re.IGNORECASE)
"""``KEY value`` without a colon: only the keys known here, at the start of a comment."""
_NEXT_KEY = re.compile(rf"[\s;,]+(?=(?:{_KEYS})\s*[:=])", re.IGNORECASE)
"""``Age: 62  Sex: M``: where the next pair of a line begins."""
_MIT_BIH = re.compile(
    r"(?P<age>-?\d{1,3})(?:\s*(?i:y|yrs?|years?))?[\s,]+(?P<sex>[MF]|(?i:male|female))"
    r"(?:\s+[\w.+-]+){0,8}"
)
"""``69 M 1085 1629 x1``: age (-1 where unknown), sex, and numbers of the tape."""
_AGE = re.compile(
    r"(?P<n>\d{1,3}(?:\.\d+)?)\s*(?P<unit>y|yrs?|years?|mo|months?|weeks?|days?)?\.?(?:\s*old)?"
    r"|(?P<padded>\d{3})(?P<code>[YMWD])",
    re.IGNORECASE,
)
"""The second form is DICOM's, with three figures: ``12 M`` may be a boy of twelve."""
_PER_YEAR = {"y": 1.0, "m": 12.0, "w": 365.25 / 7, "d": 365.25}


def parse_age(text: str) -> float | None:
    """Return an age in years; None where it is unknown or a placeholder such as 300.

    Months, weeks and days (``6 months``, ``011D``) are those of infants.
    """
    match = _AGE.fullmatch(text.strip())
    if match is None:
        return None
    unit = (match["unit"] or match["code"] or "y")[0].lower()
    age = float(match["n"] or match["padded"]) / _PER_YEAR[unit]
    return age if age <= 130 else None


def parse_sex(text: str) -> str:
    """Return ``"female"``, ``"male"`` or ``""``."""
    return _SEXES.get(text.strip().lower(), "")


def patient_from_comments(comments: Iterable[str], header: bool = True) -> Patient:
    """Read ``Age: 51``, ``Sex: F``, ``Dx: ...``, ``<age>: 62 <sex>: M``, ``age 71``, ``69 M ...``.

    Parameters
    ----------
    comments : iterable of str
        Comment lines without their ``#``. All are kept in ``Patient.comments``.
    header : bool
        They are the comments of a header about one patient. Else they are ``key: value`` of
        anything, and only keys that can mean nothing but a patient are taken.
    """
    kept = tuple(comments)
    found: dict[str, str] = {}
    diagnoses: list[str] = []
    for comment in kept:
        for key, value in _pairs(comment, header):
            field = None if not header and key in _VAGUE else _FIELDS.get(key)
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


def _pairs(comment: str, header: bool) -> Iterator[tuple[str, str]]:
    """Yield key (lower case, blanks between its words) and value, as many as a comment holds."""
    for part in _NEXT_KEY.split(comment):
        keyed = False
        for match in _PAIR.finditer(part):
            keyed = True
            key = (match[1] or match[3]).strip().lower().replace("_", " ")
            yield key, (match[2] or match[4] or "").strip()
        if keyed or not header:
            continue
        if tape := _MIT_BIH.fullmatch(part.strip()):
            yield "age", tape["age"]
            yield "sex", tape["sex"]
        elif said := _WORD_PAIR.fullmatch(part.strip()):
            yield from _said(said[1].lower().replace("_", " "), said["value"].strip())


def _said(key: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield ``KEY value`` where the value is such as the key has: a sentence may begin with one."""
    field = _FIELDS[key]
    first, _, rest = value.partition(" ")
    if field == "age":
        # "age 71 sex F": the other pair follows in the same line.
        at = re.match(r"[\d.]+\s*(?:(?:y|yrs?|years?|months?|weeks?|days?)\b)?", value, re.I)
        if at is not None and at[0]:
            yield key, at[0].strip()
            rest = value[at.end() :]
            if following := _WORD_PAIR.fullmatch(rest.strip(" ,;")):
                yield from _said(following[1].lower().replace("_", " "), following["value"])
    elif field == "sex":
        if parse_sex(first.strip(",;")):
            yield key, first.strip(",;")
            if following := _WORD_PAIR.fullmatch(rest.strip(" ,;")):
                yield from _said(following[1].lower().replace("_", " "), following["value"])
    elif field == "id":
        if re.search(r"\d", first) and not rest:
            yield key, first
    elif field == "birth":
        if re.search(r"\d", value):
            yield key, value
    elif field == "dx":
        if re.fullmatch(r"[\d\s,;]+", value) or key != "dx":
            yield key, value
    elif not re.search(r"\d", value) and key != "patient":
        yield key, value
