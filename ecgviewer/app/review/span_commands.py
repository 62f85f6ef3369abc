"""Binds the commands that change one annotation: its edges, leads, note, parts."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject

from ecgviewer.app.review.review_panel import ReviewPanel
from ecgviewer.app.shell.ask import ask
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.core.record.recording import Recording
from ecgviewer.review.annotations import Annotation, Review
from ecgviewer.review.edits import editing

NUDGE_S = 0.02
MEASUREMENT = "Measurement"
"""The label of what the calipers measured; the values are its note."""


class SpanCommands(QObject):
    """Works on the marked span or the selected annotation."""

    def __init__(self, bench: Workbench, panel: ReviewPanel) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        self._document = bench.document
        self._traces = bench.traces
        self._review = bench.review
        self._panel = panel
        bind = bench.commands.bind
        bind("review.leads", self._ask_leads)
        bind("review.note", self._edit_note)
        for name, start, end in (
            ("end_earlier", 0, -1), ("end_later", 0, 1), ("start_earlier", -1, 0),
            ("start_later", 1, 0),
        ):  # fmt: skip
            bind(f"review.{name}", partial(self._nudge, start, end))
        bind("review.snap", self._snap)
        bind("review.snap_qrs", self._snap_qrs)
        bind("review.split", self._split)
        bind("review.merge", self._merge)
        bind("review.delete", self._delete)
        bind("tools.keep_calipers", self._keep_calipers)

    def _nudge(self, start: int, end: int) -> None:
        target = self._review.target
        if target is not None:
            start_s = max(target.start_s + start * NUDGE_S, 0.0)
            end_s = target.end_s + end * NUDGE_S
            if start_s <= end_s:
                self._review.change_span(start_s, end_s)

    def _snap(self) -> None:
        from ecgviewer.review.edits.snapping import snap_to_peaks  # scipy: not before it is needed

        found = self._to_snap()
        if found is not None:
            target, recording, r_peaks = found
            times_s = r_peaks / recording.fs_hz
            self._review.change_span(*snap_to_peaks(target.start_s, target.end_s, times_s))

    def _snap_qrs(self) -> None:
        found = self._to_snap()
        if found is None:
            return
        target, recording, r_peaks = found

        def snapped(span: tuple[float, float] | None) -> None:
            if self._review.target != target:
                return
            if span is None:
                self._bench.say.info("The QRS complexes cannot be delineated here.")
            else:
                self._review.change_span(*span)

        self._bench.session.workers.start(
            lambda _progress, _cancel: _qrs_span(recording, target, r_peaks),
            on_result=snapped,
            on_error=lambda error: self._bench.say.error(describe(error)),
        )

    def _to_snap(self) -> tuple[Annotation, Recording, npt.NDArray[np.int64]] | None:
        target, heart = self._review.target, self._document.heart
        recording = self._document.recording
        if target is None or recording is None:
            return None
        if heart is None or heart.r_peaks.size == 0:
            self._bench.say.info("There are no R peaks to snap to.")
            return None
        return target, recording, heart.r_peaks

    def _split(self) -> None:
        selected, hover = self._review.selected_annotation, self._traces.pointer
        if selected is None:
            return
        at_s = (selected.start_s + selected.end_s) / 2
        if hover is not None:
            pointed_s = self._traces.moment().geometry.time(hover.x())
            if selected.start_s < pointed_s < selected.end_s:
                at_s = pointed_s
        self._review.attempt(lambda review: editing.split(review, selected.id, at_s))

    def _merge(self) -> None:
        selected, review = self._review.selected_annotation, self._review.review
        if selected is None or review is None:
            return
        chosen = self._panel.selected_ids()
        if len(chosen) < 2:
            later = [
                item
                for item in review.annotations
                if item.label == selected.label
                and item.id != selected.id
                and item.start_s >= selected.start_s
            ]
            if not later:
                self._bench.say.info(f"No later annotation is {selected.label}.")
                return
            chosen = [selected.id, later[0].id]
        self._review.attempt(lambda current: editing.merge(current, chosen))

    def _delete(self) -> None:
        if self._review.marked is not None:
            self._review.unmark()
            return
        selected = self._review.selected_annotation
        chosen = self._panel.selected_ids() if self._panel.table.hasFocus() else []
        if not chosen and selected is not None:
            chosen = [selected.id]
        if self._review.attempt(lambda review: editing.delete(review, chosen)):
            self._review.select(None)

    def _keep_calipers(self) -> None:
        """Make an annotation of the caliper measurement: its span, its lead, its values."""
        caliper = self._traces.layers.calipers.caliper
        if caliper is None:
            return
        start_s, end_s = sorted((caliper.first.time_s, caliper.second.time_s))
        values = f"{caliper.time_text()} · {caliper.level_text()}"

        def edit(review: Review) -> editing.Edit:
            leads = [lead for lead in (caliper.first.lead,) if lead in review.record.leads]
            made = editing.make(review, start_s, end_s, leads, MEASUREMENT, note=values)
            return editing.add(review, [made])

        if self._review.attempt(edit):
            self._bench.status.showMessage(f"Kept: {values}", 4000)

    def _edit_note(self) -> None:
        self._bench.panels.bring_to_front("review")
        self._panel.edit_note()

    def _ask_leads(self) -> None:
        target, recording = self._review.target, self._document.recording
        if target is None or recording is None:
            return
        from ecgviewer.app.review.leads_dialog import LeadsDialog

        dialog = LeadsDialog(recording.leads, target.leads, self._bench.parent)
        dialog.accepted.connect(lambda: self._review.change_leads(dialog.leads()))
        ask(dialog)


def _qrs_span(
    recording: Recording, target: Annotation, r_peaks: npt.NDArray[np.int64]
) -> tuple[float, float] | None:
    from ecgviewer.review.edits.snapping import snap_to_qrs

    return snap_to_qrs(recording, target.start_s, target.end_s, r_peaks)
