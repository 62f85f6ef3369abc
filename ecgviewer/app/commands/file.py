"""File commands: open, recent, pictures, report, print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from ecgviewer.app.qt.picture_files import save_png
from ecgviewer.app.report.reporting import Reporting
from ecgviewer.app.shell.ask import ask
from ecgviewer.app.shell.context import has_recent
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.menu_paths import RECENT
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.core.errors import EcgViewerError, UnansweredError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.system.user_dirs import start_dir
from ecgviewer.review.privacy.anonymize import Privacy
from ecgviewer.review.privacy.identity import Identity, names_patient

if TYPE_CHECKING:
    from ecgviewer.app.dialogs.import_dialog import ImportDialog

FILTERS = (
    "ECG files (*.hea *.dat *.mat *.h5 *.hdf5 *.hdf *.he5 *.edf *.rec *.bdf *.dcm *.scp *.xml "
    "*.ecg *.csv *.tsv *.txt);;All files (*)"
)


class FileCommands(QObject):
    """Binds the File menu."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        self._session = bench.session
        self._reporting = Reporting(bench)
        self._asking: dict[Path, ImportDialog] = {}
        commands = bench.commands
        commands.bind("file.open", self._ask_file)
        commands.bind("file.open_folder", self._ask_folder)
        commands.bind("file.answers", self._ask_answers)
        commands.bind("file.screenshot", self._ask_screenshot)
        commands.bind("file.report", self._ask_report)
        commands.bind("file.print", self._reporting.print)
        for privacy in Privacy:
            commands.bind(f"file.privacy.{privacy}", partial(self._set_privacy, privacy))
        commands.check(f"file.privacy.{self._reporting.privacy}")
        commands.bind_checked("file.report_machine", self._set_machine)
        commands.bind("file.close", self._session.close_record)
        self._session.recentChanged.connect(self._fill_recent)
        self._session.questionRaised.connect(self._ask_import)
        self._session.document.recordingChanged.connect(self._forget_names)
        commands.add(commands.menu(RECENT).menuAction(), has_recent)
        self._fill_recent()

    def _set_privacy(self, privacy: Privacy) -> None:
        self._reporting.privacy = privacy

    def _set_machine(self, on: bool) -> None:
        self._reporting.with_machine = on

    def _folder(self) -> str:
        recent = self._session.settings.value.recent
        return str(Path(recent[0]).parent) if recent else str(start_dir())

    def _ask_file(self) -> None:
        dialog = QFileDialog(self._bench.parent, "Open ECG files", self._folder(), FILTERS)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(
            lambda names: self._session.open_paths([Path(name) for name in names])
        )
        ask(dialog)

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self._bench.parent, "Open a folder of ECGs", self._folder())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self._session.open_paths([Path(name)]))
        ask(dialog)

    def _fill_recent(self) -> None:
        menu = self._bench.commands.menu(RECENT)
        menu.clear()
        recent = self._session.settings.value.recent
        for text in recent:
            path = Path(text)
            action = menu.addAction(f"{path.name}  –  {path.parent}".replace("&", "&&"))
            action.triggered.connect(partial(self._open_recent, path))
        menu.addSeparator()
        menu.addAction("&Clear this list", self._clear_recent)

    def _forget_names(self) -> None:
        """Take paths that tell who the patient is off the list of recent files."""
        settings, recording = self._session.settings.value, self._session.document.recording
        if recording is None:
            return
        identity = Identity(recording)
        kept = [path for path in settings.recent if not identity.is_in(path)]
        if kept != settings.recent:
            settings.recent = kept
            self._session.recentChanged.emit()

    def _open_recent(self, path: Path, _checked: bool = False) -> None:
        self._session.open_paths([path])

    def _clear_recent(self) -> None:
        self._session.settings.value.recent = []
        self._session.recentChanged.emit()

    def _ask_import(self, ref: RecordRef, error: UnansweredError) -> None:
        """Ask what must be known before a file can be opened."""
        self._ask(ref, error, {}, self._session.open_answered)

    def _ask_answers(self) -> None:
        """Ask anew what the open record's file leaves open."""
        ref, recording = self._session.document.ref, self._session.document.recording
        if ref is None or recording is None:
            return
        missing = tuple(dict.fromkeys(note.question for note in recording.notes if note.question))
        now = {"fs": f"{recording.fs_hz:g}", "leads": ", ".join(recording.leads)}
        if recording.units_known:
            now["units"] = ""
        self._ask(
            ref,
            UnansweredError("what it leaves open can be answered anew", ref.path, missing),
            {question: now[question] for question in missing if question in now},
            self._open_again,
        )

    def _open_again(self, ref: RecordRef) -> None:
        review = self._bench.review.review
        if review is not None and (review.annotations or review.verdicts):
            # Another rate moves every span: a review belongs to the answers it was made with.
            self._bench.say.info(
                "The review made with the former answers is kept with them; "
                "it comes back when they do."
            )
        self._session.open_again(ref)

    def _ask(
        self,
        ref: RecordRef,
        error: UnansweredError,
        now: Mapping[str, str],
        go_on: Callable[[RecordRef], None],
    ) -> None:
        """Ask once for all records of a file."""
        from ecgviewer.app.dialogs.import_dialog import ImportDialog

        if ref.path in self._asking:
            self._asking[ref.path].raise_()
            self._asking[ref.path].activateWindow()
            return
        dialog = ImportDialog(ref, error, self._session.workers, self._bench.parent, now)
        self._asking[ref.path] = dialog
        dialog.finished.connect(lambda _result: self._asking.pop(ref.path, None))
        dialog.finished.connect(dialog.deleteLater)
        dialog.answered.connect(go_on)
        dialog.problem.connect(self._bench.say.error)
        dialog.show()

    def _ask_screenshot(self) -> None:
        self._ask_save("Save a picture of the window", "png", ("PNG (*.png)",), self._screenshot)

    def _screenshot(self, path: Path) -> None:
        try:
            save_png(self._bench.parent.grab(), path)
        except EcgViewerError as error:
            self._bench.say.error(f"No picture: {describe(error)}")
        else:
            self._bench.say.info(f"The picture is in {path}.")

    def _ask_report(self) -> None:
        kinds = ("PDF (*.pdf)", "PNG (*.png)", "DICOM (*.dcm)")
        self._ask_save("Export the report", "pdf", kinds, self._reporting.export)

    def _ask_save(
        self, title: str, suffix: str, kinds: tuple[str, ...], save: Callable[[Path], object]
    ) -> None:
        recording = self._session.document.recording
        if recording is None:
            return
        name = recording.name.replace("#", "-")
        if names_patient(recording, name):
            name = "ECG"
        dialog = QFileDialog(self._bench.parent, title, f"{name}.{suffix}", ";;".join(kinds))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.fileSelected.connect(lambda name: save(Path(name)))
        ask(dialog)
