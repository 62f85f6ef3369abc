"""What can be typed: one argparse parser, and the rule that tells paths from subcommands."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ecgviewer import __version__
from ecgviewer.cli import argument_types as types
from ecgviewer.core.record.record_ref import DECIMALS, DELIMITERS, ReadOptions
from ecgviewer.models.networks.architectures import DEFAULT, model_ids

if TYPE_CHECKING:
    from ecgviewer.review.privacy.anonymize import Privacy

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

SPECIFICITY = 0.95
"""Share of normal records that stay below the threshold, unless told otherwise."""

HANDLERS: dict[str, tuple[str, str]] = {
    "analyze": ("ecgviewer.cli.analyze", "run"),
    "watch": ("ecgviewer.cli.watch.command", "run"),
    "report": ("ecgviewer.cli.pictures", "run_report"),
    "screenshot": ("ecgviewer.cli.pictures", "run_screenshot"),
    "compare": ("ecgviewer.cli.compare", "run"),
    "export": ("ecgviewer.cli.export", "run"),
    "convert": ("ecgviewer.cli.convert", "run"),
    "summary": ("ecgviewer.cli.summary", "run"),
    "measure": ("ecgviewer.cli.measure", "run"),
    "models": ("ecgviewer.cli.models", "run"),
    "selftest": ("ecgviewer.cli.selftest", "run"),
}
"""Module and function of each subcommand, imported when it is called."""
SUBCOMMANDS = (*HANDLERS, "trainer")

_DESCRIPTION = "Find where a 12-lead ECG stops looking normal. A research aid, not a diagnosis."
_EPILOG = """\
ecgviewer [PATH ...] opens the window on files or folders. A file that is named like a
subcommand opens as ./NAME.
"""


def window_arguments(arguments: Sequence[str]) -> list[str] | None:
    """Return the paths to open in the window, or None where a subcommand or option is asked for."""
    if arguments[:1] == ["--"]:
        return list(arguments[1:])
    if any(argument.startswith("-") for argument in arguments[:1]):
        return None
    if arguments and arguments[0] in SUBCOMMANDS:
        return None
    options = [argument for argument in arguments if argument.startswith("-")]
    if options:
        build_parser().error(f"options such as {options[0]} need a subcommand before them")
    return list(arguments)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of everything but the bare list of paths."""
    parser = argparse.ArgumentParser(
        prog="ecgviewer",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ecgviewer {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_analyze(commands)
    _add_watch(commands)
    _add_report(commands)
    _add_compare(commands)
    _add_screenshot(commands)
    _add_export(commands)
    _add_convert(commands)
    _add_summary(commands)
    _add_measure(commands)
    commands.add_parser("models", help="list the model bundles with the figures on their cards")
    commands.add_parser("selftest", help="run a shipped sample through every model")
    commands.add_parser(
        "trainer", help="retrain, evaluate and calibrate models (python -m trainer)", add_help=False
    )
    return parser


def read_options(arguments: argparse.Namespace) -> ReadOptions:
    """Return the answers given on the command line to what files leave open."""
    return ReadOptions(
        fs_hz=arguments.fs,
        units=arguments.units,
        leads=arguments.leads,
        dataset=arguments.dataset,
        delimiter=arguments.delimiter,
        decimal=arguments.decimal,
        time=arguments.time,
    )


def privacy_of(arguments: argparse.Namespace) -> Privacy:
    """Return what may tell who the patient is."""
    from ecgviewer.review.privacy.anonymize import Privacy

    if arguments.anonymize:
        return Privacy.ANONYMOUS
    return Privacy.IDENTIFIED if arguments.identify else Privacy.HEADER


def _add_analyze(commands: Commands) -> None:
    command = commands.add_parser(
        "analyze",
        help="score records without a window: one CSV or JSON row per record and model",
        description="Score every record found. Exit status: 0 all read, 1 some could not be read, "
        "2 wrong usage.",
    )
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="record or folder")
    _add_model_options(command)
    command.add_argument(
        "--out",
        type=types.table_file,
        default="-",
        metavar="FILE",
        help="FILE.csv, FILE.json, FILE.parquet, FOLDER/ for the parts of a Parquet table, or - "
        "for CSV on standard output (default)",
    )
    command.add_argument(
        "--resume",
        action="store_true",
        help="go on with a Parquet table: what is in it, by content, is not computed again",
    )
    command.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="compute on the workers of this Dask scheduler (tcp://HOST:8786); local starts one "
        "here. The only option that uses the network, and only this address",
    )
    command.add_argument(
        "--maps",
        type=Path,
        metavar="DIR",
        help="also write DIR/<folder>/<record>.<model>.npz; a second record of that name gets the "
        "folders above its own as well",
    )
    command.add_argument(
        "--jobs",
        type=types.positive_int,
        metavar="N",
        help="worker processes (default: one per core)",
    )
    command.add_argument(
        "--anonymize",
        action="store_true",
        help="no path, and a pseudonym for each record (record-HASH, as in anonymous exports)",
    )
    _add_clock(command, "worst_start_clock and worst_end_clock")
    _add_read_options(command)


