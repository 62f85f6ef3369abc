"""The page as it will be on paper, with a button that prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtPrintSupport import QPrintDialog, QPrinter, QPrintPreviewWidget
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from ecgviewer.app.report.printing import a4_printer, is_cut, print_page

if TYPE_CHECKING:
    from ecgviewer.app.report.page_content import ReportPage

SIZE = (1040, 820)
WORDS = (
    "A4 landscape at exact scale: 25 mm/s are 25 mm on paper. Leave the printer's own scaling "
    "(“fit to page”) off."
)


class PrintPreview(QDialog):
    """Shows a report's page and prints it on the printer that is then asked for."""

    printed = Signal(str)
    failed = Signal()

    def __init__(self, page: ReportPage, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Print: {page.title}")
        self.resize(min(SIZE[0], parent.width() - 40), min(SIZE[1], parent.height() - 40))
        self._page = page
        self.printer = a4_printer()
        self.preview = QPrintPreviewWidget(self.printer)
        self.preview.setAccessibleName("Preview of the page")
        self.preview.paintRequested.connect(lambda printer: print_page(page, printer))
        for part in self.preview.findChildren(QWidget):
            part.setAccessibleName("Preview of the page")
        self.preview.fitInView()
        words = QLabel(WORDS)
        words.setWordWrap(True)
        words.setProperty("quiet", True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.print_button = buttons.addButton("&Print…", QDialogButtonBox.ButtonRole.ActionRole)
        self.print_button.setDefault(True)
        self.print_button.setShortcut(QKeySequence.StandardKey.Print)
        self.print_button.clicked.connect(self._ask_printer)
        zoom_in = buttons.addButton("Zoom &in", QDialogButtonBox.ButtonRole.ActionRole)
        zoom_in.clicked.connect(lambda: self.preview.zoomIn())
        whole = buttons.addButton("&Whole page", QDialogButtonBox.ButtonRole.ActionRole)
        whole.clicked.connect(self.preview.fitInView)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.preview, 1)
        column.addWidget(words)
        column.addWidget(buttons)

    def _ask_printer(self) -> None:
        dialog = QPrintDialog(self.printer, self)
        dialog.accepted.connect(lambda: self.print_on(self.printer))
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.show()

    def print_on(self, printer: QPrinter) -> None:
        """Print the page, and say what came of it."""
        if not print_page(self._page, printer):
            self.failed.emit()
        elif is_cut(printer):
            self.printed.emit(
                "The report was printed at exact scale; its edges are cut, since the page is A4 "
                "landscape and the paper is smaller."
            )
        else:
            self.printed.emit("The report was sent to the printer.")
        self.accept()
