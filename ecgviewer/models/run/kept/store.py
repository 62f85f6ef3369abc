"""Finished analyses on disk, by what was run on what; the oldest unused go when space is short.

A cache: anything wrong with an entry means that the model runs again. Folder names are hashes;
nothing of the patient is in them.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.system.files import make_private
from ecgviewer.models.run.kept.analysis_files import read_analysis, write_analysis

log = logging.getLogger(__name__)

MAX_BYTES = 4 << 30
ROOM_CHECK_SHARE = 1 / 64
"""Looking through a full store takes half a second: only after this share of it was added."""


class AnalysisStore:
    """A folder of analyses.

    Parameters
    ----------
    cache_dir : Path
        The program's cache folder; the store makes ``analyses/`` in it, private to the user.
    max_bytes : int
        The least recently used entries are removed beyond this.
    """

    def __init__(self, cache_dir: Path, max_bytes: int = MAX_BYTES) -> None:
        self._root = cache_dir / "analyses"
        self._max_bytes = max_bytes
        self._unchecked_bytes = max_bytes

    def place(self, recording_sha256: str, bundle_sha256: str) -> Path:
        """Return the folder of an analysis, whether or not it exists."""
        return self._root / f"{recording_sha256[:32]}-{bundle_sha256[:32]}"

    def get(
        self, recording_sha256: str, bundle_sha256: str, explained: str = ""
    ) -> Analysis | None:
        """Return a stored analysis; None when there is none, or it is damaged.

        Parameters
        ----------
        explained : str
            A map that it must have (``attention`` or ``saliency``): screening leaves out what
            costs time and is only looked at.
        """
        folder = self.place(recording_sha256, bundle_sha256)
        if not (folder / "analysis.json").is_file():
            return None
        try:
            analysis = read_analysis(folder)
            os.utime(folder)
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            log.warning("a stored analysis cannot be used (%s)", type(error).__name__)
            shutil.rmtree(folder, ignore_errors=True)
            return None
        same = (
            analysis.recording_sha256 == recording_sha256
            and analysis.bundle_sha256 == bundle_sha256
        )
        lacks = explained and getattr(analysis, explained) is None
        return analysis if same and not lacks else None

    def put(self, analysis: Analysis) -> bool:
        """Keep an analysis; return False (and log why) when the disk refuses."""
        target = self.place(analysis.recording_sha256, analysis.bundle_sha256)
        temporary: Path | None = None
        try:
            make_private(self._root)
            temporary = Path(tempfile.mkdtemp(dir=self._root, prefix=".new-"))
            write_analysis(analysis, temporary)
            size = _size(temporary)
            if target.exists():
                shutil.rmtree(target)
            temporary.rename(target)
        except OSError as error:
            log.warning("an analysis could not be kept: %s", error.strerror)
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)
            return False
        self._unchecked_bytes += size
        if self._unchecked_bytes >= self._max_bytes * ROOM_CHECK_SHARE:
            self._make_room(keep=target)
            self._unchecked_bytes = 0
        return True

    def _make_room(self, keep: Path) -> None:
        entries = []
        for folder in self._root.iterdir():
            try:
                entries.append((folder.stat().st_mtime, _size(folder), folder))
            except OSError:
                continue  # another process removed it meanwhile
        total = sum(size for _, size, _ in entries)
        for _, size, folder in sorted(entries):
            if total <= self._max_bytes:
                return
            if folder != keep:
                shutil.rmtree(folder, ignore_errors=True)
                total -= size


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())