def _add_clock(command: argparse.ArgumentParser, columns: str) -> None:
    command.add_argument(
        "--clock",
        action="store_true",
        help="three more columns: offset_samples (the stored sample that is second 0; above 0 "
        f"where padding was cut off), {columns} by the record's clock",
    )


def _add_watch(commands: Commands) -> None:
    command = commands.add_parser(
        "watch",
        help="judge the records of a folder as they arrive, until Ctrl-C",
        description="Append the rows of analyze for every record in a folder and those below it, "
        "and for each that is new or replaced. The folder is looked at every 0.5 s (less often "
        "where that takes long); a file is judged when it has not changed for --rest seconds, and "
        "one that cannot be read 3 s later gets a row with its error. A record that grows while it "
        "is recorded (WFDB without a count of samples in the header, ISHNE with 0 or -1) gets a "
        "row for every 10 s as they come, named RECORD@START-STOP, and its own when it has not "
        "grown for 10 s. A restart goes on where "
        "this stopped: what was judged is noted, by content, in FILE.watch beside FILE.",
    )
    command.add_argument("folder", type=Path, metavar="FOLDER")
    _add_model_options(command)
    command.add_argument(
        "--out", type=types.rows_file, required=True, metavar="FILE", help="FILE.csv or FILE.json"
    )
    command.add_argument(
        "--rest",
        type=types.rest_s,
        default=1.0,
        metavar="S",
        help="a file unchanged for so long is taken for written (default: 1)",
    )
    _add_read_options(command)


def _add_report(commands: Commands) -> None:
    command = commands.add_parser(
        "report",
        help="the printable page(s) of one record",
        description="Write the printable page of a record: traces at exact scale, intervals, the "
        "model's flags, and what everyone who reviewed the record in the window said: "
        "annotations, verdicts on flags (rejected ones are listed last and not shaded) and "
        "conclusion. FILE.dcm is the page as a DICOM Encapsulated PDF in the study of a DICOM "
        "source (in one of its own for other sources, and with --anonymize).",
    )
    command.add_argument("path", type=Path, metavar="PATH")
    command.add_argument(
        "--out", type=types.page_file, required=True, metavar="FILE.pdf|FILE.png|FILE.dcm"
    )
    command.add_argument("--model", type=types.one_model, default=DEFAULT.id, metavar="MODEL")
    command.add_argument(
        "--machine",
        action="store_true",
        help="also what the recording machine stored: its statements (confirmed or not) and "
        "measurements, marked as its own",
    )
    _add_anonymize(command)
    _add_read_options(command)


def _add_compare(commands: Commands) -> None:
    command = commands.add_parser(
        "compare",
        help="two recordings of one patient: median beats over each other, and what differs",
        description="Write a page with the median beats of both recordings over each other, lead "
        "by lead, and a table of rate, intervals, axes and ST levels; what differs by more than "
        "repeats of normal recordings do is marked, and printed.",
    )
    command.add_argument("first", type=Path, metavar="A", help="the earlier recording")
    command.add_argument("second", type=Path, metavar="B", help="the later one")
    command.add_argument(
        "--out", type=types.picture_file, required=True, metavar="FILE.pdf|FILE.png"
    )
    _add_anonymize(command)
    _add_read_options(command)


def _add_screenshot(commands: Commands) -> None:
    command = commands.add_parser("screenshot", help="the real window, drawn off screen")
    command.add_argument("path", type=Path, metavar="PATH")
    command.add_argument("--out", type=types.png_file, required=True, metavar="FILE.png")
    command.add_argument("--model", type=types.model, default=DEFAULT.id, metavar="MODEL")
    command.add_argument("--size", type=types.size_px, default=(1600, 1000), metavar="WIDTHxHEIGHT")
    command.add_argument("--theme", choices=("light", "dark"), default="light")
    _add_read_options(command)


