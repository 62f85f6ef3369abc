"""What options take: text to values, or why it is none in the words of the command line."""

from __future__ import annotations

import argparse
import math
import os
import re
from pathlib import Path

from ecgviewer.core.record.record_ref import time_column_of
from ecgviewer.models.networks.architectures import model_ids

MAX_SIDE_PX = 8192
"""Of a screenshot: more than any screen has, and some 270 MB of memory."""


def model(text: str) -> str:
    """Take a model that is named, a file of one, or ``all``."""
    return text if text == "all" else one_model(text)


def one_model(text: str) -> str:
    """Take a model that is named, or a file of one."""
    if text not in model_ids() and Path(text).suffix != ".ecgmodel":
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither one of {', '.join(model_ids())} nor a .ecgmodel file"
        )
    return text


def device(text: str) -> str:
    """Take what torch can compute on."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not auto, cpu or cuda")
    return text


def table_file(text: str) -> str:
    """Take a table of rows, a folder for the parts of one, or ``-``."""
    suffix = Path(text).suffix.lower()
    folder = suffix == "" and (text.endswith(("/", os.sep)) or Path(text).is_dir())
    if text != "-" and suffix not in (".csv", ".json", ".parquet") and not folder:
        raise argparse.ArgumentTypeError(
            f"{text!r} does not end in .csv, .json or .parquet, "
            "and is no folder (FOLDER/ makes one)"
        )
    return text


def picture_file(text: str) -> Path:
    """Take a page as PDF or picture."""
    return _file_with_suffix(text, ".pdf", ".png")


def page_file(text: str) -> Path:
    """Take a page or a picture of it."""
    return _file_with_suffix(text, ".pdf", ".png", ".dcm")


def rows_file(text: str) -> Path:
    """Take a table of rows."""
    return _file_with_suffix(text, ".csv", ".json")


def csv_file(text: str) -> Path:
    """Take a table."""
    return _file_with_suffix(text, ".csv")


def png_file(text: str) -> Path:
    """Take a picture."""
    return _file_with_suffix(text, ".png")


def _file_with_suffix(text: str, *suffixes: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in suffixes:
        raise argparse.ArgumentTypeError(f"{text!r} does not end in {' or '.join(suffixes)}")
    return path


def size_px(text: str) -> tuple[int, int]:
    """Take WIDTHxHEIGHT."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
    if found is None or max(size := (int(found[1]), int(found[2]))) > MAX_SIDE_PX:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not WIDTHxHEIGHT in pixels, {MAX_SIDE_PX}x{MAX_SIDE_PX} at most"
        )
    return size


def lead_names(text: str) -> tuple[str, ...]:
    """Take names with commas between them."""
    return tuple(name.strip() for name in text.split(","))


def positive_int(text: str) -> int:
    """Take a count."""
    if not re.fullmatch("0*[1-9][0-9]{0,8}", text):
        raise argparse.ArgumentTypeError(f"takes a whole number of at least 1, not {text!r}")
    return int(text)


def positive_hz(text: str) -> float:
    """Take a frequency."""
    value = _number(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"takes a frequency in Hz, not {text!r}")
    return value


def seconds(text: str) -> float:
    """Take a moment of a record (s)."""
    value = _number(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"takes seconds from the record's start, not {text!r}")
    return value


def positive_s(text: str) -> float:
    """Take a length of time (s)."""
    value = _number(text)
    if not 1.0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"takes a number of seconds of at least 1, not {text!r}")
    return value


def rest_s(text: str) -> float:
    """Take how long a file must rest (s)."""
    value = _number(text)
    if not 0.1 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"takes 0.1 to 3600 seconds, not {text!r}")
    return value


def measures_file(text: str) -> str:
    """Take a table of measurements, or ``-``."""
    return text if text == "-" else str(rows_file(text))


def unit(text: str) -> str:
    """Take a unit of voltage."""
    from ecgviewer.io.statements.units import mv_per_unit  # takes the import of numpy

    if mv_per_unit(text) is None:
        raise argparse.ArgumentTypeError(f"takes a unit of voltage (mV, uV, V ...), not {text!r}")
    return text


def share(text: str) -> float:
    """Take a share between 0 and 1."""
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


def time_column(text: str) -> str:
    """Take a column of times and its unit, or ``none``."""
    try:
        time_column_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text
