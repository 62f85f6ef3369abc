"""What Qt needs of a Linux system, and saying which package brings what is missing.

Qt comes with the program, but not the system's own libraries under it: without one of them the
import fails, or Qt ends the process when it opens its first window.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping

from ecgviewer.core.errors import EcgViewerError

IMPORT_NEEDS: Mapping[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""What ``import PySide6`` needs, by the package of Debian and Ubuntu that brings it."""
X11_NEEDS: Mapping[str, str] = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
"""What a window on an X11 screen needs besides."""


class MissingLibraryError(EcgViewerError):
    """The system lacks libraries that Qt needs."""


def check_qt_libraries(on_screen: bool) -> None:
    """See that Qt can be loaded; for a window on an X11 screen also that it can be opened.

    Raises
    ------
    MissingLibraryError
        Names what is missing and the command that installs it.
    """
    if not sys.platform.startswith("linux"):
        return
    x11 = on_screen and os.environ.get("QT_QPA_PLATFORM", "xcb") == "xcb"
    x11 = x11 and not os.environ.get("WAYLAND_DISPLAY")
    needs = {**IMPORT_NEEDS, **(X11_NEEDS if x11 else {})}
    missing = {library: package for library, package in needs.items() if not _loads(library)}
    if missing:
        packages = " ".join(dict.fromkeys(missing.values()))
        raise MissingLibraryError(
            f"Qt needs {', '.join(missing)}: sudo apt-get install {packages} "
            "(Debian, Ubuntu; elsewhere the packages that hold these files)"
        )


def has_display() -> bool:
    """Return whether a window could be seen; always so where the system is not Linux."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in screens)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
