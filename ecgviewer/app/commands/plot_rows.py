"""Commands of the plots and of the evidence, for the window's command table."""

from __future__ import annotations

from ecgviewer.app.shell import context as when
from ecgviewer.app.shell.actions import Command
from ecgviewer.app.shell.menu_paths import PLOTS, TOOLS

_KINDS = (
    ("rr", "&RR intervals", "Each RR interval over time; a click on one goes there", False),
    ("poincare", "&Poincaré plot", "Each RR interval against the next one", False),
    ("rate", "&Heart rate", "The heart rate over the whole record", False),
    ("families", "&Beats by shape", "Beats of one shape over each other", False),
    ("loops", "&Vector loops", "The heart vector in the frontal and the horizontal plane", False),
    ("normals", "&Score among normals", "Score and parts among the model's normal records", True),
    ("folder", "p of the &work list", "How the p-values of the work list are spread", True),
)
_SAVE = (
    ("copy", "&Copy plot", "Put a picture of the plot on show on the clipboard"),
    ("picture", "Save plot as p&icture…", "Save the plot on show as PNG"),
    ("csv", "Save plot as CS&V…", "Save the figures of the plot on show"),
)

EVIDENCE_COMMANDS: tuple[Command | str, ...] = (
    Command(
        "tools.keep_calipers", "&Keep measurement", TOOLS, ("Shift+W",),
        "Make an annotation of what the calipers measured, with its values",
        when=when.can_keep_measured,
    ),
    Command(
        "tools.evidence", "&Evidence card…", TOOLS, ("E",),
        "Median beats against their reconstruction, and the intervals", icon="evidence",
        when=when.record_seen,
    ),
    *(
        Command(
            f"plots.{name}", title, PLOTS, tip=tip,
            when=(when.sighted if name == "folder" else when.record_seen)
            if opinion else when.record_open,
        )
        for name, title, tip, opinion in _KINDS
    ),
    Command(
        "plots.next", "&Next plot", PLOTS, ("P",), "Show the plots; again: the next kind",
        when=when.always,
    ),
    Command(
        "plots.previous", "Pre&vious plot", PLOTS, ("Shift+P",),
        "Show the plots; again: the kind before", when=when.always,
    ),
    *(
        Command(f"plots.{how}", title, PLOTS, tip=tip, when=when.record_open)
        for how, title, tip in _SAVE
    ),
)  # fmt: skip
