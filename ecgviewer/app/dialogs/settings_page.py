"""Every setting on one page. Its boxes run the same commands as the menus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.dialogs.keys_editor import KeysEditor
from ecgviewer.app.shell.actions import Commands, plain
from ecgviewer.app.shell.settings import Settings
from ecgviewer.core.system.user_dirs import cache_dir, config_dir, data_dir, state_dir

SIZE = (640, 480)


class SettingsPage(QDialog):
    """Paper, colours, reading, privacy, models, folders and keys."""

    def __init__(self, commands: Commands, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Settings")
        self.resize(min(SIZE[0], parent.width() - 40), min(SIZE[1], parent.height() - 40))
        self._commands = commands
        self.boxes: dict[str, QComboBox] = {}
        self._commands_of: dict[str, Sequence[str]] = {}
        self.switches: dict[str, QCheckBox] = {}
        self.keys = KeysEditor(commands, settings)
        self.tabs = QTabWidget()
        self.tabs.addTab(self._paper(), "&Paper")
        self.tabs.addTab(self._reading(), "&Reading")
        self.tabs.addTab(self._models(), "&Models")
        self.tabs.addTab(self._folders(), "&Folders")
        self.tabs.addTab(self.keys, "&Keys")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.tabs, 1)
        column.addWidget(buttons)

    def _paper(self) -> QWidget:
        page, form = _form()
        form.addRow("Layout", self._choice("view.layout."))
        form.addRow("", self._switch("view.cabrera"))
        form.addRow("Paper speed", self._choice("view.speed.", "view.fit"))
        form.addRow("Gain", self._choice("view.gain.", "view.fit"))
        form.addRow("", self._switch("view.overview"))
        form.addRow("", self._button("tools.calibrate"))
        form.addRow("Colours", self._choice("view.theme."))
        return page

    def _reading(self) -> QWidget:
        page, form = _form()
        form.addRow("Who reads", self._button("review.reader"))
        form.addRow("Labels", self._button("review.labels"))
        form.addRow("", self._switch("review.beside"))
        form.addRow("Patient on reports", self._choice("file.privacy."))
        form.addRow("", self._switch("file.report_machine"))
        form.addRow("", _quiet("Chosen anew in each session: naming patients is never a habit."))
        return page

    def _models(self) -> QWidget:
        page, form = _form()
        form.addRow("Model", self._choice("analyse.model."))
        form.addRow("", self._button("analyse.model_file"))
        form.addRow("", self._switch("analyse.on_open"))
        return page

    def _folders(self) -> QWidget:
        page, form = _form()
        for title, folder in (
            ("Settings", config_dir()), ("Reviews, labels, models", data_dir()),
            ("Log", state_dir()), ("Results kept", cache_dir()),
        ):  # fmt: skip
            form.addRow(title, _folder_button(folder))
        form.addRow("", _quiet("ECGVIEWER_HOME puts all of them into one folder of your choice."))
        return page

    def _choice(self, prefix: str, other: str = "") -> QComboBox:
        """Return a box over commands that exclude each other, in step with them.

        Parameters
        ----------
        other : str
            A command that takes their place while it is on.
        """
        ids = [command.id for command in self._commands if command.id.startswith(prefix)]
        ids = [command_id for command_id in ids if self._commands.action(command_id).isCheckable()]
        ids += [other] if other else []
        box = QComboBox()
        for command_id in ids:
            box.addItem(plain(self._commands.action(command_id).text()), command_id)
        self.boxes[prefix] = box
        self._commands_of[prefix] = ids
        self._follow()
        box.activated.connect(lambda index: self._run(box.itemData(index)))
        for command_id in ids:
            # A method of this dialog: Qt lets go of it when the dialog is gone, not of a lambda.
            self._commands.action(command_id).toggled.connect(self._follow)
        return box

    def _follow(self) -> None:
        for prefix, ids in self._commands_of.items():
            on = [index for index, one in enumerate(ids) if self._commands.action(one).isChecked()]
            self.boxes[prefix].setCurrentIndex(on[0] if on else -1)

    def _run(self, command_id: str) -> None:
        action = self._commands.action(command_id)
        if not action.isChecked():
            action.trigger()

    def _switch(self, command_id: str) -> QCheckBox:
        action = self._commands.action(command_id)
        box = QCheckBox(plain(action.text()))
        box.setToolTip(action.statusTip())
        box.setChecked(action.isChecked())
        box.clicked.connect(lambda _on: action.trigger())
        action.toggled.connect(box.setChecked)
        self.switches[command_id] = box
        return box

    def _button(self, command_id: str) -> QPushButton:
        action = self._commands.action(command_id)
        button = QPushButton(action.text())
        button.setAutoDefault(False)
        button.setToolTip(action.statusTip())
        button.clicked.connect(lambda _on: action.trigger())
        return button


def _form() -> tuple[QWidget, QFormLayout]:
    page = QWidget()
    form = QFormLayout(page)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
    form.setSpacing(10)
    form.setContentsMargins(16, 16, 16, 16)
    return page, form


def _quiet(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("quiet", True)
    label.setWordWrap(True)
    return label


def _folder_button(folder: Path) -> QPushButton:
    button = QPushButton(str(folder).replace("&", "&&"))
    button.setAutoDefault(False)
    button.setFlat(True)
    button.setToolTip("Open this folder")
    button.clicked.connect(lambda _on: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))))
    return button
