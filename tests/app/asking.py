"""Files that leave something open, and the dialog that asks about them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox

from ecgviewer.app.dialogs.import_dialog import ImportDialog
from ecgviewer.app.shell.window import MainWindow
from tests import generators
from tests.app.driving import spin


def write_silent_hdf5(path: Path) -> Path:
    """Write an array that says neither rate nor unit nor leads."""
    with h5py.File(path, "w") as file:
        file["measurement"] = generators.ecg_mv(10.0, 250.0).astype("f4")
    return path


def write_silent_records(path: Path, **datasets: int) -> Path:
    """Write arrays of so many 12-lead records; the file says neither rate nor unit."""
    with h5py.File(path, "w") as file:
        for name, records in datasets.items():
            one = generators.ecg_mv(10.0, 250.0).astype("f4")
            file[name] = np.stack([one] * records)
            file[name].attrs["lead_names"] = list(generators.LEADS)
    return path


def the_dialog(window: MainWindow) -> ImportDialog:
    spin(lambda: bool(window.findChildren(ImportDialog)))
    return window.findChildren(ImportDialog)[-1]


def asked(window: MainWindow) -> list[ImportDialog]:
    """Return the dialogs on show, once nothing more is under way."""
    spin(lambda: not window.session.workers.busy)
    QTest.qWait(50)
    return [dialog for dialog in window.findChildren(ImportDialog) if dialog.isVisible()]


def confirm(dialog: ImportDialog) -> None:
    """Open with the answers as they stand, once they will do."""
    ready = dialog.buttons.button(QDialogButtonBox.StandardButton.Open)
    spin(ready.isEnabled)
    QTest.mouseClick(ready, Qt.MouseButton.LeftButton)


def answer(dialog: ImportDialog) -> None:
    """Give rate and unit, for this session alone, and open."""
    dialog.remember.setChecked(False)
    dialog.questions.fs_box.setEditText("250")
    dialog.questions.units_box.setEditText("mV")
    confirm(dialog)
