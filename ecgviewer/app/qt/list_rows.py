"""Rows of a few lines for narrow lists: what matters is wrapped, and only remarks are cut."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from ecgviewer.core.percent import NO_BREAK_SPACE

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
"""The role under which a model gives a :class:`ListRow`."""
PAD_PX = 4
TITLE_LINES = 3
MEASURED_ROWS = 300
"""Rows that get the height they need; later ones get that of the tallest among these."""


@dataclass(frozen=True, slots=True)
class ListRow:
    """What a row says.

    Attributes
    ----------
    title : str
        Wrapped over up to ``TITLE_LINES`` lines.
    facts : tuple of str
        Always whole: on one line where they fit, else on a line each.
    mark : str
        At the right end of the first line.
    remark : str
        On a line of its own, cut with an ellipsis.
    """

    title: str
    facts: tuple[str, ...]
    mark: str = ""
    remark: str = ""

    def text(self) -> str:
        """Return everything, a line each."""
        lines = (f"{self.title} {self.mark}".strip(), " · ".join(self.facts), self.remark)
        return "\n".join(line for line in lines if line)


class Font:
    """A font as a key: Qt's own are none."""

    def __init__(self, font: QFont) -> None:
        self._key = font.key()
        self.metrics = QFontMetrics(font)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Font) and self._key == other._key


@lru_cache(maxsize=2048)
def row_lines(row: ListRow, width_px: int, font: Font) -> tuple[str, ...]:
    """Return the lines of a row for a width, the remark not yet cut."""
    metrics = font.metrics
    first_px = width_px - (metrics.horizontalAdvance(f"{row.mark} ") if row.mark else 0)
    title = _wrapped(row.title, first_px, width_px, metrics)
    facts = " · ".join(row.facts)
    fits = metrics.horizontalAdvance(facts) <= width_px
    return (*title, *((facts,) if fits else row.facts), *((row.remark,) if row.remark else ()))


def _wrapped(words: str, first_px: int, width_px: int, metrics: QFontMetrics) -> list[str]:
    """Return a text in lines, the last one cut where there would be too many."""
    lines: list[str] = []
    line = ""
    rest = words.replace(" · ", f"{NO_BREAK_SPACE}· ").split(" ")
    while rest:
        room = width_px if lines else first_px
        longer = f"{line} {rest[0]}" if line else rest[0]
        if line and metrics.horizontalAdvance(longer) > room:
            if len(lines) == TITLE_LINES - 1:
                whole = " ".join((line, *rest))
                return [*lines, metrics.elidedText(whole, Qt.TextElideMode.ElideRight, room)]
            lines.append(line)
            line = ""
        else:
            line = longer
            rest.pop(0)
    return [*lines, line]


class RowDelegate(QStyledItemDelegate):
    """Draws a :class:`ListRow` and fits the rows of its table to their lines."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table
        table.setItemDelegate(self)
        table.horizontalHeader().hide()
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.verticalHeader().hide()
        table.verticalHeader().setMinimumSectionSize(1)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.model().modelReset.connect(self.fit_rows)
        table.model().dataChanged.connect(self.fit_rows)
        table.viewport().installEventFilter(self)
        self.fit_rows()

    def fit_rows(self) -> None:
        """Give every row the height of its lines."""
        header, model = self._table.verticalHeader(), self._table.model()
        count = model.rowCount()
        heights = [self._height(model.index(row, 0)) for row in range(min(count, MEASURED_ROWS))]
        usual = max(heights) if count > MEASURED_ROWS else min(heights, default=self._px(2))
        if header.defaultSectionSize() != usual:
            header.setDefaultSectionSize(usual)
        for row, height in enumerate(heights):
            if header.sectionSize(row) != height:
                header.resizeSection(row, height)

    def _px(self, n_lines: int) -> int:
        return n_lines * self._table.fontMetrics().height() + 2 * PAD_PX

    def _height(self, index: QModelIndex) -> int:
        row = index.data(ROW_ROLE)
        width = self._table.viewport().width() - 2 * PAD_PX
        return self._px(len(row_lines(row, width, Font(self._table.font()))))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fit the rows again where the list gets narrower or wider."""
        if event.type() == QEvent.Type.Resize:
            self.fit_rows()
        return super().eventFilter(watched, event)

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return the row's size."""
        return QSize(0, self._table.rowHeight(index.row()))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw the row's background as the style does, then its lines."""
        self.initStyleOption(option, index)
        option.text = ""
        style = self._table.style() or QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, self._table)
        row: ListRow = index.data(ROW_ROLE)
        metrics = self._table.fontMetrics()
        area: QRect = option.rect.adjusted(PAD_PX, PAD_PX, -PAD_PX, -PAD_PX)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        active = bool(option.state & QStyle.StateFlag.State_Active)
        group = QPalette.ColorGroup.Active if active else QPalette.ColorGroup.Inactive
        role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text
        lines = row_lines(row, area.width(), Font(self._table.font()))
        line = QRect(area.left(), area.top(), area.width(), metrics.height())
        painter.save()
        painter.setFont(option.font)
        painter.setPen(option.palette.color(group, role))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, row.mark)
        for at, words in enumerate(lines):
            if row.remark and at == len(lines) - 1:
                words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, area.width())
                if not selected:
                    painter.setPen(option.palette.color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, words)
            line.translate(0, metrics.height())
        painter.restore()
