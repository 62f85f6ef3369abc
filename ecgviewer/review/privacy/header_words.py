"""Which words, numbers and phrases of a header could tell who the patient is.

A header may say anything in any language under any key or none. So every word of it is personal
that is not plain (:mod:`ecgviewer.review.privacy.plain_words`), and every long number that is no
code of a diagnosis. Keys only make it stricter (names: every word) or less strict (diagnoses,
drugs).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from ecgviewer.core.record.recording import Patient
from ecgviewer.review.privacy.dates import dates_in
from ecgviewer.review.privacy.letter_folding import fold, sounds
from ecgviewer.review.privacy.plain_words import is_plain

MIN_LETTERS = 3
"""Shorter words would be found everywhere; those of names are looked for with a capital."""
MIN_DIGITS = 5
"""Shorter numbers are rates, durations and years."""
MIN_WORDS = 4
"""A comment of fewer plain words is what any reader might write."""
LETTERS = re.compile(r"[^\W\d_]+")
WORD = re.compile(r"[^\W_]+")

_ASIAN = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_KEYED = re.compile(
    r"<(?P<tag>[^<>]{1,40})>\s*[:=]?|(?P<key>[^\W\d_][^\n\t;|,:=<>：]{0,39}?)\s*(?:[:=：]|\t)"
)
_SEGMENT = re.compile(r"[^;|\n]+")
_NAME = re.compile(
    r"name|\bnom\b|\bpre?nom|familia|nombre|apellid|cognome|\bnome\b|apelid|\bnaam|\bnavn|\bnamn|"
    r"\bimie|nazwisko|\bfirst$|\blast$|\bgiven|maiden|initial|physician|doctor|\bdr\b|referr|"
    r"arzt|medecin|medic[oa]\b|technician|operator|nurse|einweiser|uberweis|prescri"
)
_NOT_NAMED = re.compile(r"file|record|lead|device|model|channel|signal|data|program|drug|software")
_PATIENT = re.compile(r"^(pt|pat|patient|patientin|paciente|paziente|subject)\W*$")
_PERSONAL = re.compile(
    r"patient|pacient|pazient|\bpat\b|\bid\b|identif|kennung|mrn|ssn|insur|versicher|krankenk|"
    r"\bnhs|\bnir\b|\bdni\b|\bnie\b|\bcpf\b|codice|fiscale|birth|\bdob\b|\bgeb|geburt|naissance|"
    r"nacimiento|nascita|nascimento|geboort|urodz|phone|\btel|handy|movil|fax|mail|address|adress|"
    r"direcc|indirizz|street|strass|\brue\b|city|\bzip\b|\bplz\b|ville|post|hospit|hopital|"
    r"ospedal|clinic|klinik|praxis|institut|\bward\b|station|department|abteilung|service|room|"
    r"zimmer|account|accession|\bcase\b|\bfall|visit|\bnr\b|number|nummer|numero|dossier"
)
_CLINICAL = re.compile(
    r"^(#?[dhrs]x|(other |additional )?diagnos\w*|history|medication.*|therapy|drugs?|symptoms?|"
    r"indication|reason for admission|rhythm|ecg|interpretation|statements?)$"
)
_TITLED = re.compile(
    r"(?<![^\W_])(?:dr|prof|mrs?|ms|miss|frau|herr|mme|mlle|monsieur|madame|sra?|sig(?:ra|nora)?|"
    r"dott|dra)\b\.?(?:\s*(?:dr|med|prof)\b\.?)*((?:\s+[^\W\d_][^\W\d_'’-]*\.?){1,3})"
)
_UNKNOWN = {"unknown", "none", "n/a", "nan", "yes", "no", "not available", "unbekannt", "inconnu"}
_NO_NAMES = {
    "male", "female", "man", "woman", "and", "von", "der", "dem", "the", "del", "med", "prof",
    "mrs", "year", "years", "old", "unknown", "patient", "name", "geb", "born", "frau", "herr",
    "mme",
}  # fmt: skip
_NUMBERS = re.compile(r"\d+(?:[-./ ]\d+)+")
_MEASURE = re.compile(
    r"\d+(?:hz|khz|mm|mv|uv|ms|s|sec|min|h|y|yr|yrs|yo|j|bpm|kg|cm|lead|leads|x|st|nd|rd|th)|[vx]\d"
)


@dataclass
class Told:
    """What a header tells.

    Attributes
    ----------
    words : set of str
        As :func:`ecgviewer.review.privacy.letter_folding.sounds` gives them.
    short : set of str
        Two-letter words of names.
    phrases : set of str
        Whole values, to be found whatever stands between their words.
    numbers : set of str
        Digits alone.
    """

    words: set[str] = field(default_factory=set)
    short: set[str] = field(default_factory=set)
    phrases: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)

    def add_words(self, text: str) -> None:
        """Add the words of a text that are not plain, and its long numbers."""
        self.add_numbers(text)
        for dated in dates_in(text):  # a month's name is nobody's
            if dated.sure:
                text = text[: dated.start] + " " * (dated.stop - dated.start) + text[dated.stop :]
        for match in WORD.finditer(text):
            word = match[0]
            if _ASIAN.search(word):
                self.phrases.add(word)
            elif len(word) >= MIN_LETTERS and not _MEASURE.fullmatch(fold(word)):
                self.words |= {
                    sounds(part)
                    for part in (word, *LETTERS.findall(word))
                    if len(part) >= MIN_LETTERS and not (part.isdigit() or is_plain(part))
                }

    def add_name(self, text: str, any_case: bool = True) -> None:
        """Add every word of a name, whatever else the word may mean."""
        self.add_words(text)
        words = [word for word in LETTERS.findall(text) if any_case or not word.islower()]
        for word in words:
            if len(word) >= MIN_LETTERS and fold(word) not in _NO_NAMES:
                self.words.add(sounds(word))
            elif len(word) == MIN_LETTERS - 1 and not is_plain(word):
                self.short.add(word.capitalize())
        # O'Brien is OBrien elsewhere, and the family name may come first or last.
        self.phrases |= {"".join(parts) for parts in re.findall(r"(\w+)['’-](\w+)", text)}
        if 2 <= len(words) <= MIN_WORDS and not re.search(r"\d", text):
            orders = (words, words[::-1], [*words[1:], words[0]])
            self.phrases |= {" ".join(order) for order in orders}

    def add_phrase(self, text: str) -> None:
        """Add a value as a whole."""
        if len(text.strip()) >= MIN_LETTERS and fold(text.strip()) not in _UNKNOWN:
            self.phrases.add(text.strip())

    def add_numbers(self, text: str) -> None:
        """Add long numbers, also those with separators in them."""
        self.numbers |= {run for run in re.findall(r"\d+", text) if len(run) >= MIN_DIGITS}
        for match in _NUMBERS.finditer(text):
            digits = re.sub(r"\D", "", match[0])
            if len(digits) >= MIN_DIGITS + 3:
                self.numbers.add(digits)


def told_by(patient: Patient, with_comments: bool) -> Told:
    """Return what a header tells of the patient's identity.

    Parameters
    ----------
    patient : Patient
    with_comments : bool
        Also diagnoses and drugs, and comments repeated as a whole.
    """
    told = Told()
    comments = [unicodedata.normalize("NFC", comment) for comment in patient.comments]
    for text in (patient.name, patient.patient_id, patient.birth_date):
        told.add_words(text)
        told.add_phrase(text)
    for comment in comments:
        # "Ward 7" is no reader's word, "Age: 66" may be.
        numbered = re.search(r"\d", comment) and not _KEYED.search(comment)
        if with_comments and (numbered or len(WORD.findall(comment)) >= MIN_WORDS):
            told.add_phrase(comment)
        for match in _TITLED.finditer(fold(comment)):
            told.add_name(comment[match.start(1) : match.end(1)])
        for key, value in _pairs(comment):
            _add_pair(told, fold(key).strip(), value.strip(), with_comments)
    return told


def _add_pair(told: Told, key: str, value: str, with_comments: bool) -> None:
    told.add_words(key)
    if _CLINICAL.match(key):
        if with_comments:
            told.add_words(re.sub(r"\d{5,}", " ", value))
        return
    told.add_words(value)
    if fold(value) in _UNKNOWN:
        return
    if _PATIENT.match(key):
        told.add_name(re.split(r"\d", value)[0], any_case=False)
    elif _NAME.search(key) and not _NOT_NAMED.search(key):
        told.add_name(value)
    if _PATIENT.match(key) or _PERSONAL.search(key) or _NAME.search(key):
        told.add_phrase(value)


def _pairs(comment: str) -> Iterator[tuple[str, str]]:
    """Yield key and value, as many as stand in a comment; the key is empty where there is none."""
    for segment in _SEGMENT.finditer(comment):
        text = segment[0].strip()
        keys = list(_KEYED.finditer(text))
        starts = [*(match.start() for match in keys), len(text)]
        yield "", text[: starts[0]]
        for match, stop in zip(keys, starts[1:], strict=True):
            yield match["tag"] or match["key"], text[match.end() : stop]
