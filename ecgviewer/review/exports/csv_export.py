"""Reviews as CSV in seconds and samples, one row per entry, and back again.

UTF-8, comma, one header line. ``kind`` is ``record`` (one row, with status and conclusion),
``annotation`` or ``verdict``. Several leads or codes are separated by ``;`` (inside a name, ``;``
and ``\\`` are written ``\\;`` and ``\\\\``). Text that a spreadsheet would run as a formula gets a
leading apostrophe, and so does text that begins with one; reading takes it away.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ecgviewer.core.errors import ReviewError
from ecgviewer.review.annotations import Annotation, FlagVerdict, RecordKey, RecordState, Review
from ecgviewer.review.edits.review_json import (
    annotation_from_json,
    annotation_to_json,
    as_utf8,
    from_json,
    state_from_json,
    to_json,
    verdict_from_json,
    verdict_to_json,
)
from ecgviewer.review.errors import ExportError
from ecgviewer.review.exports.about import NOTHING_MORE, About
from ecgviewer.review.exports.export_files import read_bounded, write_new

COLUMNS = (
    "kind", "record", "record_sha256", "fs_hz", "n_samples", "reader", "id", "start_s", "end_s",
    "start_sample", "end_sample", "offset_samples", "start_clock", "end_clock", "leads", "label",
    "codes", "verdict", "reason", "note", "origin", "model", "bundle_sha256", "score", "p_value",
    "annotation_id", "status", "conclusion", "author", "created", "modified",
)  # fmt: skip
_LATER = ("offset_samples", "start_clock", "end_clock")
_FIRST_COLUMNS = tuple(column for column in COLUMNS if column not in _LATER)
"""Those of files that older versions wrote."""
MAX_BYTES = 32 << 20
_FORMULA = re.compile(r"['=+\-@\t\r]")


def as_cell(text: str) -> str:
    """Return a text as no spreadsheet runs it: with an apostrophe before what may be a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def export_csv(review: Review, path: Path, about: About = NOTHING_MORE) -> Path:
    """Write a review; raises ExportError.

    ``start_sample`` counts from the first sample shown; the sample stored in the file is
    ``offset_samples`` later, where padding was cut off. ``start_clock`` and ``end_clock`` are the
    clock on the wall, where the file gives a time of day.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    record = review.record
    common = {
        "record": as_cell(record.name),
        "record_sha256": as_cell(record.sha256),
        "fs_hz": repr(record.fs_hz),
        "n_samples": record.n_samples,
        "reader": as_cell(review.author),
        "offset_samples": about.numbering.first_sample,
    }
    state = review.state
    writer.writerow(
        common
        | {
            "kind": "record",
            "start_clock": about.start.stamp(0.0) or about.start.text,
            "leads": _join(record.leads),
            "note": as_cell(state.note),
            "status": state.status,
            "conclusion": state.conclusion,
            "modified": as_cell(state.changed),
        }
    )
    for item in review.annotations:
        writer.writerow(common | _span(item, record, about) | _annotation_row(item))
    for verdict in review.verdicts:
        writer.writerow(common | _span(verdict, record, about) | _verdict_row(verdict))
    return write_new(path, as_utf8(text.getvalue()))


def import_csv(path: Path) -> Review:
    """Return the review in an exported file; raises ReviewError with the line at fault."""
    csv.field_size_limit(1_000_000)
    try:
        text = read_bounded(path, MAX_BYTES).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if tuple(reader.fieldnames or ()) not in (COLUMNS, _FIRST_COLUMNS):
            raise ExportError("its columns are not those of a review", path)
        review: Review | None = None
        annotations, verdicts = [], []
        for row in reader:
            if None in row or None in row.values():
                raise ExportError(f"line {reader.line_num} has the wrong number of columns", path)
            try:
                if row["kind"] == "record":
                    review = _record(row)
                elif row["kind"] == "annotation":
                    annotations.append(_annotation(row))
                else:
                    verdicts.append(_verdict(row))
            except (ReviewError, ValueError) as error:
                raise ExportError(f"line {reader.line_num}: {error}", path) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ExportError(f"it is not a CSV file ({error})", path) from error
    if review is None:
        raise ExportError("it has no row for the record", path)
    whole = Review(review.record, review.author, tuple(annotations), tuple(verdicts), review.state)
    try:
        return from_json(to_json(whole))  # what holds for a review as a whole is checked there
    except ReviewError as error:
        raise ExportError(error.reason, path) from error


def _span(item: Annotation | FlagVerdict, record: RecordKey, about: About) -> dict[str, Any]:
    return {
        "start_s": repr(item.start_s),
        "end_s": repr(item.end_s),
        "start_sample": round(item.start_s * record.fs_hz),
        "end_sample": round(item.end_s * record.fs_hz),
        "start_clock": about.start.stamp(item.start_s),
        "end_clock": about.start.stamp(item.end_s),
        "leads": _join(item.leads),
    }


def _annotation_row(item: Annotation) -> dict[str, Any]:
    return {
        "kind": "annotation",
        "id": item.id,
        "label": as_cell(item.label),
        "codes": _join([part for code in item.codes for part in (code.system, code.value)]),
        "note": as_cell(item.note),
        "author": as_cell(item.author),
        "created": as_cell(item.created),
        "modified": as_cell(item.modified),
        **_origin(annotation_to_json(item)["origin"]),
    }


def _verdict_row(item: FlagVerdict) -> dict[str, Any]:
    return {
        "kind": "verdict",
        "id": item.id,
        "verdict": item.verdict,
        "reason": as_cell(item.reason),
        "author": as_cell(item.author),
        "created": as_cell(item.decided),
        "annotation_id": as_cell(item.annotation_id),
        **_origin(verdict_to_json(item)["origin"]),
    }


def _origin(origin: dict[str, Any] | None) -> dict[str, Any]:
    if origin is None:
        return {"origin": "hand"}
    return {
        "origin": "flag",
        "model": as_cell(origin["model"]),
        "bundle_sha256": as_cell(origin["bundle_sha256"]),
        "score": _number_text(origin["score"]),
        "p_value": _number_text(origin["p_value"]),
    }


def _record(row: dict[str, str]) -> Review:
    key = RecordKey(
        _plain(row["record_sha256"]),
        _plain(row["record"]),
        float(row["fs_hz"]),
        int(row["n_samples"]),
        _parts(row["leads"]),
    )
    state: RecordState = state_from_json(
        {
            "status": row["status"],
            "conclusion": row["conclusion"],
            "note": _plain(row["note"]),
            "changed": _plain(row["modified"]),
        }
    )
    return Review(key, _plain(row["reader"]), state=state)


def _annotation(row: dict[str, str]) -> Annotation:
    codes = _parts(row["codes"])
    pairs = zip(codes[::2], codes[1::2], strict=True)
    return annotation_from_json(
        _shared(row)
        | {
            "label": _plain(row["label"]),
            "codes": [{"system": system, "value": value} for system, value in pairs],
            "note": _plain(row["note"]),
            "created": _plain(row["created"]),
            "modified": _plain(row["modified"]),
            "origin": _origin_json(row) if row["origin"] == "flag" else None,
        }
    )


def _verdict(row: dict[str, str]) -> FlagVerdict:
    return verdict_from_json(
        _shared(row)
        | {
            "verdict": row["verdict"],
            "reason": _plain(row["reason"]),
            "decided": _plain(row["created"]),
            "annotation_id": _plain(row["annotation_id"]),
            "origin": _origin_json(row),
        }
    )


def _shared(row: dict[str, str]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "start_s": float(row["start_s"]),
        "end_s": float(row["end_s"]),
        "leads": list(_parts(row["leads"])),
        "author": _plain(row["author"]),
    }


def _origin_json(row: dict[str, str]) -> dict[str, Any]:
    return {
        "model": _plain(row["model"]),
        "bundle_sha256": _plain(row["bundle_sha256"]),
        "score": float(row["score"]) if row["score"] else None,
        "p_value": float(row["p_value"]) if row["p_value"] else None,
    }


def _number_text(value: float | None) -> str:
    return "" if value is None else repr(value)


def _plain(text: str) -> str:
    return text.removeprefix("'")


def _join(parts: Sequence[str]) -> str:
    return as_cell(";".join(re.sub(r"([\\;])", r"\\\1", part) for part in parts))


def _parts(text: str) -> tuple[str, ...]:
    text = _plain(text)
    if not text:
        return ()
    parts = [""]
    characters = iter(text)
    for character in characters:
        if character == "\\":
            parts[-1] += next(characters, "")
        elif character == ";":
            parts.append("")
        else:
            parts[-1] += character
    return tuple(parts)
