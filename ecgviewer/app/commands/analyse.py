"""Analyse commands, the choices of model and device, progress, and going from flag to flag."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QFileDialog

from ecgviewer.app.panels.analysis_panel import AnalysisPanel
from ecgviewer.app.panels.records_panel import RecordsPanel
from ecgviewer.app.shell.ask import ask
from ecgviewer.app.shell.menu_paths import DEVICES
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.core.system.user_dirs import start_dir
from ecgviewer.models.networks.architectures import model_ids


class AnalyseCommands(QObject):
    """Binds the Analyse menu, the panel's choices and the status bar's progress."""

    def __init__(self, bench: Workbench, panel: AnalysisPanel, records: RecordsPanel) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        self._panel = panel
        self._records = records
        self._session = session = bench.session
        self._document = session.document
        self._device_group = QActionGroup(self)
        commands = bench.commands
        for model in model_ids():
            commands.bind(f"analyse.model.{model}", partial(session.choose_model, model))
        commands.bind("analyse.model_file", self._ask_model_file)
        commands.bind("analyse.run", lambda: session.analyse([session.settings.value.model]))
        commands.bind("analyse.run_all", lambda: session.analyse(model_ids()))
        commands.bind("analyse.cancel", session.cancel)
        commands.bind("analyse.clear", session.clear_analyses)
        commands.bind_checked("analyse.on_open", self._set_on_open)
        commands.check("analyse.on_open", session.settings.value.analyse_on_open)
        commands.bind("analyse.fewer", lambda: panel.step_threshold(1))
        commands.bind("analyse.more", lambda: panel.step_threshold(-1))
        commands.bind("go.next_flag", lambda: self._step_flag(1))
        commands.bind("go.previous_flag", lambda: self._step_flag(-1))
        commands.bind("go.next_group", lambda: self._step_group(1))
        commands.bind("go.previous_group", lambda: self._step_group(-1))
        commands.bind("go.next_record", lambda: self._step_record(1))
        commands.bind("go.previous_record", lambda: self._step_record(-1))
        panel.modelChosen.connect(session.choose_model)
        panel.deviceChosen.connect(session.choose_device)
        panel.specificityChosen.connect(session.set_specificity)
        session.modelsChanged.connect(self._show_models)
        session.devicesChanged.connect(self._show_devices)
        self._show_models()
        self._show_devices()

    def _set_on_open(self, on: bool) -> None:
        self._session.settings.value.analyse_on_open = on

    def _show_models(self) -> None:
        session = self._session
        chosen = session.settings.value.model
        entries = [(model, session.title_of(model)) for model in model_ids()]
        entries += [(c.id, c.title) for c in session.models.values() if c.id not in model_ids()]
        if chosen not in dict(entries):
            chosen = model_ids()[-1]
            session.settings.value.model = chosen
        self._panel.set_models(entries, chosen)
        for model in model_ids():
            self._bench.commands.check(f"analyse.model.{model}", model == chosen)
        run = self._bench.commands.action("analyse.run")
        run.setStatusTip(f"Run the {session.title_of(chosen)} on the open record")

    def _show_devices(self) -> None:
        chosen = self._session.settings.value.device
        devices = self._session.devices
        known = chosen if chosen in dict(devices) else "auto"
        self._panel.set_devices(devices, known)
        menu = self._bench.commands.menu(DEVICES)
        menu.clear()
        for device, title in devices:
            action = menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(device == known)
            self._device_group.addAction(action)
            action.triggered.connect(
                lambda _checked=False, device=device: self._session.choose_device(device)
            )

    def _ask_model_file(self) -> None:
        dialog = QFileDialog(
            self._bench.parent, "Choose a model", str(start_dir()), "Model bundles (*.ecgmodel)"
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self._session.add_model_file(Path(name)))
        ask(dialog)

    def _step_flag(self, step: int) -> None:
        start_s, _stop_s = self._bench.traces.visible_range()
        flag = self._document.step_flag(step, start_s)
        if flag is not None and self._document.selected_flag is not None:
            self._bench.go_to_flag(self._document.selected_flag)

    def _step_group(self, step: int) -> None:
        flag = self._bench.groups.step(step)
        if flag is not None:
            self._bench.go_to_flag(flag)

    def _step_record(self, step: int) -> None:
        ref = self._records.step(step)
        if ref is not None:
            self._session.open_ref(ref)
