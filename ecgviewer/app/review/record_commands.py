"""Binds what concerns whole records: conclusion, work list, readers, blind mode, export."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog

from ecgviewer.app.review.worklist.worklist import Worklist
from ecgviewer.app.review.worklist.worklist_panel import WorklistPanel
from ecgviewer.app.shell.ask import ask
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.menu_paths import CONCLUSIONS
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.core.errors import EcgViewerError, ReviewError
from ecgviewer.core.system.user_dirs import start_dir
from ecgviewer.models.networks.architectures import model_ids
from ecgviewer.review.annotations import RecordKey
from ecgviewer.review.edits import editing
from ecgviewer.review.privacy.anonymize import Privacy
from ecgviewer.review.queue import QueueRow

if TYPE_CHECKING:
    from ecgviewer.app.review.compare_dialog import Pairs

LIST_HEIGHT = 220


class RecordCommands(QObject):
    """From record to record, and what is done with a whole review."""

    def __init__(self, bench: Workbench, worklist: Worklist, panel: WorklistPanel) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        self._session = bench.session
        self._document = bench.document
        self._review = review = bench.review
        self._worklist = worklist
        self._panel = panel
        self._bind()
        worklist.listChanged.connect(self._show_list)
        worklist.rowChanged.connect(self._show_row)
        worklist.screeningChanged.connect(self._show_screening)
        worklist.resumed.connect(self._session.open_ref)
        panel.recordChosen.connect(self._session.open_ref)
        review.changed.connect(self._show_conclusion)
        review.opened.connect(self._show_conclusion)
        self._document.blindChanged.connect(self._show_blind)
        self._document.recordingChanged.connect(self._show_current)
        self._session.modelsChanged.connect(self._show_shift)
        self._show_conclusion()
        self._show_list()

    def _bind(self) -> None:
        commands = self._bench.commands
        for name, _key in CONCLUSIONS:
            commands.bind(f"review.conclude.{name or 'none'}", partial(self._conclude, name))
        commands.bind("review.done", self._done)
        commands.bind("review.reopen", lambda: self._set_status("in progress"))
        commands.bind("review.next_record", partial(self._step, 1))
        commands.bind("review.previous_record", partial(self._step, -1))
        commands.bind("review.worklist", self._toggle_list)
        commands.bind_checked("review.screen", self._screen)
        commands.bind("review.screen_all", lambda: self._start_screening(list(model_ids())))
        commands.bind("review.reader", self._ask_reader)
        commands.bind_checked("review.blind", self._document.set_blind)
        commands.bind("review.compare", self._compare)
        commands.bind_checked("review.beside", self._set_beside)
        commands.check("review.beside", self._session.settings.value.reviews_beside)
        commands.bind("file.export_review", self._ask_export)

    def _show_conclusion(self) -> None:
        review = self._review.review
        conclusion = review.state.conclusion if review is not None else ""
        self._bench.commands.check(f"review.conclude.{conclusion or 'none'}")

    # Conclusion -------------------------------------------------------------------------------

    def _conclude(self, conclusion: str) -> None:
        self._review.attempt(lambda review: editing.set_state(review, conclusion=conclusion))

    def _set_status(self, status: str) -> bool:
        return self._review.attempt(lambda review: editing.set_state(review, status))

    def _done(self) -> None:
        if not self._set_status("reviewed"):
            return
        following = self._worklist.next_ref(self._panel.model.rows)
        if following is not None:
            self._session.open_ref(following)
        elif self._worklist.queue is not None:
            self._bench.say.info("Every record shown in the work list is reviewed.")

    # Work list --------------------------------------------------------------------------------

    def _toggle_list(self) -> None:
        dock = self._bench.panels.docks["worklist"]
        if dock.isVisible() and self._panel.table.hasFocus():
            dock.hide()
            self._bench.traces.setFocus()
            return
        self._show_list_dock()
        self._panel.table.setFocus()

    def _show_list_dock(self) -> None:
        self._bench.panels.bring_to_front("worklist", LIST_HEIGHT)

    def _show_list(self) -> None:
        queue = self._worklist.queue
        rows: list[QueueRow] = queue.rows if queue is not None else []
        self._panel.model.set_rows(rows)
        self._panel.set_progress(*(queue.progress() if queue is not None else (0, 0)))
        self._show_shift()
        self._show_current()

    def _show_shift(self) -> None:
        model = self._session.settings.value.model
        parts = () if self._document.blind else self._worklist.shift(model)
        self._panel.set_shift(self._session.title_of(model), parts)

    def _show_row(self, row: QueueRow) -> None:
        self._panel.model.update_row(row)
        if self._worklist.queue is not None:
            self._panel.set_progress(*self._worklist.queue.progress())

    def _show_current(self) -> None:
        self._panel.set_current(self._worklist.current_key)

    def _step(self, step: int) -> None:
        rows = self._panel.model.rows
        at = self._panel.model.row_of(self._worklist.current_key)
        target = (0 if step > 0 else len(rows) - 1) if at is None else at + step
        if 0 <= target < len(rows):
            self._session.open_ref(rows[target].ref)
        elif rows:
            self._bench.say.info("That is the end of the work list.")

    # Screening --------------------------------------------------------------------------------

    def _screen(self, on: bool) -> None:
        if on:
            self._start_screening([self._session.settings.value.model])
        else:
            self._worklist.stop_screening()

    def _start_screening(self, models: list[str]) -> None:
        self._show_list_dock()
        started = self._worklist.screen(models)
        self._bench.commands.check("review.screen", started or self._worklist.screening)

    def _show_screening(self, done: int, total: int) -> None:
        self._panel.set_screening(done, total)
        self._bench.commands.check("review.screen", total > 0)

    # Readers ----------------------------------------------------------------------------------

    def _ask_reader(self) -> None:
        dialog = QInputDialog(self._bench.parent)
        dialog.setWindowTitle("Reader")
        dialog.setLabelText("Who is reading? Each reader has reviews of their own.")
        dialog.setTextValue(self._review.reader)
        dialog.textValueSelected.connect(self.set_reader)
        ask(dialog)

    def set_reader(self, name: str) -> None:
        """Read as someone else: the open review is saved, theirs is opened."""
        name = name.strip()
        if not name or name == self._review.reader:
            return
        self._session.settings.value.reader = name
        self._review.reopen()
        self._worklist.build()

    def _set_beside(self, on: bool) -> None:
        self._session.settings.value.reviews_beside = on
        self._review.reopen()

    def _show_blind(self) -> None:
        blind = self._document.blind
        self._bench.commands.check("review.blind", blind)
        self._panel.set_blind(blind)
        self._show_shift()

    def _compare(self) -> None:
        review, recording = self._review.review, self._document.recording
        if review is None or recording is None:
            return
        readers = self._review.store.readers(review.record, recording.path)
        if len(readers) < 2:
            self._bench.say.info("Only one reader has a review of this record.")
            return
        from ecgviewer.app.review.compare_dialog import CompareDialog

        ask(CompareDialog(self._review, readers, self._pairs, self._bench.parent))

    def _pairs(self, first: str, second: str) -> Pairs:
        """Return two readers' reviews of the records of the list that both reviewed."""
        store, review = self._review.store, self._review.review
        queue, recording = self._worklist.queue, self._document.recording
        keys: dict[str, tuple[RecordKey, Path]] = {}
        for row in queue.rows if queue is not None else []:
            if row.sha256:
                keys[row.sha256] = (
                    RecordKey(row.sha256, row.ref.name, 1.0, 0, ()), row.ref.path
                )  # fmt: skip
        if review is not None and recording is not None:
            keys[review.record.sha256] = (review.record, recording.path)
        pairs = []
        for key, path in keys.values():
            try:
                if all(store.files(key, reader, path).exist() for reader in (first, second)):
                    pairs.append((store.read(key, first, path), store.read(key, second, path)))
            except ReviewError as error:
                self._bench.say.error(describe(error))
        return pairs

    # Export -----------------------------------------------------------------------------------

    def _ask_export(self) -> None:
        review, recording = self._review.review, self._document.recording
        if review is None or recording is None:
            return
        readers = self._review.store.readers(review.record, recording.path)
        from ecgviewer.app.review.export_dialog import ExportDialog

        # Who reads blind must not find the others' reviews in an export.
        n_readers = 1 if self._document.blind else len(readers)
        dialog = ExportDialog(start_dir(), n_readers, self._bench.parent)
        dialog.chosen.connect(self.export)
        ask(dialog)

    def export(self, formats: list[str], folder: Path, privacy: Privacy, everybody: bool) -> None:
        """Write the review of the open record (or all readers' reviews) in some formats."""
        review, recording = self._review.review, self._document.recording
        if review is None or recording is None:
            return
        from ecgviewer.review.exports.exports import export_reviews
        from ecgviewer.review.exports.seal import make_seal

        reviews = [review]
        seal = make_seal(list(self._document.shown.analyses.values()), self._document.specificity)
        try:
            if everybody and not self._document.blind:
                store, key = self._review.store, review.record
                others = [name for name in store.readers(key, recording.path)
                          if name != review.author]  # fmt: skip
                reviews += [store.read(key, name, recording.path) for name in others]
            written = [
                path
                for to in formats
                for path in export_reviews(reviews, recording, to, folder, privacy, seal)
            ]
        except EcgViewerError as error:
            self._bench.say.error(describe(error))
            return
        names = ", ".join(path.name for path in written)
        self._bench.say.info(f"Exported into {folder}: {names}.")
