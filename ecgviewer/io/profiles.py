"""Answers about HDF5 and text files, remembered for files of the same layout.

A profile is keyed by a signature of the layout: dataset names (digits as ``#``), dimensions,
types and attribute names, or a table's delimiter and column names; no file name and no value is
stored. Whoever applies one says so in a Note.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TypeGuard

from ecgviewer.core.errors import RecordError
from ecgviewer.core.record.record_ref import DECIMALS, DELIMITERS, ReadOptions, time_column_of
from ecgviewer.core.system.files import make_private
from ecgviewer.core.system.user_dirs import config_dir
from ecgviewer.io import limits
from ecgviewer.io.file_access import read_bytes
from ecgviewer.io.process.client import call
from ecgviewer.io.text.sniff import layout_of

FILE_NAME = "import_profiles.json"
VERSION = 1
MAX_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Profile:
    """Remembered answers and the day they were given (ISO)."""

    answers: ReadOptions
    saved: str


def remember(path: Path, answers: ReadOptions) -> None:
    """Keep the answers for every file with the layout of ``path``.

    Raises
    ------
    RecordError
        When the file cannot be read.
    OSError
        When the profile cannot be written.
    """
    signature = _signature(path)
    known = _load()
    known[signature] = {"saved": date.today().isoformat(), **asdict(answers)}
    _store(known)


def forget(path: Path) -> None:
    """Drop the profile for the layout of ``path``; raises as :func:`remember`."""
    signature = _signature(path)
    known = _load()
    if known.pop(signature, None) is not None:
        _store(known)


def remembered(path: Path) -> ReadOptions:
    """Return the answers kept for the layout of ``path``; raises as :func:`remember`."""
    return remembered_for(_signature(path))


def remembered_for(signature: str) -> ReadOptions:
    """Return the answers kept for a layout signature."""
    entry = _load().get(signature)
    return ReadOptions() if entry is None else profile_from_json(entry).answers


def known_profiles() -> dict[str, Profile]:
    """Return every profile by its layout signature."""
    return {signature: profile_from_json(entry) for signature, entry in _load().items()}


def profile_from_json(entry: Mapping[str, object]) -> Profile:
    """Return a profile from what is stored, without what makes no sense there."""
    fs_hz, leads = entry.get("fs_hz"), entry.get("leads")
    return Profile(
        ReadOptions(
            fs_hz=float(fs_hz) if _is_rate(fs_hz) else None,
            units=_text(entry.get("units")),
            leads=tuple(str(lead) for lead in leads) if isinstance(leads, list | tuple) else (),
            dataset=_text(entry.get("dataset")),
            delimiter=_one_of(entry.get("delimiter"), DELIMITERS),
            decimal=_one_of(entry.get("decimal"), DECIMALS),
            time=_time(entry.get("time")),
        ),
        str(entry.get("saved", "")),
    )


def profile_to_json(profile: Profile) -> dict[str, object]:
    """Return what :func:`profile_from_json` reads."""
    return {"saved": profile.saved, **asdict(profile.answers)}


def _signature(path: Path) -> str:
    text = layout_of(path)
    if text is not None:
        return text.signature
    answer, _ = call("signature", path)
    return str(answer["signature"])


def _is_rate(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and 0 < value <= limits.MAX_FS_HZ


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _one_of(value: object, known: Mapping[str, str]) -> str | None:
    return value if isinstance(value, str) and value in known else None


def _time(value: object) -> str | None:
    try:
        return value if isinstance(value, str) and time_column_of(value) else None
    except ValueError:
        return None


def _load() -> dict[str, dict[str, object]]:
    try:
        stored = json.loads(read_bytes(config_dir() / FILE_NAME, MAX_BYTES))
    except (RecordError, ValueError, RecursionError):
        return {}
    if not isinstance(stored, dict) or stored.get("version") != VERSION:
        return {}
    profiles = stored.get("profiles")
    if not isinstance(profiles, dict):
        return {}
    return {key: value for key, value in profiles.items() if isinstance(value, dict)}


def _store(profiles: dict[str, dict[str, object]]) -> None:
    folder = config_dir()
    make_private(folder)
    text = json.dumps({"version": VERSION, "profiles": profiles}, indent=1, sort_keys=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=FILE_NAME)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(folder / FILE_NAME)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
