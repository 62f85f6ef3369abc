"""The manual, to read and to search beside the traces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QImage,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QTextDocument,
)
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.manual.pages_of_widgets import page_for
from ecgviewer.app.qt.reading_text import ReadingText
from ecgviewer.core.system.manual import manual_page, manual_pages

SIZE = (1040, 780)
LIST_WIDTH = 230
MARGIN_PX = 18
IMAGE = QTextDocument.ResourceType.ImageResource
NAME_ROLE = Qt.ItemDataRole.UserRole


class PageText(ReadingText):
    """A page whose pictures are as wide as there is room."""

    def __init__(self) -> None:
        super().__init__()
        self._pictures: set[str] = set()
        self.setAccessibleName("Page")
        self.document().setDocumentMargin(MARGIN_PX)
        # Nothing of the manual is on a network, and the program opens none.
        self.setOpenExternalLinks(False)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Return a picture of this width at most; anything else as it is."""
        if kind != IMAGE.value:
            return super().loadResource(kind, name)
        self._pictures.add(QUrl(name).toString())
        picture = QImage(self.source().resolved(QUrl(name)).toLocalFile())
        ratio = self.devicePixelRatioF()
        room = round((self.viewport().width() - 2 * MARGIN_PX) * ratio)
        if picture.width() > room > 0:
            picture = picture.scaledToWidth(room, Qt.TransformationMode.SmoothTransformation)
        picture.setDevicePixelRatio(ratio)
        return picture

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make the pictures anew for the new width.

        Not by reloading the page: what Qt then reads of a Markdown file is all headings.
        """
        super().resizeEvent(event)
        document = self.document()
        pictures, self._pictures = self._pictures, set()
        for name in pictures:
            document.addResource(IMAGE, QUrl(name), self.loadResource(IMAGE.value, name))
        document.markContentsDirty(0, document.characterCount())


class ManualWindow(QDialog):
    """Pages on the left, the page on the right; it may stay open while working."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Manual")
        screen = parent.screen().availableGeometry()
        self.resize(min(SIZE[0], screen.width() - 40), min(SIZE[1], screen.height() - 80))
        self.search = QLineEdit(placeholderText="Search the manual", clearButtonEnabled=True)
        self.search.setAccessibleName("Search the manual")
        self.pages = QListWidget()
        self.pages.setAccessibleName("Pages")
        self.none_found = QLabel("No page has these words")
        self.none_found.hide()
        self.text = PageText()
        back, forward = QPushButton("&Back"), QPushButton("&Forward")
        back.clicked.connect(self.text.backward)
        forward.clicked.connect(self.text.forward)
        for button, available in (
            (back, self.text.backwardAvailable),
            (forward, self.text.forwardAvailable),
        ):
            button.setEnabled(False)
            button.setAutoDefault(False)
            available.connect(button.setEnabled)
        close = QPushButton("Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.close)

        buttons = QHBoxLayout()
        buttons.addWidget(back)
        buttons.addWidget(forward)
        buttons.addStretch(1)
        buttons.addWidget(close)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.pages, 1)
        column.addWidget(self.none_found)
        sides = QSplitter()
        sides.addWidget(left)
        sides.addWidget(self.text)
        sides.setStretchFactor(1, 1)
        sides.setSizes([LIST_WIDTH, SIZE[0] - LIST_WIDTH])
        whole = QVBoxLayout(self)
        whole.addWidget(sides, 1)
        whole.addLayout(buttons)

        for page in manual_pages():
            item = QListWidgetItem(page.title)
            item.setData(NAME_ROLE, page.name)
            self.pages.addItem(item)
        self.pages.currentItemChanged.connect(self._choose)
        self.text.sourceChanged.connect(self._mark)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._find_next)
        QShortcut(QKeySequence.StandardKey.Find, self, self.search.setFocus)

    def open_page(self, name: str) -> None:
        """Show a page from its top."""
        if self.text.source().fileName() != manual_page(name).path.name:
            url = QUrl.fromLocalFile(str(manual_page(name).path))
            self.text.setSource(url, QTextDocument.ResourceType.MarkdownResource)

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.open_page(item.data(NAME_ROLE))
            self._find_next()

    def _mark(self, url: QUrl) -> None:
        """Mark the page that is shown, whichever way led to it."""
        name = Path(url.fileName()).stem.partition("-")[2]
        for row in range(self.pages.count()):
            item = self.pages.item(row)
            if item.data(NAME_ROLE) == name and item is not self.pages.currentItem():
                self.pages.setCurrentItem(item)

    def _filter(self, words: str) -> None:
        """Leave the pages that have the words; the one that is shown goes to the next of them."""
        found = 0
        for row, page in enumerate(manual_pages()):
            has = words.casefold() in page.text().casefold()
            self.pages.item(row).setHidden(not has)
            found += has
        self.none_found.setVisible(not found)
        self._find_next()

    def _find_next(self) -> None:
        """Go to the next place of the words searched for, from the top again after the last."""
        words = self.search.text()
        if words and not self.text.find(words):
            self.text.moveCursor(self.text.textCursor().MoveOperation.Start)
            self.text.find(words)


def show_manual(parent: QWidget, page: str | None = None) -> ManualWindow:
    """Open the manual at a page, or where it tells of what has the focus.

    Parameters
    ----------
    parent : QWidget
        The window that it belongs to; a second call goes on in the same window.
    """
    if page is None:
        page = page_for(parent.focusWidget() or parent)
    open_already = parent.findChild(ManualWindow)
    window = open_already if isinstance(open_already, ManualWindow) else ManualWindow(parent)
    window.open_page(page)
    window.show()
    window.raise_()
    window.activateWindow()
    return window
