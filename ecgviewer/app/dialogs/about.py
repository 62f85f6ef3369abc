"""What the program is, what it is for, and under which terms it and its parts come."""

from __future__ import annotations

import platform
from html import escape

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from ecgviewer import __version__
from ecgviewer.app.qt.reading_text import ReadingText
from ecgviewer.core.system.resources import notices_path

PURPOSE = (
    "ECG Viewer is a research aid, not a medical device and not a diagnosis. It shows where a "
    "recording differs from normal ones; a qualified person must judge what that means."
)
PARTS = (
    ("Qt for Python (PySide6) and Qt", "LGPL 3; the libraries lie beside the program and can be "
     "replaced"),
    ("PyTorch", "BSD 3-Clause"),
    ("NumPy", "BSD 3-Clause"),
    ("SciPy", "BSD 3-Clause"),
    ("h5py and HDF5", "BSD 3-Clause"),
    ("soundfile and libsndfile", "BSD 3-Clause, LGPL 2.1"),
    ("matplotlib", "Matplotlib licence (BSD style)"),
    ("safetensors", "Apache 2.0"),
    ("PTB-XL sample records", "CC BY 4.0 (see resources/samples)"),
    ("PTB sample record", "ODC-By 1.0 (see resources/samples)"),
)  # fmt: skip


class AboutDialog(QDialog):
    """Version, purpose, licences."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About ECG Viewer")
        self.resize(520, 460)
        text = ReadingText()
        text.setAccessibleName("About")
        text.setHtml(about_html())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addWidget(text)
        column.addWidget(buttons)


def about_html() -> str:
    """Return the dialog's text."""
    parts = "".join(
        f"<tr><td style='padding-right:14px'>{name}</td><td>{terms}</td></tr>"
        for name, terms in PARTS
    )
    return (
        f"<h2>ECG Viewer {__version__}</h2><p><b>{PURPOSE}</b></p>"
        "<p>It works without a network and sends nothing anywhere.</p>"
        "<p>ECG Viewer comes under the MIT licence. Its parts:</p>"
        f"<table cellpadding='2'>{parts}</table>"
        f"{_notices_html()}"
        f"<p>Python {platform.python_version()}, Qt {qVersion()}, {platform.system()}</p>"
    )


def _notices_html() -> str:
    """Point at the notices that an installed program carries; from source there are none."""
    notices = notices_path()
    if notices is None:
        return ""
    return (
        f"<p>All parts, their versions and their licence texts: <i>{escape(str(notices))}</i></p>"
    )
