"""Binds the View and Go commands to the trace view and keeps the settings in step."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject

from ecgviewer.app.dialogs.go_to_time import GoToTime
from ecgviewer.app.shell.actions import Commands
from ecgviewer.app.shell.ask import ask
from ecgviewer.app.shell.context import record_open
from ecgviewer.app.shell.menu_paths import LAYOUTS, LEADS
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.app.trace.geometry.lanes import visible_leads
from ecgviewer.app.trace.state import GAINS_MM_MV, OVERLAYS, SPEEDS_MM_S

STEP_FRACTION = 0.2
ZOOM_STEP = 2.0 ** (1.0 / 3.0)


class ViewCommands(QObject):
    """Layout, scale, overlays, filters, leads, and moving about."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        self._commands = commands = bench.commands
        self._view = view = bench.traces
        self._document = document = bench.document
        self._settings = bench.settings
        self._before_fit = (0.0, (0.0, 0.0))
        document.recordingChanged.connect(self._forget_place)
        commands.attach_trace_keys(view)
        commands.add(commands.menu(LEADS).menuAction(), record_open)
        self._bind_layout()
        self._bind_scale()
        self._bind_overlays()
        self._bind_moves()
        document.recordingChanged.connect(self._fill_leads)
        self.restore()

    def restore(self) -> None:
        """Bring the view and the menus to what the settings say."""
        settings, commands = self._settings, self._commands
        self._set_layout(settings.layout)
        self._set_cabrera(settings.cabrera)
        self._set_clock(settings.clock_time)
        for name, default in OVERLAYS.items():
            shown = settings.overlays.get(name, default)
            self._view.set_overlay(name, shown)
            if name in _menu_overlays(commands):
                commands.check(f"view.overlay.{name}", shown)
        commands.check("view.filter.baseline", settings.baseline_filter)
        commands.check("view.filter.muscle", settings.muscle_filter)
        commands.check("view.filter.mains50", settings.mains_hz == 50.0)
        commands.check("view.filter.mains60", settings.mains_hz == 60.0)
        self._apply_filter()
        self._apply_scale()
        self._fill_leads()

    # Layout and leads -------------------------------------------------------------------------

    def _bind_layout(self) -> None:
        for mode, _title in LAYOUTS:
            self._commands.bind(f"view.layout.{mode}", partial(self._set_layout, mode))
        self._commands.bind_checked("view.cabrera", self._set_cabrera)
        self._commands.bind_checked("view.clock", self._set_clock)
        self._commands.bind_checked("view.focus", self._focus_here)
        self._commands.bind("view.next_lead", partial(self._step_focus, 1))
        self._commands.bind("view.previous_lead", partial(self._step_focus, -1))
        self._view.leadDoubleClicked.connect(
            lambda lead: self._bench.give_full_height(None if self._view.state.focus else lead)
        )

    def _set_layout(self, mode: str) -> None:
        if mode not in dict(LAYOUTS):
            mode = LAYOUTS[0][0]
        self._settings.layout = mode
        self._commands.check(f"view.layout.{mode}")
        self._view.set_layout_mode(mode)

    def _set_cabrera(self, on: bool) -> None:
        self._settings.cabrera = on
        self._commands.check("view.cabrera", on)
        self._view.set_cabrera(on)

    def _set_clock(self, on: bool) -> None:
        self._settings.clock_time = on
        self._commands.check("view.clock", on)
        self._document.tell_by_the_clock(on)

    def _focus_here(self, on: bool) -> None:
        self._bench.give_full_height(self._lead_here() if on else None)

    def _lead_here(self) -> str | None:
        """Return the lead under the pointer, of the selected flag, or of the rhythm strip."""
        view, flag = self._view, self._document.current_flag
        geometry, hover = view.moment().geometry, view.pointer
        lane = geometry.lane_at(hover.x(), hover.y()) if hover is not None else None
        if lane is not None:
            return lane.lead
        if flag is not None and flag.leads:
            return flag.leads[0]
        leads = [lane.lead for lane in geometry.page.lanes]
        wanted = view.state.rhythm_lead
        return wanted if wanted in leads else next(iter(leads), None)

    def _step_focus(self, step: int) -> None:
        recording, state = self._document.recording, self._view.state
        if recording is None:
            return
        leads = [lead for lead, _label, _sign in visible_leads(recording.leads, state)]
        if state.focus in leads:
            self._bench.give_full_height(leads[(leads.index(state.focus) + step) % len(leads)])
        else:
            self._bench.give_full_height(self._lead_here())

    def _fill_leads(self) -> None:
        self._commands.check("view.focus", False)
        menu = self._commands.menu(LEADS)
        menu.clear()
        recording = self._document.recording
        if recording is None:
            return
        menu.addAction("&All leads", lambda: self._show_leads(()))
        limb = tuple(lead for lead in recording.leads if not lead.startswith("V"))
        chest = tuple(lead for lead in recording.leads if lead.startswith("V"))
        if limb and chest:
            menu.addAction("&Limb leads", lambda: self._show_leads(limb))
            menu.addAction("&Chest leads", lambda: self._show_leads(chest))
        menu.addSeparator()
        for lead in recording.leads:
            menu.addAction(f"Only {lead}", partial(self._bench.give_full_height, lead))

    def _show_leads(self, leads: tuple[str, ...]) -> None:
        self._bench.give_full_height(None)
        self._view.set_leads(leads)

    # Scale ------------------------------------------------------------------------------------

    def _bind_scale(self) -> None:
        for speed in SPEEDS_MM_S:
            self._commands.bind(f"view.speed.{speed:g}", partial(self._set_scale, speed, None))
        for gain in GAINS_MM_MV:
            self._commands.bind(f"view.gain.{gain:g}", partial(self._set_scale, None, gain))
        self._commands.bind_checked("view.fit", self._set_fit)
        self._commands.bind("view.gain_up", lambda: self._step_gain(1))
        self._commands.bind("view.gain_down", lambda: self._step_gain(-1))
        self._commands.bind("view.zoom_in", lambda: self._zoom(ZOOM_STEP))
        self._commands.bind("view.zoom_out", lambda: self._zoom(1 / ZOOM_STEP))

    def _set_scale(self, speed: float | None, gain: float | None) -> None:
        self._settings.fit = False
        self._settings.mm_per_s = speed or self._settings.mm_per_s
        self._settings.mm_per_mv = gain or self._settings.mm_per_mv
        self._apply_scale()

    def _set_fit(self, on: bool) -> None:
        """Show everything; switched off where nobody moved, go back to where the reader was."""
        view, before = self._view, self._view.visible_range()
        self._settings.fit = on
        self._apply_scale()
        if on:
            self._before_fit = (before[0], view.visible_range())
        elif before == self._before_fit[1]:
            view.goto(self._before_fit[0])

    def _forget_place(self) -> None:
        self._before_fit = (0.0, (0.0, 0.0))

    def _step_gain(self, step: int) -> None:
        self._view.gain_step(step)
        self._follow_view()

    def _zoom(self, factor: float) -> None:
        self._view.zoom(factor)
        self._follow_view()

    def _follow_view(self) -> None:
        """Take over a scale that the view changed by itself (wheel, keys)."""
        state, settings = self._view.state, self._settings
        settings.fit = state.fit
        settings.mm_per_s, settings.mm_per_mv = state.mm_per_s, state.mm_per_mv
        self._check_scale()

    def _apply_scale(self) -> None:
        settings = self._settings
        self._check_scale()
        if settings.fit:
            self._view.set_fit(True)
        else:
            self._view.set_scale(settings.mm_per_s, settings.mm_per_mv)

    def _check_scale(self) -> None:
        settings = self._settings
        self._commands.check("view.fit", settings.fit)
        for speed in SPEEDS_MM_S:
            self._commands.check(
                f"view.speed.{speed:g}", not settings.fit and speed == settings.mm_per_s
            )
        for gain in GAINS_MM_MV:
            self._commands.check(
                f"view.gain.{gain:g}", not settings.fit and gain == settings.mm_per_mv
            )

    # Overlays and filters ---------------------------------------------------------------------

    def _bind_overlays(self) -> None:
        for name in _menu_overlays(self._commands):
            self._commands.bind_checked(f"view.overlay.{name}", partial(self._set_overlay, name))
        self._commands.bind_checked("view.filter.baseline", self._set_baseline)
        self._commands.bind_checked("view.filter.muscle", self._set_muscle)
        self._commands.bind_checked("view.filter.mains50", lambda on: self._set_mains(50.0, on))
        self._commands.bind_checked("view.filter.mains60", lambda on: self._set_mains(60.0, on))

    def _set_overlay(self, name: str, on: bool) -> None:
        self._settings.overlays[name] = on
        self._view.set_overlay(name, on)

    def _set_baseline(self, on: bool) -> None:
        self._settings.baseline_filter = on
        self._apply_filter()

    def _set_muscle(self, on: bool) -> None:
        self._settings.muscle_filter = on
        self._apply_filter()

    def _set_mains(self, hz: float, on: bool) -> None:
        self._settings.mains_hz = hz if on else 0.0
        self._commands.check("view.filter.mains50", on and hz == 50.0)
        self._commands.check("view.filter.mains60", on and hz == 60.0)
        self._apply_filter()

    def _apply_filter(self) -> None:
        settings = self._settings
        self._view.set_display_filter(
            baseline=settings.baseline_filter,
            mains_hz=settings.mains_hz or None,
            muscle=settings.muscle_filter,
        )

    # Moving about -----------------------------------------------------------------------------

    def _bind_moves(self) -> None:
        bind = self._commands.bind
        bind("go.start", lambda: self._view.goto(0.0))
        bind("go.end", lambda: self._view.goto(self._duration_s()))
        bind("go.left", lambda: self._view.page(-STEP_FRACTION))
        bind("go.right", lambda: self._view.page(STEP_FRACTION))
        bind("go.page_back", lambda: self._view.page(-1.0))
        bind("go.page_on", lambda: self._view.page(1.0))
        bind("go.next_peak", lambda: self._step_peak(1))
        bind("go.previous_peak", lambda: self._step_peak(-1))
        bind("go.time", self._ask_time)

    def _duration_s(self) -> float:
        recording = self._document.recording
        return recording.duration_s if recording is not None else 0.0

    def _step_peak(self, step: int) -> None:
        recording, heart = self._document.recording, self._document.heart
        if recording is None or heart is None or heart.r_peaks.size == 0:
            return
        start_s, stop_s = self._view.visible_range()
        centre_s = (start_s + stop_s) / 2
        times_s = heart.r_peaks / recording.fs_hz
        half_sample_s = 0.5 / recording.fs_hz
        if step > 0:
            at = int(np.searchsorted(times_s, centre_s + half_sample_s, side="right"))
        else:
            at = int(np.searchsorted(times_s, centre_s - half_sample_s, side="left")) - 1
        if 0 <= at < times_s.size:
            self._view.goto(float(times_s[at]) - (stop_s - start_s) / 2)

    def _ask_time(self) -> None:
        if self._document.recording is None:
            return
        dialog = GoToTime(self._duration_s(), self._view.visible_range()[0], self._bench.parent)
        dialog.accepted.connect(lambda: self._view.goto(dialog.time_s() or 0.0))
        ask(dialog)


def _menu_overlays(commands: Commands) -> list[str]:
    prefix = "view.overlay."
    return [c.id.removeprefix(prefix) for c in commands if c.id.startswith(prefix)]
