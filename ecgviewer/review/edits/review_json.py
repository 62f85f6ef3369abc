"""The review as JSON: the truth on disk, and the lossless export.

The shape is described by ``schema/review-2.schema.json``. Version 1 had one SNOMED CT ``code``
per annotation and no ``state``; it is upgraded on reading.
"""

from __future__ import annotations

import json
import math
from typing import Any

from ecgviewer.core.errors import ReviewError
from ecgviewer.review.annotations import (
    CONCLUSIONS,
    STATUSES,
    VERDICTS,
    Annotation,
    Code,
    FlagOrigin,
    FlagVerdict,
    RecordKey,
    RecordState,
    Review,
)
from ecgviewer.review.errors import NewerFormatError

FORMAT = "ecgviewer-review"
VERSION = 2
MAX_PARSED_BYTES = 512 << 20
MAX_ITEMS = 1_000_000
MAX_S = 1e18
"""The longest record that can be described has fewer seconds."""
MAX_TEXT = 100_000


def dumps(value: Any) -> str:
    """Return compact ASCII JSON on one line; ValueError for NaN and infinity."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def loads(text: str | bytes) -> Any:
    """Return parsed JSON; raises ReviewError where it is none, or would fill the memory."""
    data = as_utf8(text) if isinstance(text, str) else text
    # What an empty list, an object of one key and a short value take in Python.
    needed = 72 * data.count(b"[") + 240 * data.count(b"{") + 64 * data.count(b",") + 2 * len(data)
    if needed > MAX_PARSED_BYTES:
        raise ReviewError("it holds more values than any review")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ReviewError(f"damaged JSON ({type(error).__name__})") from error


def as_utf8(text: str) -> bytes:
    """Return a text as UTF-8; half characters (of file names that are none) as JSON writes them."""
    return text.encode("utf-8", "backslashreplace")


def to_json(review: Review) -> dict[str, Any]:
    """Return the review as plain JSON values, without loss."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "record": {
            "sha256": review.record.sha256,
            "name": review.record.name,
            "fs_hz": review.record.fs_hz,
            "n_samples": review.record.n_samples,
            "leads": list(review.record.leads),
        },
        "author": review.author,
        "state": state_to_json(review.state),
        "annotations": [annotation_to_json(item) for item in review.annotations],
        "verdicts": [verdict_to_json(item) for item in review.verdicts],
    }


def annotation_to_json(item: Annotation) -> dict[str, Any]:
    """Return one annotation as plain JSON values."""
    return {
        "id": item.id,
        "start_s": item.start_s,
        "end_s": item.end_s,
        "leads": list(item.leads),
        "label": item.label,
        "codes": [{"system": code.system, "value": code.value} for code in item.codes],
        "note": item.note,
        "author": item.author,
        "created": item.created,
        "modified": item.modified,
        "origin": None if item.origin is None else _origin_to_json(item.origin),
    }


def verdict_to_json(item: FlagVerdict) -> dict[str, Any]:
    """Return one verdict as plain JSON values."""
    return {
        "id": item.id,
        "verdict": item.verdict,
        "start_s": item.start_s,
        "end_s": item.end_s,
        "leads": list(item.leads),
        "reason": item.reason,
        "origin": _origin_to_json(item.origin),
        "author": item.author,
        "decided": item.decided,
        "annotation_id": item.annotation_id,
    }


def state_to_json(state: RecordState) -> dict[str, Any]:
    """Return the record's state as plain JSON values."""
    return {
        "status": state.status,
        "conclusion": state.conclusion,
        "note": state.note,
        "changed": state.changed,
    }


def _origin_to_json(origin: FlagOrigin) -> dict[str, Any]:
    return {
        "model": origin.model,
        "bundle_sha256": origin.bundle_sha256,
        "score": origin.score,
        "p_value": origin.p_value,
    }


def from_json(raw: Any) -> Review:
    """Return the review in parsed JSON, upgraded from an older version where needed.

    Raises
    ------
    NewerFormatError
        When a newer version of the program wrote it.
    ReviewError
        When it is not a review, or a value is missing or impossible.
    """
    if version_of(raw) == 1:
        raw = _upgrade_from_1(raw)
    record = _get(raw, "record", dict)
    key = RecordKey(
        _text(record, "sha256"),
        _text(record, "name"),
        _number(record, "fs_hz"),
        _get(record, "n_samples", int),
        _texts(record, "leads"),
    )
    if not 1e-3 <= key.fs_hz <= 1e9 or not 0 <= key.n_samples < 2**48:
        raise ReviewError("the record's rate or length is impossible")
    annotations = tuple(annotation_from_json(item) for item in _items(raw, "annotations"))
    verdicts = tuple(verdict_from_json(item) for item in _items(raw, "verdicts"))
    for items in (annotations, verdicts):
        if len({item.id for item in items}) != len(items):
            raise ReviewError("two entries have the same id")
    state = state_from_json(raw.get("state"))
    return Review(key, _text(raw, "author"), annotations, verdicts, state)


