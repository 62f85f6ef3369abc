"""The review as JSON: the truth on disk, and the lossless export."""

from __future__ import annotations

import json
import math
from typing import Any

from ecgviewer.core.errors import ReviewError
from ecgviewer.review.annotations import (
    VERDICTS,
    Annotation,
    FlagOrigin,
    FlagVerdict,
    RecordKey,
    Review,
)

FORMAT = "ecgviewer-review"
VERSION = 1


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
        "code": item.code,
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


def _origin_to_json(origin: FlagOrigin) -> dict[str, Any]:
    return {
        "model": origin.model,
        "bundle_sha256": origin.bundle_sha256,
        "score": origin.score,
        "p_value": origin.p_value,
    }


def from_json(raw: Any) -> Review:
    """Return the review in parsed JSON.

    Raises
    ------
    ReviewError
        When it is not a review, of a newer version, or a value is missing or impossible.
    """
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise ReviewError("this is not a review file")
    if raw.get("version") != VERSION:
        raise ReviewError(
            f"the review has format version {raw.get('version')!r}; {VERSION} is read"
        )
    record = _get(raw, "record", dict)
    return Review(
        RecordKey(
            _get(record, "sha256", str),
            _get(record, "name", str),
            _number(record, "fs_hz"),
            _get(record, "n_samples", int),
            _strings(record, "leads"),
        ),
        _get(raw, "author", str),
        tuple(annotation_from_json(item) for item in _get(raw, "annotations", list)),
        tuple(verdict_from_json(item) for item in _get(raw, "verdicts", list)),
    )


def annotation_from_json(raw: Any) -> Annotation:
    """Return one annotation; raises ReviewError as :func:`from_json`."""
    start_s, end_s = _span(raw)
    origin = raw.get("origin")
    return Annotation(
        _get(raw, "id", str),
        start_s,
        end_s,
        _strings(raw, "leads"),
        _get(raw, "label", str),
        _get(raw, "code", str),
        _get(raw, "note", str),
        _get(raw, "author", str),
        _get(raw, "created", str),
        _get(raw, "modified", str),
        None if origin is None else _origin_from_json(origin),
    )


def verdict_from_json(raw: Any) -> FlagVerdict:
    """Return one verdict; raises ReviewError as :func:`from_json`."""
    start_s, end_s = _span(raw)
    verdict = _get(raw, "verdict", str)
    if verdict not in VERDICTS:
        raise ReviewError(f"a verdict cannot be {verdict[:40]!r}")
    return FlagVerdict(
        _get(raw, "id", str),
        verdict,
        start_s,
        end_s,
        _strings(raw, "leads"),
        _get(raw, "reason", str),
        _origin_from_json(raw.get("origin")),
        _get(raw, "author", str),
        _get(raw, "decided", str),
        _get(raw, "annotation_id", str),
    )


def dumps(value: Any) -> str:
    """Return compact ASCII JSON on one line; NaN and infinity are refused."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _origin_from_json(raw: Any) -> FlagOrigin:
    return FlagOrigin(
        _get(raw, "model", str),
        _get(raw, "bundle_sha256", str),
        _number(raw, "score"),
        _number(raw, "p_value"),
    )


def _span(raw: Any) -> tuple[float, float]:
    start_s, end_s = _number(raw, "start_s"), _number(raw, "end_s")
    if not 0.0 <= start_s <= end_s:
        raise ReviewError(f"a span cannot run from {start_s} to {end_s} s")
    return start_s, end_s


def _get(raw: Any, name: str, kind: type[Any]) -> Any:
    if not isinstance(raw, dict):
        raise ReviewError(f"an object with {name!r} was expected")
    value = raw.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ReviewError(f"{name!r} is missing or not of the right kind")
    return value


def _number(raw: Any, name: str) -> float:
    value = _get(raw, name, int | float)  # type: ignore[arg-type]
    if not math.isfinite(value):
        raise ReviewError(f"{name!r} is not a finite number")
    return float(value)


def _strings(raw: Any, name: str) -> tuple[str, ...]:
    values = _get(raw, name, list)
    if not all(isinstance(value, str) for value in values):
        raise ReviewError(f"{name!r} must hold texts")
    return tuple(values)
