"""A long analysis under way on disk: cut off at any moment, it goes on where it stopped.

One folder per recording and bundle holds the maps as far as they go and, in ``pieces.jsonl``, one
line per finished piece with its scores. A line is written only once its columns of the maps are
safe on the disk; a line cut in two by a power failure is not counted.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ecgviewer.core.errors import AnalysisError
from ecgviewer.core.system.file_lock import FileLock
from ecgviewer.core.system.files import make_private
from ecgviewer.signal.array_files import read_array

log = logging.getLogger(__name__)

FORMAT = 3
SAVE_EVERY_S = 5.0
"""What a killed process has to do again, at most."""
KEPT = 3
"""Interrupted analyses kept, besides the one that is under way; each may take gigabytes."""
SPARE_BYTES = 256 << 20

ABOUT, PIECES = "about.json", "pieces.jsonl"


@dataclass(slots=True)
class Unfinished:
    """The folder of one analysis under way; :meth:`claim` makes or finds it.

    Attributes
    ----------
    folder : Path
    pieces : list of dict
        What :meth:`note` was given for the pieces that are done already.
    """

    folder: Path
    pieces: list[dict[str, Any]]
    _lock: FileLock
    _others: bool = False
    _pending: list[str] = field(default_factory=list)
    _noted: int = 0
    _saved: float = float("-inf")

    @classmethod
    def claim(
        cls, cache_dir: Path, key: str | None, about: Mapping[str, Any], maps: Mapping[str, int]
    ) -> Unfinished:
        """Return the folder of an analysis, with what an earlier run left in it.

        A folder that another process works in is left to it, and a cache folder may be closed to
        writing: this run then has a folder of its own, which nobody continues.

        Parameters
        ----------
        cache_dir : Path
        key : str or None
            Of recording and bundle; a file name. None: nobody is to continue this run.
        about : mapping
            JSON values that must be the same for a run to go on with another's pieces.
        maps : mapping
            Size in bytes of the data of each map, by name.

        Raises
        ------
        AnalysisError
            When the folder cannot be made or the disk has too little room.
        """
        root = cache_dir / "unfinished"
        about = {"format": FORMAT, **about}
        needed_bytes = sum(maps.values())
        try:
            try:
                make_private(root)
            except OSError:  # a read-only cache folder: nobody can continue this run
                return cls._own(Path(tempfile.gettempdir()), needed_bytes)
            lock = FileLock(root / f"{key}.lock")
            if key is None or not lock.acquire():
                return cls._own(root, needed_bytes)
            folder = root / key
            pieces = _read(folder, about, maps) if folder.exists() else []
            if pieces:
                os.utime(folder)
            else:
                shutil.rmtree(folder, ignore_errors=True)
                _make_room(root)
                _check_room(root, needed_bytes)
                folder.mkdir(mode=0o700, exist_ok=True)
                (folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")
            return cls(folder, pieces, lock, _noted=len(pieces))
        except OSError as error:
            raise AnalysisError(f"no folder for the maps can be used: {error.strerror}") from error

    @classmethod
    def _own(cls, root: Path, needed_bytes: int) -> Unfinished:
        """Return a folder that nobody else knows, gone at the end of the run."""
        _check_room(root, needed_bytes)
        own = Path(tempfile.mkdtemp(dir=root, prefix="ecgviewer-"))
        lock = FileLock(root / f"{own.name}.lock")  # or it would be tidied away
        lock.acquire()
        return cls(own, [], lock, _others=True)

    def note(self, values: Mapping[str, Any], sync: Callable[[], None]) -> None:
        """Remember a finished piece; every few seconds, those so far are saved.

        Parameters
        ----------
        sync : callable
            Brings the maps to the disk.
        """
        body = json.dumps({"piece": self._noted, **values})
        self._noted += 1
        self._pending.append(f"{zlib.crc32(body.encode()):08x} {body}\n")
        if time.monotonic() - self._saved >= SAVE_EVERY_S:
            self.save(sync)

    def save(self, sync: Callable[[], None]) -> None:
        """Save the pieces noted so far; raises AnalysisError when the disk refuses."""
        if self._pending and not self._others:
            sync()
            try:
                with (self.folder / PIECES).open("a", encoding="utf-8", newline="\n") as file:
                    file.writelines(self._pending)
            except OSError as error:
                raise AnalysisError(f"the cache cannot be written: {error.strerror}") from error
            self._pending.clear()
        self._saved = time.monotonic()

    def leave(self) -> None:
        """Leave the folder for a later run to go on."""
        if self._others:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()

    def remove(self) -> None:
        """Remove the folder: the analysis is finished and no longer looked at."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()


def _read(folder: Path, about: Mapping[str, Any], maps: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the pieces that an earlier run finished; none when they cannot be used."""
    try:
        if json.loads((folder / ABOUT).read_text(encoding="utf-8")) != about:
            log.info("an interrupted analysis was made under other conditions: it starts anew")
            return []
        for name, size in maps.items():
            if read_array(folder / f"{name}.npy", np.float32, 2).nbytes != size:
                raise ValueError(f"{name} has another size")
        raw = (folder / PIECES).read_bytes()
        pieces, good = _whole_lines(raw)
        if good < len(raw):
            log.warning("the end of an interrupted analysis is damaged: it is done again")
            with (folder / PIECES).open("r+b") as file:
                file.truncate(good)
    except (OSError, ValueError, KeyError) as error:
        log.warning("an interrupted analysis is damaged (%s): it starts anew", error)
        return []
    return pieces


def _whole_lines(raw: bytes) -> tuple[list[dict[str, Any]], int]:
    """Return what the undamaged lines from the start hold, and their length in bytes."""
    pieces: list[dict[str, Any]] = []
    good = 0
    for line in raw.splitlines(keepends=True):
        checksum, _, body = line.rstrip(b"\n").partition(b" ")
        if not line.endswith(b"\n") or checksum != f"{zlib.crc32(body):08x}".encode():
            break
        values = json.loads(body)
        if values["piece"] != len(pieces):
            break
        pieces.append(values)
        good += len(line)
    return pieces, good


def _make_room(root: Path) -> None:
    """Remove the oldest interrupted analyses, and what nobody can continue."""
    entries = [(folder.stat().st_mtime, folder) for folder in root.iterdir() if folder.is_dir()]
    for rank, (_, folder) in enumerate(sorted(entries, reverse=True)):
        if rank < KEPT and (folder / ABOUT).exists():
            continue
        lock = FileLock(root / f"{folder.name}.lock")
        if lock.acquire():
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()


def _check_room(root: Path, needed_bytes: int) -> None:
    free = shutil.disk_usage(root).free
    if free < needed_bytes + SPARE_BYTES:
        raise AnalysisError(
            f"the maps of this long recording need {needed_bytes >> 20} MB in the cache "
            f"folder, where {free >> 20} MB are free"
        )
