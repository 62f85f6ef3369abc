"""Copies what a plot or a table shows, or saves it as a picture or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from ecgviewer.app.qt.picture_files import save_png
from ecgviewer.app.shell.ask import ask
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.system.files import write_whole
from ecgviewer.review.privacy.identity import names_patient

ACTIONS = (("copy", "Copy picture"), ("picture", "Save picture…"), ("csv", "Save as CSV…"))


@dataclass(frozen=True)
class Table:
    """Columns whose titles name the unit; None is an empty cell."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]

    def csv(self) -> bytes:
        """Return the table as a CSV file in UTF-8, the titles first."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([["" if cell is None else cell for cell in row] for row in self.rows])
        return text.getvalue().encode()


class Saver:
    """Serves the menus of plots and tables."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def serve(
        self, kind: str, what: str, widget: QWidget, table: Callable[[], Table], parent: QWidget
    ) -> None:
        """Do one of ``ACTIONS``.

        Parameters
        ----------
        what : str
            Ends the name of the file, such as ``rr-intervals``.
        widget : QWidget
            Is the picture.
        parent : QWidget
            Of the file dialog.
        """
        if kind == "copy":
            QGuiApplication.clipboard().setPixmap(widget.grab())
            self._bench.status.showMessage("Copied the picture", 4000)
        elif kind == "picture":
            picture = widget.grab()
            self._ask(
                "Save the picture", f"{what}.png", "PNG (*.png)", parent,
                lambda path: save_png(picture, path),
            )  # fmt: skip
        else:
            data = table().csv()
            self._ask(
                "Save as CSV", f"{what}.csv", "CSV (*.csv)", parent, lambda path: _write(path, data)
            )

    def _ask(
        self, title: str, ending: str, kinds: str, parent: QWidget, save: Callable[[Path], object]
    ) -> None:
        recording = self._bench.document.recording
        named = recording is None or names_patient(recording, recording.name)
        stem = "ECG" if recording is None or named else recording.name.replace("#", "-")
        dialog = QFileDialog(parent, title, f"{stem}-{ending}", kinds)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ending.rpartition(".")[2])
        dialog.fileSelected.connect(lambda chosen: self.write(Path(chosen), save))
        ask(dialog)

    def write(self, path: Path, save: Callable[[Path], object]) -> None:
        """Save, and say where it is or why it is not."""
        try:
            save(path)
        except EcgViewerError as error:
            self._bench.say.error(f"Not saved: {describe(error)}")
        else:
            self._bench.say.info(f"Saved as {path}.")


def _write(path: Path, data: bytes) -> None:
    try:
        write_whole(path, data)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise EcgViewerError(f"it cannot be written there ({reason})", path) from error
