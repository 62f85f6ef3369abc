"""Binds the Review menu's editing commands, and shows the review on traces and flag list."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from ecgviewer.app.panels.flags_panel import FlagsPanel
from ecgviewer.app.qt.texts import VERDICT_WORDS
from ecgviewer.app.review.review_panel import ReviewPanel
from ecgviewer.app.shell.ask import ask
from ecgviewer.app.shell.reviewing.review_document import PENDING
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.core.errors import ReviewError
from ecgviewer.core.percent import percent_text
from ecgviewer.review.edits.editing import Edit
from ecgviewer.review.labels import Label, load_labels, user_labels_path
from ecgviewer.review.matching import VerdictMatch

BEGIN_S = 1.0
"""Length of a span that the keyboard begins."""


class ReviewCommands(QObject):
    """Annotations and verdicts: keys and mouse in, document and traces in step."""

    def __init__(self, bench: Workbench, panel: ReviewPanel, flags: FlagsPanel) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        self._document = bench.document
        self._traces = traces = bench.traces
        self._review = review = bench.review
        self._verdicts = bench.verdicts
        self._panel = panel
        self._flags = flags
        self._load_labels()
        self._bind()
        traces.spanSelected.connect(self._on_span)
        traces.annotationClicked.connect(self._on_clicked)
        traces.annotationEdited.connect(self._on_edited)
        review.changed.connect(self.show)
        review.opened.connect(self.show)
        self._document.flagsChanged.connect(self._show_verdicts)
        panel.labelChosen.connect(self._label)
        panel.annotationActivated.connect(self._go_to)
        panel.finished.connect(traces.setFocus)
        self.show()

    def _load_labels(self) -> None:
        try:
            self._review.labels = load_labels(user_labels_path())
        except ReviewError as error:
            self._bench.say.error(f"{error}; the default labels are used.")
        self._review.label = self._review.labels.neutral
        self._panel.fill_labels()
        for key in "123456789":
            label = self._review.labels.by_key(key)
            action = self._bench.commands.action(f"review.label.{key}")
            action.setVisible(label is not None)
            if label is not None:
                action.setText(f"&{key}  {label.name}")

    def _ask_labels(self) -> None:
        from ecgviewer.app.review.labels_dialog import LabelsDialog

        dialog = LabelsDialog(self._review.labels, self._bench.parent)
        dialog.saved.connect(self._load_labels)
        ask(dialog)

    def _bind(self) -> None:
        bind, review = self._bench.commands.bind, self._review
        for name, verdict in (
            ("accept", "accepted"), ("reject", "rejected"), ("unsure", "unsure"), ("reset", ""),
        ):  # fmt: skip
            bind(f"review.{name}", partial(self._judge, verdict))
        for name, verdict in (
            ("accept", "accepted"), ("reject", "rejected"), ("unsure", "unsure"),
        ):  # fmt: skip
            bind(f"review.{name}_alike", partial(self._judge_alike, verdict))
        bind("review.begin", self._begin)
        bind("review.confirm", self._confirm)
        bind("review.drop", self._drop)
        self._bench.commands.bind_checked("review.select", self._set_selecting)
        for key in "123456789":
            bind(f"review.label.{key}", partial(self._label_by_key, key))
        self._bench.commands.bind(
            "tools.calipers", lambda: self._bench.commands.check("review.select", False)
        )
        bind("review.labels", self._ask_labels)
        bind("review.undo", lambda: self._return_to(review.undo()))
        bind("review.redo", lambda: self._return_to(review.redo()))
        bind("go.next_annotation", partial(self._step, 1))
        bind("go.previous_annotation", partial(self._step, -1))

    # Showing ----------------------------------------------------------------------------------

    def show(self) -> None:
        """Bring flag list and menus in step with the review."""
        self._show_verdicts()
        self._name_history()

    def _show_verdicts(self) -> None:
        self._flags.set_verdicts([_verdict_texts(match) for match in self._verdicts.matches()])

    def _name_history(self) -> None:
        """Say in the menu what would be taken back or done again."""
        session = self._review.session
        history = session.history if session is not None and not session.read_only else None
        for name, text in (
            ("undo", history.undo_text if history is not None else ""),
            ("redo", history.redo_text if history is not None else ""),
        ):
            action = self._bench.commands.action(f"review.{name}")
            action.setText(f"&{name.capitalize()} {text}".rstrip())

    # Flags ------------------------------------------------------------------------------------

    def _judge(self, verdict: str) -> None:
        if self._verdicts.judge(verdict) and verdict:
            self._advance()

    def _judge_alike(self, verdict: str) -> None:
        index = self._document.selected_flag
        if index is None:
            return
        groups = self._bench.groups
        if self._verdicts.judge_all(verdict, groups.members(index)):
            self._advance(by_kind=True)

    def _advance(self, by_kind: bool = False) -> None:
        """Go to the next flag without a verdict, or to the one most like all of its kind."""
        index = self._document.selected_flag
        following = self._verdicts.next_undecided(index if index is not None else -1)
        if following is not None:
            group = self._bench.groups.of(following) if by_kind else None
            if group is not None and self._verdicts.is_undecided(
                typical := self._bench.groups.groups[group].typical
            ):
                following = typical
            self._bench.go_to_flag(following)
            return
        self._document.select_flag(None)
        self._bench.say.info("Every flag has a verdict. D: done, on to the next record.")

    def _return_to(self, edit: Edit | None) -> None:
        """Select the flag whose verdict was undone or done again: the next key is for it."""
        verdicts = () if edit is None else edit.verdicts[1] or edit.verdicts[0]
        if not verdicts:
            return
        index = self._verdicts.find(verdicts[0])
        if index is None:
            self._document.select_flag(None)
        else:
            self._bench.go_to_flag(index)

    # Annotations ------------------------------------------------------------------------------

    def _confirm(self) -> None:
        if self._review.marked is not None:
            self._label(self._review.label)

    def _label_by_key(self, key: str) -> None:
        label = self._review.labels.by_key(key)
        if label is not None:
            self._label(label)

    def _label(self, label: Label) -> None:
        if self._review.apply_label(label) or self._document.selected_flag is None:
            return
        if self._verdicts.judge("accepted", label):
            self._advance()

    def _set_selecting(self, on: bool) -> None:
        self._bench.commands.check("tools.calipers", False)
        self._traces.clear_calipers()
        self._traces.set_mode("select" if on else "pan")

    def _on_span(self, start_s: float, stop_s: float, leads: tuple[str, ...]) -> None:
        recording = self._document.recording
        every = recording is not None and set(leads) >= set(recording.leads)
        self._review.mark(start_s, stop_s, () if every else leads)

    def _begin(self) -> None:
        flag = self._document.current_flag
        if flag is not None:
            self._review.mark(flag.start_s, flag.stop_s, flag.leads)
            return
        first, last = self._traces.visible_range()
        centre, half = (first + last) / 2, min(BEGIN_S, last - first) / 2
        focus = self._traces.state.focus
        self._review.mark(centre - half, centre + half, (focus,) if focus else ())

    def _drop(self) -> None:
        if self._review.marked is not None:
            self._review.unmark()
        elif self._review.selected is not None:
            self._review.select(None)
        elif self._document.selected_flag is not None:
            self._document.select_flag(None)
        elif self._traces.caliper_text():
            self._traces.clear_calipers()
        else:
            self._bench.give_full_height(None)

    def _on_clicked(self, annotation_id: str) -> None:
        review = self._review.review
        if annotation_id == PENDING:
            return
        if review is not None and any(a.id == annotation_id for a in review.annotations):
            self._review.select(annotation_id)
            return
        found = next(
            (a for a in self._document.shown.file_annotations if a.id == annotation_id), None
        )
        if found is not None:
            words = f"{found.label}, {found.start_s:.3f} s"
            self._bench.say.info(f"From the file's annotator {found.author}: {words}.")

    def _on_edited(self, annotation_id: str, start_s: float, stop_s: float) -> None:
        target = self._review.target
        if target is not None and target.id == annotation_id:
            self._review.change_span(start_s, stop_s)

    def _go_to(self, annotation_id: str) -> None:
        selected = self._review.selected_annotation
        if selected is not None and selected.id == annotation_id:
            self._traces.center_on(selected.start_s, selected.end_s)

    def _step(self, step: int) -> None:
        review = self._review.review
        if review is None or not review.annotations:
            return
        ids = [annotation.id for annotation in review.annotations]
        if self._review.selected in ids:
            index = (ids.index(self._review.selected) + step) % len(ids)
        else:
            first, _ = self._traces.visible_range()
            later = [i for i, a in enumerate(review.annotations) if a.end_s >= first]
            index = later[0] if later and step > 0 else (later[0] - 1 if later else 0)
        self._review.select(ids[index])
        self._go_to(ids[index])


def _verdict_texts(match: VerdictMatch | None) -> tuple[str, str]:
    """Return a verdict for its cell, and how it came to this flag."""
    if match is None:
        return "", ""
    word = VERDICT_WORDS[match.verdict.verdict]
    sure = "" if match.agreement > 0.999 else f" {percent_text(match.agreement)}"
    return word[0] + sure, f"{word}: {match.text()}"
