"""The window's commands in menu order. A new action starts with a line here."""

from __future__ import annotations

from ecgviewer.app.commands.review_rows import EXPORT_COMMANDS, REVIEW_COMMANDS, WATCH_COMMAND
from ecgviewer.app.commands.tool_rows import TOOL_COMMANDS
from ecgviewer.app.shell import context as when
from ecgviewer.app.shell.actions import SEPARATOR, Command
from ecgviewer.app.shell.menu_paths import (
    ANALYSE,
    APART,
    DEVICES,
    FILE,
    GO,
    LAYOUTS,
    LEADS,
    PANELS,
    RECENT,
    VIEW,
)  # fmt: skip
from ecgviewer.app.trace.state import GAINS_MM_MV, SPEEDS_MM_S
from ecgviewer.models.networks.architectures import TABLE as MODELS
from ecgviewer.signal.display_bands import BASELINE_HZ, MUSCLE_HZ

TABLE: tuple[Command | str, ...] = (
    Command(
        "file.open", "&Open file…", FILE, ("Ctrl+O",), "Open an ECG file", icon="open",
        when=when.always,
    ),
    Command(
        "file.open_folder", "Open &folder…", FILE, ("Ctrl+Shift+O",),
        "List every ECG in a folder and below", icon="folder", when=when.always,
    ),
    Command(
        "file.open_results", "Open resu&lts…", FILE,
        tip="A table of scores that analyze has written: sort, filter, go to each record",
        when=when.sighted,
    ),
    WATCH_COMMAND,
    RECENT,
    Command(
        "file.answers", "&Answers about this file…", FILE,
        tip="Say (anew) what the file leaves open: unit, sampling frequency, lead names",
        when=when.has_questions,
    ),
    SEPARATOR,
    Command(
        "file.screenshot", "Save &screenshot…", FILE, ("Ctrl+Shift+S",),
        "Save a picture of the window", when=when.record_open,
    ),
    Command(
        "file.report", "Export &report…", FILE, ("Ctrl+E",),
        "One A4 page at exact scale, as PDF, PNG or DICOM", icon="report", when=when.record_seen,
    ),
    *EXPORT_COMMANDS,
    *(
        Command(
            f"file.privacy.{privacy}", title, f"{FILE}/Patient &on reports", tip=tip,
            checkable=True, group="privacy", when=when.always,
        )
        for privacy, title, tip in (
            ("header", "&Not named", "Reports leave out the patient's name, id and birth date"),
            ("anonymous", "&Anonymous", "... and the record's name, dates and comments too"),
            ("identified", "With name, &id and birth date", "Reports name the patient"),
        )
    ),
    Command(
        "file.print", "&Print…", FILE, ("Ctrl+P",), "Print the report page", icon="print",
        when=when.record_seen,
    ),
    SEPARATOR,
    Command(
        "file.close", "&Close record", FILE, ("Ctrl+W",), "Close the open record",
        when=when.record_open,
    ),
    Command(
        "file.settings", "Se&ttings…", FILE, ("Ctrl+,",),
        "Paper, colours, reading, models, folders and keys on one page", when=when.always,
    ),
    Command("file.quit", "&Quit", FILE, ("Ctrl+Q",), "Close the program", when=when.always),
    *(
        Command(
            f"view.layout.{mode}", title, f"{VIEW}/&Layout", (f"Ctrl+{number}",),
            f"Arrange the leads {mode}", checkable=True, group="layout", when=when.always,
        )
        for number, (mode, title) in enumerate(LAYOUTS, start=1)
    ),
    SEPARATOR,
    Command(
        "view.cabrera", "&Cabrera order", f"{VIEW}/&Layout", ("Ctrl+4",),
        "Limb leads in Cabrera order: aVL I -aVR II aVF III", checkable=True, when=when.always,
    ),
    Command(
        "view.clock", "&Time of day", VIEW, ("Ctrl+Shift+T",),
        "Tell the time of day instead of the time from the start, where the file gives it",
        checkable=True, when=when.always,
    ),
    Command(
        "view.focus", "One lead at full &height", f"{VIEW}/&Layout", ("Z",),
        "The lead under the pointer, of the selected flag, or of the rhythm strip; and back",
        checkable=True, when=when.always,
    ),
    Command(
        "view.next_lead", "&Next lead at full height", f"{VIEW}/&Layout", ("Shift+Down",),
        "Give the next lead the full height", when=when.always,
    ),
    Command(
        "view.previous_lead", "&Previous lead at full height", f"{VIEW}/&Layout", ("Shift+Up",),
        "Give the lead before the full height", when=when.always,
    ),
    *(
        Command(
            f"view.speed.{speed:g}", f"{speed:g} mm/s", f"{VIEW}/&Scale",
            tip=f"Paper speed {speed:g} mm/s", checkable=True, group="speed", when=when.always,
        )
        for speed in SPEEDS_MM_S
    ),
    SEPARATOR,
    *(
        Command(
            f"view.gain.{gain:g}", f"{gain:g} mm/mV", f"{VIEW}/&Scale",
            tip=f"Gain {gain:g} mm/mV", checkable=True, group="gain", when=when.always,
        )
        for gain in GAINS_MM_MV
    ),
    SEPARATOR,
    Command(
        "view.fit", "&Fit to window (not to scale)", f"{VIEW}/&Scale", ("F",),
        "Show the whole record (up to 2 minutes, else the seconds in view) as large as it fits; "
        "not to scale",
        checkable=True, icon="fit", when=when.always,
    ),
    Command(
        "view.gain_up", "Gain &up", f"{VIEW}/&Scale", ("+", "="),
        "Next larger gain", in_traces=True, when=when.always,
    ),
    Command(
        "view.gain_down", "Gain &down", f"{VIEW}/&Scale", ("-",),
        "Next smaller gain", in_traces=True, when=when.always,
    ),
    Command(
        "view.zoom_in", "Zoom &in", f"{VIEW}/&Scale", ("Ctrl++", "Ctrl+="), "Fewer seconds in view",
        when=when.always,
    ),
    Command(
        "view.zoom_out", "Zoom &out", f"{VIEW}/&Scale", ("Ctrl+-",), "More seconds in view",
        when=when.always,
    ),
    LEADS,
    Command(
        "view.overlay.reconstruction", "&Reconstruction", f"{VIEW}/&Overlays", ("R",),
        "What the model expected, in mV over the trace", checkable=True, icon="reconstruction",
        when=when.always,
    ),
    Command(
        "view.overlay.heat", "&Heat strips", f"{VIEW}/&Overlays", ("H",),
        "Calibrated residual over each lead", checkable=True, icon="heat", when=when.always,
    ),
    Command(
        "view.overlay.attention", "&Attention or saliency strips", f"{VIEW}/&Overlays", ("T",),
        "Where the model looked", checkable=True, icon="attention", when=when.always,
    ),
    Command(
        "view.overlay.model_input", "&What the model saw", f"{VIEW}/&Overlays", ("M",),
        "The filtered signal with its reconstruction, instead of the trace", checkable=True,
        icon="model", when=when.always,
    ),
    Command(
        "view.overlay.flags", "&Flags", f"{VIEW}/&Overlays", ("Shift+F",),
        "Shade the flagged spans", checkable=True, when=when.always,
    ),
    Command(
        "view.overlay.r_peaks", "R &peaks and RR", f"{VIEW}/&Overlays", ("K",),
        "Mark the R peaks", checkable=True, when=when.always,
    ),
    Command(
        "view.overlay.stimuli", "Pacing &stimuli", f"{VIEW}/&Overlays", (),
        "Mark a pacemaker's stimuli (A atrial, V ventricular)", checkable=True, when=when.always,
    ),
    Command(
        "view.filter.baseline", "&Baseline", f"{VIEW}/&Filters", ("Ctrl+Shift+B",),
        f"High-pass at {BASELINE_HZ:g} Hz against baseline wander (can distort ST segments)",
        checkable=True, when=when.always,
    ),
    Command(
        "view.filter.mains50", "Mains &50 Hz", f"{VIEW}/&Filters", tip="Remove 50-Hz hum",
        checkable=True, when=when.always,
    ),
    Command(
        "view.filter.mains60", "Mains &60 Hz", f"{VIEW}/&Filters", tip="Remove 60-Hz hum",
        checkable=True, when=when.always,
    ),
    Command(
        "view.filter.muscle", "&Muscle", f"{VIEW}/&Filters", ("Ctrl+Shift+M",),
        f"Low-pass at {MUSCLE_HZ:g} Hz against muscle noise (rounds the QRS)",
        checkable=True, when=when.always,
    ),
    *(
        Command(
            f"view.theme.{theme}", title, f"{VIEW}/&Theme", tip=tip, checkable=True, group="theme",
            when=when.always,
        )
        for theme, title, tip in (
            ("system", "As the &system", "Follow the system's light or dark mode"),
            ("light", "&Light", "Light theme"),
            ("dark", "&Dark", "Dark theme"),
        )
    ),
    PANELS,
    APART,
    Command(
        "view.overview", "O&verview", VIEW, ("V",),
        "The whole record in a bar under the traces", checkable=True, when=when.always,
    ),
    Command(
        "view.traces_only", "&Traces only", VIEW, ("F11",),
        "Hide every panel, or bring them back", checkable=True, icon="traces", when=when.always,
    ),
    *(
        Command(
            f"analyse.model.{model.id}", model.title, f"{ANALYSE}/&Model", (f"Alt+{number}",),
            f"Work with the {model.title}", checkable=True, group="model", when=when.always,
        )
        for number, model in enumerate(MODELS, start=1)
    ),
    SEPARATOR,
    Command(
        "analyse.model_file", "Other model &file…", f"{ANALYSE}/&Model",
        tip="Work with a model bundle (.ecgmodel) of your own", when=when.always,
    ),
    DEVICES,
    SEPARATOR,
    Command(
        "analyse.run", "&Analyse", ANALYSE, ("F5", "Ctrl+Return"),
        "Run the chosen model on the open record", icon="analyse", when=when.can_analyse,
    ),
    Command(
        "analyse.run_all", "Run all model&s", ANALYSE, ("Shift+F5",),
        "Run every model and compare them lead by lead", when=when.can_analyse,
    ),
    Command(
        "analyse.cancel", "&Cancel", ANALYSE, ("Ctrl+.",), "Stop the running analysis",
        icon="cancel", when=when.running,
    ),
    Command(
        "analyse.clear", "C&lear results", ANALYSE, tip="Forget the analyses of this record",
        when=when.can_clear,
    ),
    SEPARATOR,
    Command(
        "analyse.on_open", "Analyse when &opened", ANALYSE,
        tip="Run the chosen model on every record that is opened", checkable=True, when=when.always,
    ),
    Command(
        "analyse.fewer", "&Fewer flags", ANALYSE, ("Ctrl+Up",), "Raise the threshold one step",
        when=when.sighted,
    ),
    Command(
        "analyse.more", "&More flags", ANALYSE, ("Ctrl+Down",), "Lower the threshold one step",
        when=when.sighted,
    ),
    Command(
        "go.next_flag", "&Next flag", GO, ("N",), "Go to the next flag", icon="next",
        when=when.has_flags,
    ),
    Command(
        "go.previous_flag", "&Previous flag", GO, ("Shift+N",), "Go to the previous flag",
        icon="previous", when=when.has_flags,
    ),
    Command(
        "go.next_group", "Next &kind of flag", GO, ("Y",),
        "Go to the flags that are alike next: to the one most like all of them",
        when=when.has_flags,
    ),
    Command(
        "go.previous_group", "Previous kind of flag", GO, ("Shift+Y",),
        "Go to the flags that are alike before", when=when.has_flags,
    ),
    Command(
        "go.next_annotation", "Next &annotation", GO, ("Alt+Right",), "Go to the next annotation",
        when=when.has_annotations,
    ),
    Command(
        "go.previous_annotation", "Previous annotation", GO, ("Alt+Left",),
        "Go to the previous annotation", when=when.has_annotations,
    ),
    Command(
        "go.next_peak", "Next &R peak", GO, ("Ctrl+Right",), "Go to the next R peak",
        when=when.record_open,
    ),
    Command(
        "go.previous_peak", "Previous R peak", GO, ("Ctrl+Left",), "Go to the previous R peak",
        when=when.record_open,
    ),
    SEPARATOR,
    Command(
        "go.time", "Go to &time…", GO, ("G",), "Go to a time from the start",
        when=when.record_open,
    ),
    Command(
        "go.start", "&Start", GO, ("Home",), "Go to the start", in_traces=True,
        when=when.record_open,
    ),
    Command("go.end", "&End", GO, ("End",), "Go to the end", in_traces=True, when=when.record_open),
    Command(
        "go.left", "Step left", GO, ("Left",), "Scroll back a little", in_traces=True,
        when=when.record_open,
    ),
    Command(
        "go.right", "Step right", GO, ("Right",), "Scroll on a little", in_traces=True,
        when=when.record_open,
    ),
    Command(
        "go.page_back", "Page back", GO, ("PgUp",), "Scroll back one page", in_traces=True,
        when=when.record_open,
    ),
    Command(
        "go.page_on", "Page on", GO, ("PgDown",), "Scroll on one page", in_traces=True,
        when=when.record_open,
    ),
    SEPARATOR,
    Command(
        "go.next_record", "Next re&cord", GO, ("Ctrl+PgDown",), "Open the next record of the list",
        when=when.listed,
    ),
    Command(
        "go.previous_record", "Previous record", GO, ("Ctrl+PgUp",),
        "Open the previous record of the list", when=when.listed,
    ),
    *REVIEW_COMMANDS,
    *TOOL_COMMANDS,
)  # fmt: skip
