"""The user's own folders: settings, reviews, caches and logs, as each system wants them.

``ECGVIEWER_HOME`` puts all of them under one folder (portable installs, tests).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

APP = "ecgviewer"


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


def _place(kind: str, xdg: str, xdg_default: str, windows: str, mac: str) -> Path:
    portable = os.environ.get("ECGVIEWER_HOME")
    if portable:
        return Path(portable) / kind
    if sys.platform == "win32":
        base = os.environ.get(windows) or str(Path.home() / "AppData" / "Local")
        return Path(base) / APP / kind
    if sys.platform == "darwin":
        return Path.home() / "Library" / mac / APP / kind
    return Path(os.environ.get(xdg) or Path.home() / xdg_default) / APP
