"""What a person who helps needs to know about this installation, without any patient data.

Everything here is about the program and the machine. Of the open record it tells the format, rate
and length; never its path, name, header or signal. File names and the user's name can name
patients too, so no path is in it.
"""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from pathlib import Path

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from ecgviewer import __version__
from ecgviewer.app.shell.error_reports import log_path, logger
from ecgviewer.app.shell.session import Session
from ecgviewer.core.system import user_dirs
from ecgviewer.models.networks.architectures import model_ids

LIBRARIES = (
    "PySide6-Essentials", "numpy", "scipy", "h5py", "torch", "safetensors", "edfio", "pydicom",
    "ecgdatakit",
)  # fmt: skip
LOG_LINES = 40
LOG_TAIL_BYTES = 64 * 1024


def diagnostics(session: Session) -> str:
    """Return the text that *Copy diagnostics* puts on the clipboard, one fact per line."""
    facts = [
        ("ECG Viewer", f"{__version__}, {_installation()}"),
        ("Python", f"{platform.python_version()}, {', '.join(_libraries())}"),
        ("Qt", f"{qVersion()}, {QGuiApplication.platformName()}"),
        ("System", f"{platform.platform()}, {platform.machine()}, {os.cpu_count()} cores"),
        ("Screens", "; ".join(_screens())),
        ("Devices", ", ".join(name for _key, name in session.devices)),
        ("Models", ", ".join(_models(session))),
        ("Folders", ", ".join(_folders())),
        ("Settings", "not kept" if session.settings.problem else "kept"),
        ("Open record", _record(session)),
    ]
    lines = [f"{name}: {value}" for name, value in facts]
    errors = last_errors()
    lines.append("Last errors:" if errors else "Last errors: none")
    return "\n".join([*lines, *errors]) + "\n"


def last_errors() -> list[str]:
    """Return the newest lines of the log that the program's own error log wrote.

    Those hold types and lines of the program only (``error_reports.log_error``);
    what Qt or other libraries logged may quote a file's name and stays out.
    """
    try:
        with log_path().open("rb") as stream:
            stream.seek(max(0, log_path().stat().st_size - LOG_TAIL_BYTES))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    kept: list[str] = []
    of_error = False
    for line in text.splitlines()[1:] if len(text) >= LOG_TAIL_BYTES else text.splitlines():
        if not line.startswith("  "):
            of_error = f" ERROR {logger.name} " in line
        if of_error:
            kept.append(line)
    return kept[-LOG_LINES:]


def _installation() -> str:
    return "standalone program" if getattr(sys, "frozen", False) else "Python package"


def _libraries() -> list[str]:
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} of unknown version")
    return found


def _screens() -> list[str]:
    return [
        f"{screen.size().width()}x{screen.size().height()} at {screen.devicePixelRatio():g}, "
        f"{screen.physicalDotsPerInch():.0f} dpi"
        for screen in QGuiApplication.screens()
    ]


def _models(session: Session) -> list[str]:
    shipped = [model for model in model_ids() if model in session.models]
    own = len(session.models) - len(shipped)
    return [*shipped, f"{own} of the user's own"]


def _folders() -> list[str]:
    places = {
        "settings": user_dirs.config_dir(), "reviews": user_dirs.data_dir(),
        "log": user_dirs.state_dir(), "cache": user_dirs.cache_dir(),
    }  # fmt: skip
    return [
        f"{name} {'can' if _writable(place) else 'cannot'} be written"
        for name, place in places.items()
    ]


def _writable(place: Path) -> bool:
    """Tell whether a folder can be written, or made where it does not exist yet."""
    nearest = next(path for path in (place, *place.parents) if path.exists())
    return os.access(nearest, os.W_OK)


def _record(session: Session) -> str:
    recording = session.document.recording
    if recording is None:
        return "none"
    kind = recording.format.split()[0]  # what follows may quote the file
    notes = "1 note" if len(recording.notes) == 1 else f"{len(recording.notes)} notes"
    seen = session.document.shown.analyses
    analyses = ", ".join(model for model in model_ids() if model in seen)
    return (
        f"{kind}, {len(recording.leads)} leads, {recording.fs_hz:g} Hz, "
        f"{recording.duration_s:.1f} s, {notes}, "
        f"analysed by {analyses or 'no model'}"
    )
