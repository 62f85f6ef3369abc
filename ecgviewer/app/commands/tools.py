"""Tools, help, theme, and showing only the traces."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication

from ecgviewer.app.shell.ask import ask
from ecgviewer.app.shell.error_reports import log_path
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.app.trace.scale import screen_name, screen_pixels_per_mm


class ToolCommands(QObject):
    """Binds the Tools and Help menus and the rest of View."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        commands, traces = bench.commands, bench.traces
        for choice in ("system", "light", "dark"):
            commands.bind(f"view.theme.{choice}", partial(bench.appearance.set_theme, choice))
        commands.bind_checked("tools.calipers", self._calipers)
        commands.bind("tools.copy_calipers", self._copy_calipers)
        commands.bind_checked("tools.march_out", self._march_out)
        commands.bind_checked("tools.snap", traces.set_snap)
        commands.check("tools.snap")
        commands.bind("tools.measure_rr", self._measure_rr)
        for name, leg, step in (
            ("end_earlier", 1, -1), ("end_later", 1, 1), ("start_earlier", 0, -1),
            ("start_later", 0, 1),
        ):  # fmt: skip
            commands.bind(f"tools.{name}", partial(traces.move_caliper, leg, step))
        commands.bind("tools.evidence", self._evidence)
        commands.bind("tools.calibrate", self._calibrate)
        commands.bind("file.settings", self._settings)
        commands.change_keys(bench.settings.keys)
        commands.bind("help.manual", self._manual)
        commands.bind("help.keys", self._keys)
        commands.bind("help.palette", self._palette)
        commands.bind("help.logs", self._logs)
        commands.bind("help.diagnostics", self._diagnostics)
        commands.bind("help.about", self._about)
        traces.calipersChanged.connect(self._caliper_text)
        traces.screenChanged.connect(self._apply_calibration)
        self._apply_calibration()

    def _calipers(self, on: bool) -> None:
        traces = self._bench.traces
        traces.set_mode("caliper" if on else "pan")
        if on:
            traces.setFocus()
            self._bench.status.showMessage(
                "Drag from one point to another; drag a line to move it; W measures an RR interval"
            )
        else:
            traces.clear_calipers()
            self._bench.status.clearMessage()

    def _march_out(self, on: bool) -> None:
        self._bench.traces.set_march_out(on)
        if on:
            self._turn_on()

    def _measure_rr(self) -> None:
        self._turn_on()
        if not self._bench.traces.measure_rr():
            self._bench.status.showMessage("No two R peaks are in view")

    def _turn_on(self) -> None:
        action = self._bench.commands.action("tools.calipers")
        if not action.isChecked():
            action.trigger()

    def _caliper_text(self, text: str) -> None:
        if text:
            self._bench.status.showMessage(text)

    def _copy_calipers(self) -> None:
        text = self._bench.traces.caliper_text()
        if text:
            QGuiApplication.clipboard().setText(text)
            self._bench.status.showMessage(f"Copied: {text}", 4000)

    def _evidence(self) -> None:
        from ecgviewer.app.evidence.window import EvidenceWindow

        card = EvidenceWindow(self._bench)
        card.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for signal in (self._bench.document.recordingChanged, self._bench.document.blindChanged):
            signal.connect(card.close)
        card.show()
        card.measure()

    def _apply_calibration(self) -> None:
        """Use what was measured on the screen that the window is on, or what the screen says."""
        traces = self._bench.traces
        screen = traces.screen()
        known = self._bench.settings.pixels_per_mm.get(screen_name(screen))
        # Kept in the screen's own pixels: they stay when the desktop's zoom changes.
        traces.set_pixels_per_mm(known / screen.devicePixelRatio() if known else None)

    def _calibrate(self) -> None:
        from ecgviewer.app.dialogs.calibration import CalibrationDialog

        screen = self._bench.traces.screen()
        name = screen_name(screen)
        dialog = CalibrationDialog(
            self._bench.traces.state.pixels_per_mm,
            screen_pixels_per_mm(screen),
            name,
            self._bench.parent,
        )

        def accept() -> None:
            measured = self._bench.settings.pixels_per_mm
            if dialog.as_reported:
                measured.pop(name, None)
            else:
                measured[name] = dialog.pixels_per_mm * screen.devicePixelRatio()
            self._apply_calibration()

        dialog.accepted.connect(accept)
        ask(dialog)

    def _settings(self) -> None:
        from ecgviewer.app.dialogs.settings_page import SettingsPage

        SettingsPage(self._bench.commands, self._bench.settings, self._bench.parent).show()

    def _manual(self) -> None:
        from ecgviewer.app.manual.window import show_manual

        show_manual(self._bench.parent)

    def _keys(self) -> None:
        from ecgviewer.app.dialogs.keyboard_map import KeyboardMap

        KeyboardMap(self._bench.commands, self._bench.parent).show()

    def _palette(self) -> None:
        from ecgviewer.app.commands.palette import Palette

        palette = Palette(self._bench.commands, self._bench.parent)
        self._bench.document.recordingChanged.connect(palette.refresh)
        corner = self._bench.parent.mapToGlobal(self._bench.parent.rect().topLeft())
        palette.move(
            corner.x() + (self._bench.parent.width() - palette.width()) // 2, corner.y() + 60
        )
        palette.show()
        palette.box.setFocus()

    def _logs(self) -> None:
        folder = log_path().parent
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._bench.say.info(f"The log is in {folder}.")

    def _diagnostics(self) -> None:
        from ecgviewer.app.shell.diagnostics import diagnostics

        QGuiApplication.clipboard().setText(diagnostics(self._bench.session))
        self._bench.status.showMessage("Copied: paste it into a problem report", 4000)

    def _about(self) -> None:
        from ecgviewer.app.dialogs.about import AboutDialog

        ask(AboutDialog(self._bench.parent))
