"""*File > Watch folder*: what comes into a folder is judged, ranked and announced."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog

from ecgviewer.app.qt.texts import p_text
from ecgviewer.app.review.worklist.folder_watch import FolderWatch
from ecgviewer.app.review.worklist.worklist import Worklist
from ecgviewer.app.review.worklist.worklist_panel import WorklistPanel
from ecgviewer.app.shell.ask import ask
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.system.user_dirs import start_dir
from ecgviewer.review.queue import QueueRow
from ecgviewer.review.ranking import arrange

TOGETHER_MS = 1000
"""Records that are judged within this time are announced in one sentence."""


class WatchCommand(QObject):
    """Starts and ends the watch, and tells the list, the models and the reader of arrivals."""

    def __init__(self, bench: Workbench, worklist: Worklist, panel: WorklistPanel) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        self._worklist = worklist
        self._panel = panel
        self._watch = FolderWatch(bench.session.workers, self)
        self._starting = False
        self._awaited: set[str] = set()
        self._news: dict[str, QueueRow] = {}
        self._begun = False
        self._announce_soon = QTimer(self, singleShot=True, interval=TOGETHER_MS)
        self._announce_soon.timeout.connect(self._announce)
        bench.commands.bind_checked("file.watch", self._toggle)
        bench.session.listCleared.connect(self._end_with_list)
        self._watch.arrived.connect(self._take)
        self._watch.lost.connect(
            lambda reason: bench.say.error(f"The watched folder is out of reach: {reason}")
        )
        self._watch.returned.connect(lambda: bench.say.info("The watched folder is back."))
        worklist.judged.connect(self._judged)

    def _toggle(self, on: bool) -> None:
        self._bench.commands.check("file.watch", self._watch.folder is not None)
        if not on:
            self.stop()
            return
        dialog = QFileDialog(self._bench.parent, "Watch a folder of ECGs", str(start_dir()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self.start(Path(name)))
        ask(dialog)

    def start(self, folder: Path) -> None:
        """Watch a folder; the list is that of its records from now on."""
        self._starting = True
        self._bench.session.start_list([folder])
        self._starting = False
        self._awaited, self._news, self._begun = set(), {}, False
        self._worklist.be_of(folder)
        self._watch.start(folder)
        self._show()
        self._bench.say.info(f"Watching {folder.name}: records are judged and ranked as they come.")

    def stop(self) -> None:
        """Watch no more; the list stays."""
        if self._watch.folder is None:
            return
        self.end()
        self._show()
        self._bench.say.info("The folder is watched no more; its list stays.")

    def end(self) -> None:
        """Stop looking, for good."""
        self._announce_soon.stop()
        self._watch.stop()

    def _end_with_list(self) -> None:
        if not self._starting:
            self.stop()

    def _show(self) -> None:
        folder = self._watch.folder
        self._bench.commands.check("file.watch", folder is not None)
        self._panel.set_watched(folder.name if folder is not None else "")
        queue = self._worklist.queue
        self._panel.set_progress(*(queue.progress() if queue is not None else (0, 0)))
        if folder is not None:
            self._bench.panels.bring_to_front("worklist")

    def _take(self, entries: list[object]) -> None:
        session, first = self._bench.session, not self._begun
        self._begun = True
        session.add_to_list(entries)  # type: ignore[arg-type]
        refs = [entry for entry in entries if isinstance(entry, RecordRef)]
        queue = self._worklist.queue
        if not first and queue is not None:
            # What lay there when the watch began is ranked, and no news.
            self._awaited |= {key for ref in refs if (key := queue.key_of(ref)) is not None}
        self._worklist.judge(refs, [session.settings.value.model])
        for failure in entries:
            if not first and not isinstance(failure, RecordRef):
                self._bench.say.error(f"It came and cannot be read: {failure.error}")  # type: ignore[attr-defined]

    def _judged(self, row: QueueRow) -> None:
        if row.key in self._awaited:
            self._awaited.discard(row.key)
            self._news[row.key] = row
            self._announce_soon.start()

    def _announce(self) -> None:
        queue, news = self._worklist.queue, list(self._news.values())
        self._news = {}
        if queue is None or not news:
            return
        ranked = [row.key for row in arrange(queue.rows)]
        top = min(news, key=lambda row: ranked.index(row.key))
        blind = self._bench.document.blind
        count = f"{len(news)} records came" if len(news) > 1 else f"{top.key} came"
        if blind:
            self._bench.say.info(f"{count}.")
            return
        name = f"{top.key}: " if len(news) > 1 else ""
        what = top.error or f"p {p_text(top.p_value)}, {ranked.index(top.key) + 1} of {len(ranked)}"
        self._bench.say.info(f"{count}; {name}{what} in the work list.")
