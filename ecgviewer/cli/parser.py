"""What can be typed: one argparse parser, and the rule that tells paths from subcommands."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ecgviewer import __version__
from ecgviewer.core.record_ref import ReadOptions
from ecgviewer.models.networks.architectures import DEFAULT, model_ids

if TYPE_CHECKING:
    from ecgviewer.review.privacy.anonymize import Privacy

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

MAX_SIDE_PX = 8192
"""Of a screenshot: more than any screen has, and some 270 MB of memory."""
SPECIFICITY = 0.95
"""Share of normal records that stay below the threshold, unless told otherwise."""

HANDLERS: dict[str, tuple[str, str]] = {
    "analyze": ("ecgviewer.cli.analyze", "run"),
    "report": ("ecgviewer.cli.pictures", "run_report"),
    "screenshot": ("ecgviewer.cli.pictures", "run_screenshot"),
    "export": ("ecgviewer.cli.export", "run"),
    "convert": ("ecgviewer.cli.convert", "run"),
    "summary": ("ecgviewer.cli.summary", "run"),
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
    _add_report(commands)
    _add_screenshot(commands)
    _add_export(commands)
    _add_convert(commands)
    _add_summary(commands)
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
    command.add_argument(
        "--model",
        type=_model,
        default=DEFAULT.id,
        metavar="MODEL",
        help=f"{', '.join(model_ids())}, all, or a .ecgmodel file (default: {DEFAULT.id})",
    )
    command.add_argument("--device", type=_device, default="auto", help="auto, cpu or cuda")
    command.add_argument(
        "--out",
        type=_table_file,
        default="-",
        metavar="FILE",
        help="FILE.csv, FILE.json, or - for CSV on standard output (default)",
    )
    command.add_argument(
        "--maps", type=Path, metavar="DIR", help="also write DIR/<folder>/<record>.<model>.npz"
    )
    command.add_argument(
        "--jobs", type=_positive_int, metavar="N", help="worker processes (default: one per core)"
    )
    command.add_argument(
        "--specificity",
        type=_share,
        default=SPECIFICITY,
        metavar="SHARE",
        help="share of normal records that stay below the threshold (default: 0.95)",
    )
    command.add_argument(
        "--anonymize",
        action="store_true",
        help="no path, and a pseudonym for each record (record-HASH, as in anonymous exports)",
    )
    _add_read_options(command)


def _add_report(commands: Commands) -> None:
    command = commands.add_parser(
        "report",
        help="the printable page(s) of one record",
        description="Write the printable page of a record: traces at exact scale, intervals, the "
        "model's flags, and what everyone who reviewed the record in the window said: "
        "annotations, verdicts on flags (rejected ones are listed last and not shaded) and "
        "conclusion.",
    )
    command.add_argument("path", type=Path, metavar="PATH")
    command.add_argument("--out", type=_page_file, required=True, metavar="FILE.pdf|FILE.png")
    command.add_argument("--model", type=_one_model, default=DEFAULT.id, metavar="MODEL")
    _add_anonymize(command)
    _add_read_options(command)


def _add_screenshot(commands: Commands) -> None:
    command = commands.add_parser("screenshot", help="the real window, drawn off screen")
    command.add_argument("path", type=Path, metavar="PATH")
    command.add_argument("--out", type=_png_file, required=True, metavar="FILE.png")
    command.add_argument("--model", type=_model, default=DEFAULT.id, metavar="MODEL")
    command.add_argument("--size", type=_size, default=(1600, 1000), metavar="WIDTHxHEIGHT")
    command.add_argument("--theme", choices=("light", "dark"), default="light")
    _add_read_options(command)


def _add_export(commands: Commands) -> None:
    command = commands.add_parser("export", help="the review of a record, converted")
    command.add_argument("path", type=Path, metavar="PATH")
    command.add_argument("--to", choices=("wfdb", "csv", "json"), required=True)
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
        "--from", dest="start", type=_seconds, default=0.0, metavar="S", help="start of the span"
    )
    command.add_argument(
        "--to-time", dest="stop", type=_seconds, metavar="S", help="end of the span"
    )
    command.add_argument(
        "--only", type=_leads, default=(), metavar="I,II,...", help="these of the record's leads"
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
        "--out", type=_csv_file, metavar="FILE.csv", help="default: standard output"
    )
    _add_read_options(command)


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
    group.add_argument("--fs", type=_positive_hz, metavar="HZ", help="sampling frequency")
    group.add_argument("--units", type=_unit, metavar="UNIT", help="mV, uV, V, or counts: 200/mV")
    group.add_argument(
        "--leads", type=_leads, default=(), metavar="I,II,...", help="one name per signal"
    )
    group.add_argument("--dataset", metavar="/PATH/IN/FILE", help="the signal inside an HDF5 file")


def _model(text: str) -> str:
    return text if text == "all" else _one_model(text)


def _one_model(text: str) -> str:
    if text not in model_ids() and Path(text).suffix != ".ecgmodel":
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither one of {', '.join(model_ids())} nor a .ecgmodel file"
        )
    return text


def _device(text: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not auto, cpu or cuda")
    return text


def _table_file(text: str) -> str:
    if text != "-" and Path(text).suffix.lower() not in (".csv", ".json"):
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .csv or .json")
    return text


def _page_file(text: str) -> Path:
    return _file_with_suffix(text, ".pdf", ".png")


def _csv_file(text: str) -> Path:
    return _file_with_suffix(text, ".csv")


def _png_file(text: str) -> Path:
    return _file_with_suffix(text, ".png")


def _file_with_suffix(text: str, *suffixes: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in suffixes:
        raise argparse.ArgumentTypeError(f"{text!r} does not end in {' or '.join(suffixes)}")
    return path


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
    if found is None or max(size := (int(found[1]), int(found[2]))) > MAX_SIDE_PX:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not WIDTHxHEIGHT in pixels, {MAX_SIDE_PX}x{MAX_SIDE_PX} at most"
        )
    return size


def _leads(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _positive_int(text: str) -> int:
    if not re.fullmatch("0*[1-9][0-9]{0,8}", text):
        raise argparse.ArgumentTypeError(f"takes a whole number of at least 1, not {text!r}")
    return int(text)


def _positive_hz(text: str) -> float:
    value = _number(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"takes a frequency in Hz, not {text!r}")
    return value


def _seconds(text: str) -> float:
    value = _number(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"takes seconds from the record's start, not {text!r}")
    return value


def _unit(text: str) -> str:
    from ecgviewer.io.units import mv_per_unit  # takes the import of numpy

    if mv_per_unit(text) is None:
        raise argparse.ArgumentTypeError(f"takes a unit of voltage (mV, uV, V ...), not {text!r}")
    return text


def _share(text: str) -> float:
    value = _number(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"takes a share between 0 and 1, not {text!r}")
    return value


def _number(text: str) -> float:
    """Return the number; NaN, which lies in no range, where it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
