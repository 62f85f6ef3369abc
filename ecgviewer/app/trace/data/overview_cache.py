"""Where pyramids of long recordings are kept between sessions, and how many."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from ecgviewer.core.errors import RecordError
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.system.files import make_private
from ecgviewer.core.system.user_dirs import cache_dir

LONG_S = 600.0
"""Shorter recordings are read again faster than a cache is looked up."""
LIMIT_BYTES = 2 * 1024**3
"""Room for about seven 24-hour recordings."""

log = logging.getLogger(__name__)


def pyramid_folder(recording: Recording) -> Path | None:
    """Return the folder of a recording's pyramid by content hash; None to keep it in memory.

    Makes room first, oldest use first. Slow: hashes the recording's files.
    """
    if recording.duration_s < LONG_S:
        return None
    root = cache_dir() / "overviews"
    try:
        folder = root / recording.content_hash()
        make_private(folder)
        (folder / "used").touch()
        _make_room(root, folder)
    except (OSError, RecordError) as error:
        log.warning("no overview cache: %s", type(error).__name__)
        return None
    return folder


def _make_room(root: Path, keep: Path) -> None:
    sizes = {}
    for folder in root.iterdir():
        if folder.is_dir():
            # Sparse files: what is not written yet takes no room.
            sizes[folder] = sum(
                getattr(file.stat(), "st_blocks", file.stat().st_size // 512) * 512
                for file in folder.iterdir()
            )
    by_use = sorted(sizes, key=lambda folder: _last_use(folder))
    total = sum(sizes.values())
    for folder in by_use:
        if total <= LIMIT_BYTES:
            return
        if folder != keep:
            shutil.rmtree(folder, ignore_errors=True)
            total -= sizes[folder]


def _last_use(folder: Path) -> float:
    used = folder / "used"
    return used.stat().st_mtime if used.exists() else 0.0