def _add_export(commands: Commands) -> None:
    command = commands.add_parser("export", help="the review of a record, converted")
    command.add_argument("path", type=Path, metavar="PATH")
    command.add_argument(
        "--to", choices=("wfdb", "csv", "json", "fhir"), required=True,
        help="fhir: a Bundle of FHIR R5 with a DiagnosticReport and an Observation per annotation",
    )  # fmt: skip
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    _add_anonymize(command)
    _add_read_options(command)


def _add_convert(commands: Commands) -> None:
    command = commands.add_parser(
        "convert", help="the samples of any readable record as WFDB, read back and compared"
    )
    command.add_argument("path", type=Path, metavar="PATH", help="one record")
    command.add_argument("--to", choices=("wfdb",), required=True)
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    command.add_argument(
        "--from",
        dest="start",
        type=types.seconds,
        default=0.0,
        metavar="S",
        help="start of the span",
    )
    command.add_argument(
        "--to-time", dest="stop", type=types.seconds, metavar="S", help="end of the span"
    )
    command.add_argument(
        "--only",
        type=types.lead_names,
        default=(),
        metavar="I,II,...",
        help="these of the record's leads",
    )
    _add_anonymize(command)
    _add_read_options(command)


def _add_summary(commands: Commands) -> None:
    command = commands.add_parser(
        "summary",
        help="the rhythm of a long record: rates, pauses, ectopic beats, irregular time, by hour",
    )
    command.add_argument("path", type=Path, metavar="PATH", help="one record")
    command.add_argument(
        "--out", type=types.csv_file, metavar="FILE.csv", help="default: standard output"
    )
    _add_read_options(command)


def _add_measure(commands: Commands) -> None:
    command = commands.add_parser(
        "measure",
        help="rate, intervals and axes: one CSV or JSON row per record",
        description="Measure every record found; what cannot be measured is empty, and `reasons` "
        "says why. Exit status: 0 all read, 1 some could not be read, 2 wrong usage.",
    )
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="record or folder")
    command.add_argument(
        "--per-lead",
        action="store_true",
        help="also the heights of P, Q, R, S, T and ST (J, J+60, J+80 ms) in each lead, in mV",
    )
    command.add_argument(
        "--every",
        type=types.positive_s,
        metavar="N",
        help="one row per N seconds (default: record)",
    )
    _add_clock(command, "start_clock and stop_clock")
    command.add_argument(
        "--out",
        type=types.measures_file,
        default="-",
        metavar="FILE",
        help="FILE.csv, FILE.json, or - for CSV on standard output (default)",
    )
    _add_read_options(command)


def _add_model_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--model",
        type=types.model,
        default=DEFAULT.id,
        metavar="MODEL",
        help=f"{', '.join(model_ids())}, all, or a .ecgmodel file (default: {DEFAULT.id})",
    )
    command.add_argument("--device", type=types.device, default="auto", help="auto, cpu or cuda")
    command.add_argument(
        "--specificity",
        type=types.share,
        default=SPECIFICITY,
        metavar="SHARE",
        help="share of normal records that stay below the threshold (default: 0.95)",
    )


def _add_anonymize(command: argparse.ArgumentParser) -> None:
    choice = command.add_mutually_exclusive_group()
    choice.add_argument(
        "--identify",
        action="store_true",
        help="with the patient's name, id and birth date (left out by default)",
    )
    choice.add_argument(
        "--anonymize",
        action="store_true",
        help="leave out whatever could name the patient: also names of files, dates and comments",
    )


def _add_read_options(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("for files that do not say")
    group.add_argument("--fs", type=types.positive_hz, metavar="HZ", help="sampling frequency")
    group.add_argument(
        "--units", type=types.unit, metavar="UNIT", help="mV, uV, V, or counts: 200/mV"
    )
    group.add_argument(
        "--leads", type=types.lead_names, default=(), metavar="I,II,...", help="one name per signal"
    )
    group.add_argument("--dataset", metavar="/PATH/IN/FILE", help="the signal inside an HDF5 file")
    group.add_argument(
        "--delimiter", choices=tuple(DELIMITERS), help="between the columns of a text file"
    )
    group.add_argument("--decimal", choices=tuple(DECIMALS), help="the decimal mark of a text file")
    group.add_argument(
        "--time",
        type=types.time_column,
        metavar="COLUMN[:UNIT]",
        help="the column of times in a text file, from 1, in s, ms or us (1:ms); or none",
    )