def version_of(raw: Any) -> int:
    """Return the format version of a parsed review file.

    Raises
    ------
    NewerFormatError, ReviewError
    """
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise ReviewError("this is not a review file")
    version = _get(raw, "version", int)
    if version > VERSION:
        raise NewerFormatError(
            f"a newer version of the program wrote this review (format {version}, this program "
            f"reads up to {VERSION}); please update the program, the file stays as it is"
        )
    if version < 1:
        raise ReviewError(f"there is no review format {version}")
    return int(version)


def _upgrade_from_1(raw: dict[str, Any]) -> dict[str, Any]:
    annotations = []
    for item in _items(raw, "annotations"):
        code = _text(item, "code")
        codes = [{"system": "SNOMED CT", "value": code}] if code else []
        annotations.append({key: item[key] for key in item if key != "code"} | {"codes": codes})
    return raw | {"annotations": annotations, "state": state_to_json(RecordState())}


def annotation_from_json(raw: Any) -> Annotation:
    """Return one annotation; raises ReviewError as :func:`from_json`."""
    start_s, end_s = _span(raw)
    origin = raw.get("origin")
    return Annotation(
        _identifier(raw, "id"),
        start_s,
        end_s,
        _texts(raw, "leads"),
        _text(raw, "label"),
        tuple(Code(_text(code, "system"), _text(code, "value")) for code in _items(raw, "codes")),
        _text(raw, "note"),
        _text(raw, "author"),
        _text(raw, "created"),
        _text(raw, "modified"),
        None if origin is None else _origin_from_json(origin),
    )


def verdict_from_json(raw: Any) -> FlagVerdict:
    """Return one verdict; raises ReviewError as :func:`from_json`."""
    start_s, end_s = _span(raw)
    return FlagVerdict(
        _identifier(raw, "id"),
        _choice(raw, "verdict", VERDICTS),
        start_s,
        end_s,
        _texts(raw, "leads"),
        _text(raw, "reason"),
        _origin_from_json(raw.get("origin")),
        _text(raw, "author"),
        _text(raw, "decided"),
        _text(raw, "annotation_id"),
    )


def state_from_json(raw: Any) -> RecordState:
    """Return the record's state; raises ReviewError as :func:`from_json`."""
    return RecordState(
        _choice(raw, "status", STATUSES),
        _choice(raw, "conclusion", CONCLUSIONS),
        _text(raw, "note"),
        _text(raw, "changed"),
    )


def _origin_from_json(raw: Any) -> FlagOrigin:
    return FlagOrigin(
        _text(raw, "model"),
        _text(raw, "bundle_sha256"),
        _number_or_none(raw, "score"),
        _number_or_none(raw, "p_value"),
    )


def _span(raw: Any) -> tuple[float, float]:
    start_s, end_s = _number(raw, "start_s"), _number(raw, "end_s")
    if not 0.0 <= start_s <= end_s <= MAX_S:
        raise ReviewError(f"a span cannot run from {start_s} to {end_s} s")
    return start_s, end_s


def _get(raw: Any, name: str, *kinds: type[Any]) -> Any:
    if not isinstance(raw, dict):
        raise ReviewError(f"an object with {name!r} was expected")
    value = raw.get(name)
    if not isinstance(value, kinds) or isinstance(value, bool):
        raise ReviewError(f"{name!r} is missing or not of the right kind")
    return value


def _text(raw: Any, name: str) -> str:
    value: str = _get(raw, name, str)
    if len(value) > MAX_TEXT:
        raise ReviewError(f"{name!r} is too long ({len(value)} characters)")
    return value


def _identifier(raw: Any, name: str) -> str:
    value = _text(raw, name)
    if not 1 <= len(value) <= 64 or not value.isalnum() or not value.isascii():
        raise ReviewError("an id must be 1 to 64 letters and digits")
    return value


def _choice(raw: Any, name: str, choices: tuple[str, ...]) -> str:
    value = _text(raw, name)
    if value not in choices:
        raise ReviewError(f"{name!r} cannot be {value[:40]!r}")
    return value


def _number(raw: Any, name: str) -> float:
    value = _get(raw, name, int, float)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ReviewError(f"{name!r} is not a finite number")
    return number


def _number_or_none(raw: Any, name: str) -> float | None:
    if isinstance(raw, dict) and raw.get(name) is None:
        return None
    return _number(raw, name)


def _items(raw: Any, name: str) -> list[Any]:
    values: list[Any] = _get(raw, name, list)
    if len(values) > MAX_ITEMS:
        raise ReviewError(f"{name!r} holds too many entries ({len(values)})")
    return values


def _texts(raw: Any, name: str) -> tuple[str, ...]:
    values = _items(raw, name)
    if not all(isinstance(value, str) for value in values):
        raise ReviewError(f"{name!r} must hold texts")
    return tuple(values)
