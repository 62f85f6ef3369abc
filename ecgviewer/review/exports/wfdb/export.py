"""Reviews as WFDB annotation files under an annotator name of their own, and back, without loss.

What other programs see, per annotation:

* a comment (``"``) at its onset: ``LABEL | 3.200 s | II,V1 | CLOCK TIME | id ...``;
* per lead, with the number of the record's own signal in ``chan``: ``(`` at the onset with the
  label in ``aux``, and ``)`` at the end.

What makes it lossless: comments of subtype 1, ``ev2 KN i/n TEXT``, where ``K`` is ``R`` (the
review), ``A`` (an annotation) or ``V`` (a verdict), ``N`` its number, and the ``n`` texts joined
are its JSON in ASCII. A note holds 255 bytes of Latin-1 at most, which is why JSON is cut and
escaped. Readers drop every comment at sample 0 (they look for definitions there), so nothing is
put before sample 1; the exact seconds are in the JSON. A review without annotations still has
its ``R`` comment, so the file is never empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ecgviewer.core.errors import CorruptFileError, ReviewError
from ecgviewer.review.annotations import Annotation, Review
from ecgviewer.review.edits.review_json import dumps, from_json, loads, to_json
from ecgviewer.review.errors import ExportError
from ecgviewer.review.exports.about import NOTHING_MORE, About
from ecgviewer.review.exports.export_files import put_new, read_bounded, set_aside, write_new
from ecgviewer.review.exports.wfdb.check import check_annotations
from ecgviewer.review.exports.wfdb.codec import MAX_AUX, Mark, decode, encode

ANNOTATOR = "ecgreview"
_CHUNK_SUBTYPE = 1
_CHUNK = re.compile(r"ev2 ([RAV])(\d+) (\d+)/(\d+) (.*)", re.DOTALL)


def export_wfdb(
    review: Review,
    folder: Path,
    record_name: str = "",
    annotator: str = ANNOTATOR,
    about: About = NOTHING_MORE,
) -> Path:
    """Write ``folder/RECORD.annotator``; return its path.

    Parameters
    ----------
    record_name : str
        By default the review's record name; characters that WFDB does not allow become ``_``.
    annotator : str
        Letters only.
    about : About
        Which of the file's signals each lead is, and what else is said of the recording.

    Raises
    ------
    ExportError
        When the file exists already, the name is not allowed, it cannot be written, or wfdb reads
        something else than was meant.
    """
    if not re.fullmatch(r"[A-Za-z]+", annotator):
        raise ExportError(f"an annotator's name has letters only, not {annotator!r}")
    name = wfdb_name(record_name or review.record.name)
    target = folder / f"{name}.{annotator}"
    if target.exists():
        raise ExportError("it exists already and is not overwritten", target)
    marks, fs_hz = list(_marks(review, about)), review.record.fs_hz
    data = encode(marks, fs_hz)
    with set_aside(folder, name) as aside:
        try:
            check_annotations(write_new(aside / target.name, data), marks, fs_hz)
        except ExportError as error:
            raise ExportError(error.reason, target) from error
        put_new(aside / target.name, target)
    return target


def wfdb_name(name: str) -> str:
    """Return a record name of letters, digits, ``-`` and ``_``."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name) or "record"


def import_wfdb(path: Path) -> Review:
    """Return the review in a file that :func:`export_wfdb` wrote.

    Raises
    ------
    CorruptFileError, ExportError, ReviewError
    """
    try:
        marks, _ = decode(read_bounded(path))
    except CorruptFileError as error:
        raise CorruptFileError(error.reason, path) from error
    items = _join(marks, path)
    reviews = [value for (kind, _), value in items.items() if kind == "R"]
    if len(reviews) != 1 or not isinstance(reviews[0], dict):
        raise ExportError("it is not an exported review", path)
    raw = reviews[0] | {
        "annotations": [value for (kind, _), value in sorted(items.items()) if kind == "A"],
        "verdicts": [value for (kind, _), value in sorted(items.items()) if kind == "V"],
    }
    try:
        return from_json(raw)
    except ReviewError as error:
        raise type(error)(error.reason, path) from error


def _marks(review: Review, about: About) -> Iterator[Mark]:
    raw = to_json(review)
    annotations, verdicts = raw.pop("annotations"), raw.pop("verdicts")
    if words := about.words():
        yield Mark(1, '"', 0, _note(words))
    yield from _chunks("R", 0, raw, 1)
    for number, item in enumerate(review.annotations):
        onset = _sample(review, item.start_s)
        yield Mark(onset, '"', 0, _summary(item, about))
        yield from _chunks("A", number, annotations[number], onset)
        for chan in _channels(review, item, about):
            yield Mark(onset, "(", chan, _note(item.label))
            yield Mark(_sample(review, item.end_s), ")", chan)
    for number, verdict in enumerate(review.verdicts):
        yield from _chunks("V", number, verdicts[number], _sample(review, verdict.start_s))


def _channels(review: Review, item: Annotation, about: About) -> list[int]:
    """Return the numbers of the record's own signals, which may be more than the leads."""
    leads = review.record.leads
    chosen = item.leads or leads
    numbers = [about.numbering.signal(row) for row, lead in enumerate(leads) if lead in chosen]
    return [number for number in numbers if number is not None and number <= 255]


def _sample(review: Review, at_s: float) -> int:
    last = max(review.record.n_samples - 1, 1)
    return min(max(round(at_s * review.record.fs_hz), 1), last)


def _chunks(kind: str, number: int, value: Any, sample: int) -> Iterator[Mark]:
    text = dumps(value).replace(" ", "\\u0020")  # readers may strip blanks at an end
    size = MAX_AUX - len(f"ev2 {kind}{number} 99999/99999 ")
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    for index, piece in enumerate(pieces, start=1):
        text = f"ev2 {kind}{number} {index}/{len(pieces)} {piece}"
        yield Mark(sample, '"', 0, text, _CHUNK_SUBTYPE)


def _summary(item: Annotation, about: About) -> str:
    leads = ",".join(item.leads) or "all leads"
    clock = about.start.stamp(item.start_s)
    parts = [item.label, f"{item.duration_s:.3f} s", leads, clock, f"id {item.id}"]
    return _note(" | ".join(part for part in parts if part))


def _note(text: str) -> str:
    """Return text that a note can hold; what it cannot is escaped, the end cut off."""
    plain = re.sub(r"\s+", " ", text).encode("ascii", "backslashreplace").decode()
    return re.sub(r"[^\x20-\x7e]", "", plain)[:MAX_AUX]


def _join(marks: tuple[Mark, ...], path: Path) -> dict[tuple[str, int], Any]:
    pieces: dict[tuple[str, int], dict[int, str]] = {}
    totals: dict[tuple[str, int], int] = {}
    for mark in marks:
        match = _CHUNK.fullmatch(mark.aux) if mark.subtype == _CHUNK_SUBTYPE else None
        if match is not None:
            key = (match.group(1), int(match.group(2)))
            pieces.setdefault(key, {})[int(match.group(3))] = match.group(5)
            totals[key] = int(match.group(4))
    items = {}
    for key, parts in pieces.items():
        if sorted(parts) != list(range(1, len(parts) + 1)) or len(parts) != totals[key]:
            raise ExportError("a part of an entry is missing", path)
        items[key] = loads("".join(parts[index] for index in sorted(parts)))
    return items
