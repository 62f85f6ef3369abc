"""What in a recording tells who the patient is, and where else it turns up.

What the header says of the patient must not travel further than the window unless the user asks
for it: it is looked for in every name and text on its way out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from ecgviewer.core.record.recording import Recording
from ecgviewer.review.privacy.dates import Day, dates_in
from ecgviewer.review.privacy.header_words import LETTERS, MIN_LETTERS, WORD, told_by
from ecgviewer.review.privacy.letter_folding import fold, loosely, sounds
from ecgviewer.review.privacy.plain_words import is_plain

REMOVED = "[removed]"
DIGITS_OF_LEADS_AND_TIMES = 3
_CAMEL = re.compile(r"[A-Z][a-z]+|[A-Z]+(?![a-z])")
_BORN = re.compile(
    r"(?<![^\W_])(?:born|birth\w*|dob|geb\w*|nee?|nat[oa]|naiss\w*|nacid[oa]|nacim\w*|nascid[oa]|"
    r"nasci\w*|ur)\b(?:\W|\b(?:on|in|am|im|le|el|il|en|date|of|de|em)\b){0,8}"
    r"(?P<when>\d{1,4}(?:[\W_]{1,2}\d{1,4}){0,2})(?!\d)"
)


class Identity:
    """The patient's identity as a recording tells it.

    Parameters
    ----------
    recording : Recording
    with_names : bool
        Also everything else that could name the patient: the record's, file's and folder's names,
        every comment, and every date.
    """

    def __init__(self, recording: Recording, with_names: bool = False) -> None:
        self._every_date = with_names
        told = told_by(recording.patient, with_comments=with_names)
        if with_names:
            path = recording.path
            for name in (recording.name, path.stem, path.parent.name):
                told.add_words(name)
                if not is_plain(name):  # a folder called "long" tells of nobody
                    told.add_phrase(name)
            for name in (path.name, str(path), str(path.parent)):
                told.add_phrase(name)
        self._words = told.words
        self._short = told.short
        # An underscore parts words in names of files.
        self._patterns = [_whole(text) for text in sorted(told.phrases)]
        self._patterns += [
            re.compile(rf"(?<!\d){_any_zeros(digits)}(?!\d)") for digits in sorted(told.numbers)
        ]
        patient = recording.patient
        self._days = _days_of([patient.birth_date, patient.name, *patient.comments])

    def scrub(self, text: str) -> str:
        """Return a text with the patient's data replaced by ``[removed]``."""
        text = unicodedata.normalize("NFC", text)  # macOS takes accents apart in names of files
        pieces, at = [], 0
        for start, stop in _joined(sorted(self._places(text)), text):
            pieces += [text[at:start], REMOVED]
            at = stop
        return "".join([*pieces, text[at:]])

    def is_in(self, text: str) -> bool:
        """Return whether a text tells who the patient is."""
        return next(self._places(unicodedata.normalize("NFC", text)), None) is not None

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Find where a text tells it."""
        plain = fold(text)
        for pattern in self._patterns:
            yield from (match.span() for match in pattern.finditer(plain))
        for cut in (WORD, LETTERS, _CAMEL):
            for match in cut.finditer(text):
                if self._is_personal(match[0]):
                    yield match.span()
        for dated in dates_in(text):
            if dated.days & self._days or (self._every_date and dated.sure):
                yield dated.start, dated.stop
        for match in _BORN.finditer(plain):
            yield match.span("when")

    def _is_personal(self, word: str) -> bool:
        if len(word) < MIN_LETTERS:
            return word in self._short or (word.isupper() and word.capitalize() in self._short)
        sound = sounds(word)
        return sound in self._words or sound.removesuffix("s") in self._words


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


def _any_zeros(digits: str) -> str:
    """Return a pattern for a number with separators in it, whatever zeros lead it.

    Where little else is left (record 00001) the zeros must be there, or lead V1 would be it.
    """
    rest = digits.lstrip("0")
    lead, rest = ("0*", rest) if len(rest) > DIGITS_OF_LEADS_AND_TIMES else ("", digits)
    return lead + "[-./ _]?".join(rest)


def _whole(phrase: str) -> re.Pattern[str]:
    """Return a pattern for a phrase; scripts that write words without blanks have no borders."""
    if re.search(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]", phrase):
        return re.compile(loosely(phrase))
    return re.compile(rf"(?<![^\W_]){loosely(phrase)}(?![^\W_])")


def _days_of(texts: list[str]) -> frozenset[Day]:
    days = {day for text in texts for dated in dates_in(text) for day in dated.days}
    return frozenset(days | {(year, month, 0) for year, month, _ in days})


def _joined(places: list[tuple[int, int]], text: str) -> Iterator[tuple[int, int]]:
    """Yield places, those as one that touch or that only blanks, commas ... part."""
    at: tuple[int, int] | None = None
    for start, stop in places:
        if at is not None and not text[at[1] : start].strip(" ,_-"):
            at = (at[0], max(at[1], stop))
        else:
            if at is not None:
                yield at
            at = (start, stop)
    if at is not None:
        yield at
