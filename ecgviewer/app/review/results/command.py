"""*File > Open results*: asks for the table, opens its window, and from there the records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from ecgviewer.app.shell.ask import ask
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.system.user_dirs import start_dir

if TYPE_CHECKING:
    from ecgviewer.app.review.results.results_window import ResultsWindow

FILTERS = "Results of analyze (*.parquet *.csv)"


class ResultsCommand(QObject):
    """Opens result tables; while a reader reads blind, none is open."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        self.window: ResultsWindow | None = None
        bench.commands.bind("file.open_results", self._ask)
        bench.document.blindChanged.connect(self._hide_from_the_blind)
        bench.appearance.themeChanged.connect(self._recolour)

    def _ask(self) -> None:
        dialog = QFileDialog(self._bench.parent, "Open results", str(start_dir()), FILTERS)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.open(Path(name)))
        ask(dialog)

    def open(self, path: Path) -> None:
        """Open a table: a Parquet file, a part or a folder of parts, a CSV."""
        # pyqtgraph: not before a table is opened.
        from ecgviewer.app.review.results.results_window import ResultsWindow

        self.close()
        if path.name.startswith("part-"):
            path = path.parent
        bench = self._bench
        window = ResultsWindow(path, bench.session.workers, bench.appearance.theme, bench.parent)
        self.window = window
        window.chosen.connect(self._open_record)
        window.troubled.connect(lambda error: bench.say.error(f"No results: {describe(error)}"))
        window.show()

    def close(self) -> None:
        """Close the table that is open."""
        window, self.window = self.window, None
        if window is not None:
            window.close()
            window.deleteLater()

    def _open_record(self, row: dict[str, Any]) -> None:
        if self.window is None or self.window.rows.results is None:
            return
        try:
            self._bench.session.open_ref(self.window.rows.results.locate(row))
        except EcgViewerError as error:
            self._bench.say.error(describe(error))

    def _hide_from_the_blind(self) -> None:
        if self._bench.document.blind:
            self.close()

    def _recolour(self, theme: Any) -> None:
        if self.window is not None:
            self.window.histograms.set_theme(theme)
