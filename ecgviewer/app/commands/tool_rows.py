"""The commands of the menus Tools and Help, for the window's command table."""

from __future__ import annotations

from ecgviewer.app.commands.plot_rows import EVIDENCE_COMMANDS
from ecgviewer.app.shell import context as when
from ecgviewer.app.shell.actions import SEPARATOR, Command
from ecgviewer.app.shell.menu_paths import HELP, POINTS, TOOLS

TOOL_COMMANDS: tuple[Command | str, ...] = (
    Command(
        "tools.calipers", "&Calipers", TOOLS, ("C",), "Measure time and voltage between two points",
        checkable=True, icon="calipers", when=when.record_open,
    ),
    Command(
        "tools.march_out", "&March out", TOOLS, ("Shift+C",),
        "Repeat the measured interval over the following beats", checkable=True,
        when=when.record_open,
    ),
    Command(
        "tools.snap", "&Snap to R peaks and extrema", TOOLS,
        tip="Calipers jump to an R peak or extremum near the pointer (Alt suspends it)",
        checkable=True, when=when.always,
    ),
    Command(
        "tools.measure_rr", "Measure an &RR interval", TOOLS, ("W",),
        "Put the calipers on the RR interval in the middle of the view, then on the next one",
        when=when.record_open,
    ),
    Command(
        "tools.end_earlier", "&End earlier", POINTS, ("[",), "Move the later point back",
        in_traces=True, when=when.measured,
    ),
    Command(
        "tools.end_later", "End &later", POINTS, ("]",), "Move the later point on", in_traces=True,
        when=when.measured,
    ),
    Command(
        "tools.start_earlier", "&Start earlier", POINTS, ("Ctrl+[",), "Move the earlier point back",
        in_traces=True, when=when.measured,
    ),
    Command(
        "tools.start_later", "Start l&ater", POINTS, ("Ctrl+]",), "Move the earlier point on",
        in_traces=True, when=when.measured,
    ),
    Command(
        "tools.copy_calipers", "Copy &measurement", TOOLS, ("Ctrl+C",),
        "Copy what the calipers measured", in_traces=True, when=when.measured,
    ),
    *EVIDENCE_COMMANDS,
    SEPARATOR,
    Command(
        "tools.calibrate", "&Screen calibration…", TOOLS,
        tip="Make a millimetre on screen a true millimetre", when=when.always,
    ),
    Command(
        "tools.calibrate_site", "Calibrate for this s&ite…", TOOLS,
        tip="Thresholds of the chosen model from the least suspicious records of the work list",
        when=when.can_calibrate,
    ),
    Command(
        "help.manual", "&Manual", HELP, ("F1",), "At the page that tells of what has the focus",
        when=when.always,
    ),
    Command(
        "help.keys", "&Keyboard map", HELP, ("?",), "Show every shortcut",
        when=when.always,
    ),
    Command(
        "help.palette", "Command &palette…", HELP, ("Ctrl+K", "Ctrl+Shift+P"),
        "Find a command by name", icon="search", when=when.always,
    ),
    SEPARATOR,
    Command(
        "help.logs", "Open &log folder", HELP, tip="Logs hold no patient data",
        when=when.always,
    ),
    Command(
        "help.diagnostics", "Copy &diagnostics", HELP,
        tip="About the program and this machine, for a problem report; no patient data",
        when=when.always,
    ),
    Command(
        "help.about", "&About ECG Viewer", HELP, tip="Version, licences, what it is for",
        when=when.always,
    ),
)  # fmt: skip
