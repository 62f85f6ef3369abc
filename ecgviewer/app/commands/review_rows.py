"""The Review menu's commands, for the window's command table."""

from __future__ import annotations

from ecgviewer.app.shell import context as when
from ecgviewer.app.shell.actions import SEPARATOR, Command
from ecgviewer.app.shell.menu_paths import (
    ALIKE,
    CONCLUSION,
    CONCLUSIONS,
    EDGES,
    FILE,
    FILE_ANNOTATIONS,
    LABELS,
    REVIEW,
)  # fmt: skip

REVIEW_COMMANDS: tuple[Command | str, ...] = (
    REVIEW,
    Command(
        "review.accept", "&Accept flag", REVIEW, ("A",),
        "The selected flag becomes an annotation; on to the next flag", when=when.flag_selected,
    ),
    Command(
        "review.reject", "&Reject flag", REVIEW, ("X",),
        "The selected flag is a false alarm; on to the next flag", when=when.flag_selected,
    ),
    Command(
        "review.unsure", "&Unsure about flag", REVIEW, ("U",),
        "Leave the selected flag undecided; on to the next flag", when=when.flag_selected,
    ),
    *(
        Command(
            f"review.{what}_alike", text, ALIKE, (f"Ctrl+Shift+{key}",),
            f"{tip}, all that are like the selected flag; on to the next kind",
            when=when.flag_selected,
        )
        for what, text, key, tip in (
            ("accept", "&Accept all alike", "A", "Each becomes an annotation"),
            ("reject", "&Reject all alike", "X", "False alarms"),
            ("unsure", "&Unsure about all alike", "U", "Left undecided"),
        )
    ),
    Command(
        "review.reset", "Take &verdict back", REVIEW, ("Backspace",),
        "Remove the verdict on the selected flag, with the annotation it made",
        when=when.flag_selected,
    ),
    SEPARATOR,
    Command(
        "review.begin", "&Begin annotation", REVIEW, ("B",),
        "Mark a span in the middle of the view, or over the selected flag; a number labels it",
        when=when.editable,
    ),
    Command(
        "review.confirm", "Label as before", REVIEW, ("Return", "Enter"),
        "Give the marked span the label used last", in_traces=True, when=when.span_marked,
    ),
    Command(
        "review.drop", "Drop selection", REVIEW, ("Esc",),
        "Forget the marked span, the selection or the measurement; then show all leads again",
        in_traces=True, when=when.always,
    ),
    Command(
        "review.select", "&Drag selects a span", REVIEW, ("Shift+A",),
        "Dragging over the traces marks a span (Shift+drag always does)", checkable=True,
        when=when.editable,
    ),
    *(
        Command(
            f"review.label.{key}", f"&{key}", LABELS, (key,),
            f"Label {key} for the marked span, the selected annotation or the selected flag",
            when=when.editable,
        )
        for key in "123456789"
    ),
    Command(
        "review.leads", "&Leads…", REVIEW, ("L",), "Choose the leads of the annotation",
        when=when.span_chosen,
    ),
    Command(
        "review.note", "N&ote", REVIEW, ("O",), "Write a note on the annotation",
        when=when.annotation_selected,
    ),
    Command(
        "review.end_earlier", "End &earlier", EDGES, ("Shift+Left",), "Move the end back 20 ms",
        when=when.span_chosen,
    ),
    Command(
        "review.end_later", "End &later", EDGES, ("Shift+Right",), "Move the end on 20 ms",
        when=when.span_chosen,
    ),
    Command(
        "review.start_earlier", "Start e&arlier", EDGES, ("Alt+Shift+Left",),
        "Move the start back 20 ms", when=when.span_chosen,
    ),
    Command(
        "review.start_later", "Start la&ter", EDGES, ("Alt+Shift+Right",),
        "Move the start on 20 ms", when=when.span_chosen,
    ),
    Command(
        "review.snap", "&Snap to R peaks", EDGES, ("S",), "Put both edges on the nearest R peaks",
        when=when.span_chosen,
    ),
    Command(
        "review.snap_qrs", "Snap to &QRS bounds", EDGES, ("Q",),
        "Start at the nearest QRS onset, end at the nearest QRS end", when=when.span_chosen,
    ),
    Command(
        "review.split", "S&plit", REVIEW, ("Shift+S",),
        "Cut the selected annotation at the pointer, or in the middle",
        when=when.annotation_selected,
    ),
    Command(
        "review.merge", "&Join with next", REVIEW, ("J",),
        "Join the selected annotation with the next one of its label",
        when=when.annotation_selected,
    ),
    Command(
        "review.delete", "Dele&te annotation", REVIEW, ("Del",), "Delete what is selected",
        when=when.annotation_selected,
    ),
    SEPARATOR,
    Command(
        "review.undo", "Undo", REVIEW, ("Ctrl+Z",), "Take the last edit back",
        when=when.can_undo,
    ),
    Command(
        "review.redo", "Redo", REVIEW, ("Ctrl+Shift+Z", "Ctrl+Y"), "Do it again",
        when=when.can_redo,
    ),
    SEPARATOR,
    *(
        Command(
            f"review.conclude.{name or 'none'}", f"&{(name or 'not decided').capitalize()}",
            CONCLUSION, (f"Ctrl+Alt+{key}",),
            f"The whole record is {name}" if name else "No conclusion yet",
            checkable=True, group="conclusion", when=when.editable,
        )
        for name, key in CONCLUSIONS
    ),
    Command(
        "review.done", "Do&ne, next record", REVIEW, ("D",),
        "Mark the record as reviewed and open the next one of the work list", when=when.editable,
    ),
    Command(
        "review.reopen", "Mark as not reviewed", REVIEW, ("Shift+D",),
        "The record goes back to work in progress", when=when.editable,
    ),
    Command(
        "review.next_record", "Next in work list", REVIEW, (".",),
        "Open the next record of the work list as sorted", when=when.queued,
    ),
    Command(
        "review.previous_record", "Previous in work list", REVIEW, (",",),
        "Open the previous record of the work list as sorted", when=when.queued,
    ),
    Command(
        "review.worklist", "&Work list", REVIEW, ("Ctrl+L",),
        "Show the records of the folder, ranked and with what was done", when=when.always,
    ),
    Command(
        "review.screen", "Scree&n the folder", REVIEW, ("Ctrl+F5",),
        "Run the chosen model over all records of the list, in the background", checkable=True,
        when=when.queued,
    ),
    Command(
        "review.screen_all", "Screen with all models", REVIEW, ("Ctrl+Shift+F5",),
        "Run every model over all records of the list, in the background", when=when.queued,
    ),
    SEPARATOR,
    FILE_ANNOTATIONS,
    Command(
        "review.reader", "Reader…", REVIEW, tip="Who is reading; each reader has own reviews",
        when=when.always,
    ),
    Command(
        "review.labels", "Edit la&bels…", REVIEW,
        tip="The labels, their number keys and their codes", when=when.always,
    ),
    Command(
        "review.blind", "Bl&ind", REVIEW, ("Ctrl+Shift+H",),
        "Hide what the models and other readers say", checkable=True, when=when.always,
    ),
    Command(
        "review.compare", "Co&mpare readers…", REVIEW, tip="Where two readers agree",
        when=when.can_compare,
    ),
    Command(
        "review.beside", "Keep reviews beside the records", REVIEW,
        tip="Instead of in your data folder", checkable=True, when=when.always,
    ),
)  # fmt: skip

WATCH_COMMAND = Command(
    "file.watch", "&Watch folder…", FILE,
    tip="Records that come into a folder are judged, ranked in the work list and announced; again "
    "to end it", checkable=True, when=when.always,
)  # fmt: skip
EXPORT_COMMANDS: tuple[Command, ...] = (
    Command(
        "file.export_review", "Export re&view…", FILE, ("Ctrl+Shift+E",),
        "The annotations and verdicts as WFDB, CSV, JSON or FHIR", when=when.review_open,
    ),
    Command(
        "file.report_machine", "&Machine's words on reports", FILE,
        tip="Reports also say what the recording machine concluded, marked as its own",
        checkable=True, when=when.sighted,
    ),
)  # fmt: skip
