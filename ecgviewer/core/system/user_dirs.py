"""The user's own folders: settings, reviews, caches and logs, as each system wants them.

``ECGVIEWER_HOME`` puts all of them under one folder (portable installs, tests). Where the system
knows no home folder of the user (a container with an arbitrary user id), a private temporary one
serves for the session.
"""

from __future__ import annotations

import atexit
import os
import sys
from pathlib import Path

APP = "ecgviewer"
PORTABLE = "ECGVIEWER_HOME"


def config_dir() -> Path:
    """Return the folder for settings and import profiles. It need not exist yet."""
    return _place("config", "XDG_CONFIG_HOME", ".config", "APPDATA", "Application Support")


def data_dir() -> Path:
    """Return the folder for reviews and journals: what must never be lost."""
    return _place("data", "XDG_DATA_HOME", ".local/share", "APPDATA", "Application Support")


def state_dir() -> Path:
    """Return the folder for logs."""
    return _place("state", "XDG_STATE_HOME", ".local/state", "LOCALAPPDATA", "Logs")


def cache_dir() -> Path:
    """Return the folder for what can be computed again: analyses and signal overviews."""
    return _place("cache", "XDG_CACHE_HOME", ".cache", "LOCALAPPDATA", "Caches")


def settle() -> str:
    """Find the folders before any process is started that is to share them.

    Returns
    -------
    str
        What the user must know: that nothing is kept, because there is no home folder. Else empty.
    """
    try:
        for place in (config_dir, data_dir, state_dir, cache_dir):
            place()
    except RuntimeError:
        import tempfile  # late, as hardly anybody needs it and every start would wait

        # RuntimeError is how pathlib says that there is no home folder. Child processes inherit
        # the environment, and so the folder.
        folder = Path(tempfile.mkdtemp(prefix=f"{APP}-"))
        os.environ[PORTABLE] = str(folder)
        atexit.register(_leave, folder, os.getpid())
        return (
            f"There is no home folder: settings, reviews and caches are in {folder} for this "
            f"session. Set {PORTABLE} to a folder that is to keep them."
        )
    return ""


def start_dir() -> Path:
    """Return the folder where dialogs start: the user's home, else the current folder."""
    try:
        return Path.home()
    except RuntimeError:
        return Path.cwd()


def _leave(folder: Path, owner: int) -> None:
    """Take a session's folder away, but never reviews."""
    import shutil

    if os.getpid() == owner and not (folder / "data").exists():
        shutil.rmtree(folder, ignore_errors=True)


def _place(kind: str, xdg: str, xdg_default: str, windows: str, mac: str) -> Path:
    portable = os.environ.get(PORTABLE)
    if portable:
        return Path(portable) / kind
    if sys.platform == "win32":
        base = os.environ.get(windows) or str(Path.home() / "AppData" / "Local")
        return Path(base) / APP / kind
    if sys.platform == "darwin":
        return Path.home() / "Library" / mac / APP / kind
    return Path(os.environ.get(xdg) or Path.home() / xdg_default) / APP
