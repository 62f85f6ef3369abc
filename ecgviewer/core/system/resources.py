"""Where the shipped models, samples and icons are: source tree, wheel or frozen program."""

from __future__ import annotations

import sys
from pathlib import Path


def resource_dir() -> Path:
    """Return the folder that holds ``models/``, ``samples/`` and ``icons/``."""
    package = Path(__file__).resolve().parents[2]
    candidates = [package / "resources", package.parent / "resources"]
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen is not None:
        candidates.insert(0, Path(frozen) / "resources")
    for candidate in candidates:
        if (candidate / "models").is_dir():
            return candidate
    raise FileNotFoundError("the program's resources folder is missing; reinstall the program")


def notices_path() -> Path | None:
    """Return the third-party notices that lie beside the frozen program; None from source."""
    if getattr(sys, "_MEIPASS", None) is None:
        return None
    folder = Path(sys.executable).parent
    # In a macOS application the program and its resources have folders of their own.
    for candidate in (folder, folder.parent / "Resources"):
        if (candidate / "THIRD-PARTY-NOTICES.txt").is_file():
            return candidate / "THIRD-PARTY-NOTICES.txt"
    return None
