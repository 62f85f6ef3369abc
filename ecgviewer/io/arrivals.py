"""Records that come into a folder: found by looking again and again, which works on every disk.

Systems tell of new files in ways of their own, and network folders in none. A file has arrived
when it stays as it is for a while; whether it is whole, only opening it tells.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ecgviewer.core.errors import MissingFileError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.io import limits
from ecgviewer.io.file_access import FileStamp
from ecgviewer.io.registry import RecordFailure, records_among
from ecgviewer.io.wfdb.record_files import record_files

LOOK_EVERY_S = 0.5
LOOKING_SHARE = 0.25
"""Of the time at most: a folder that takes long to list is looked at less often."""
REST_S = 1.0
"""A file that has not changed for so long is taken for written."""
FOLLOWED_REST_S = 10.0
"""The same for a record that is followed while it is recorded: devices write now and then."""
_TEMPORARY = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".swp", "~")
"""Names that programs give to what they have not finished."""


class Arrivals:
    """Looks into a folder and those below it, and hands out records that are new or changed.

    Parameters
    ----------
    folder : Path
    options : ReadOptions, optional
        Carried along in every RecordRef.
    rest_s : float, optional
        For how long a file must stay as it is.
    clock : callable
        Seconds; for tests.
    """

    def __init__(
        self,
        folder: Path,
        options: ReadOptions | None = None,
        rest_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._options = options or ReadOptions()
        self._rest_s = REST_S if rest_s is None else rest_s
        self._clock = clock
        self._seen: dict[Path, tuple[FileStamp, float]] = {}
        self._restless: set[Path] = set()
        self._headers: dict[Path, set[Path]] = {}
        self._growing: set[Path] = set()
        self._followed: set[Path] = set()
        self._next_look = float("-inf")

    @property
    def pause_s(self) -> float:
        """How long nothing is to be expected from here."""
        return max(self._next_look - self._clock(), 0.0)

    def look(self) -> list[RecordRef | RecordFailure]:
        """Return the records whose files are new or changed, and rest.

        Raises
        ------
        MissingFileError
            When the folder cannot be listed now; what was seen in it is remembered.
        """
        began = self._clock()
        try:
            found = dict(_files_below(self.folder, 0))
        except OSError as error:
            self._next_look = self._clock() + LOOK_EVERY_S
            raise MissingFileError(f"cannot be listed ({error.strerror})", self.folder) from error
        for path, stamp in found.items():
            known = self._seen.get(path)
            if known is None or known[0] != stamp:
                if known is not None and stamp.size > known[0].size:
                    self._growing.add(path)
                self._seen[path] = (stamp, began)
                self._restless.add(path)
        for path in self._seen.keys() - found.keys():
            del self._seen[path]
            self._restless.discard(path)
        self._growing &= self._restless
        arrived = self._arrived(began)
        took = self._clock() - began
        self._next_look = began + max(LOOK_EVERY_S, took / LOOKING_SHARE)
        return arrived

    def growing(self) -> list[Path]:
        """Return the records whose files grew when they were looked at last, and do not rest yet.

        They may be half-written copies as well as records that are being recorded.
        """
        found: set[Path] = set()
        for path in self._growing:
            found |= self._headers.get(path, {path})
        return sorted(found)

    def follow(self, path: Path) -> None:
        """Let a growing record rest for longer before it is handed out whole."""
        self._followed |= set(record_files(path))

    def _arrived(self, now: float) -> list[RecordRef | RecordFailure]:
        resting = {path for path in self._restless if self._rests(path, now)}
        headers: set[Path] = set()
        for path in resting:
            headers |= self._headers.get(path, set())
        by_folder: dict[Path, list[str]] = {}
        for path in sorted((resting | headers) & self._seen.keys()):
            files = self._files(path)
            if any(file in self._restless and file not in resting for file in files):
                self._restless.add(path)  # comes with the last of its files
                continue
            self._restless.discard(path)
            by_folder.setdefault(path.parent, []).append(path.name)
        return [
            entry
            for folder, names in by_folder.items()
            for entry in records_among(folder, names, self._options)
        ]

    def _rests(self, path: Path, now: float) -> bool:
        followed = path in self._followed and path in self._growing
        rest_s = max(self._rest_s, FOLLOWED_REST_S) if followed else self._rest_s
        return now - self._seen[path][1] >= rest_s

    def _files(self, path: Path) -> tuple[Path, ...]:
        files = record_files(path)
        for file in files[1:]:
            self._headers.setdefault(file, set()).add(path)
        return files


def _files_below(folder: Path, depth: int) -> Iterator[tuple[Path, FileStamp]]:
    """Yield the regular files with what tells whether they changed.

    Raises
    ------
    OSError
        When the folder itself cannot be listed; those below it may go away meanwhile.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name.lower().endswith(_TEMPORARY):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    if depth < limits.MAX_FOLDER_DEPTH:
                        yield from _files_below(Path(entry.path), depth + 1)
                elif entry.is_file():
                    status = entry.stat()
                    stamp = FileStamp(status.st_size, status.st_mtime_ns)
                    yield Path(entry.path), stamp
            except OSError:
                continue  # it went away between the list and the look
