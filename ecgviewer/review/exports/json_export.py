"""The review as one JSON file, without loss; ``schema/review-2.schema.json`` describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ecgviewer.core.errors import ReviewError
from ecgviewer.review.annotations import Review
from ecgviewer.review.edits.review_json import VERSION, as_utf8, from_json, loads, to_json
from ecgviewer.review.errors import ExportError
from ecgviewer.review.exports.about import NOTHING_MORE, About
from ecgviewer.review.exports.export_files import read_bounded, write_new


def export_json(
    review: Review,
    path: Path,
    seal: Mapping[str, Any] | None = None,
    about: About = NOTHING_MORE,
) -> Path:
    """Write a review; ``seal`` says how it came about (see :mod:`ecgviewer.review.exports.seal`).

    ``about`` becomes its ``recording``: the start, and how the file counts samples and signals.

    Raises
    ------
    ExportError
    """
    raw = to_json(review) | {"recording": about.to_json()}
    if seal is not None:
        raw["seal"] = dict(seal)
    text = json.dumps(raw, indent=1, ensure_ascii=False, allow_nan=False)
    return write_new(path, as_utf8(text) + b"\n")


def import_json(path: Path) -> Review:
    """Return the review in an exported file; raises ReviewError."""
    try:
        return from_json(loads(read_bounded(path)))
    except ExportError:
        raise
    except ReviewError as error:
        raise type(error)(error.reason, path) from error


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of exported reviews."""
    path = Path(__file__).with_name("schema") / f"review-{VERSION}.schema.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
