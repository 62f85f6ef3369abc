"""WFDB headers: text to values, without reading any signal.

Grammar: https://physionet.org/physiotools/wag/header-5.htm. The parser is ours, not that of
``wfdb``, because a header is untrusted: here it may name any record, but no path outside its
folder, no address on a network, and no size that memory cannot hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ecgviewer.core.errors import CorruptFileError
from ecgviewer.io import limits
from ecgviewer.io.file_access import read_bytes
from ecgviewer.io.statements.start_text import ReadStart, read_start

DEFAULT_GAIN = 200.0
"""Units per mV that the format assumes for an uncalibrated signal."""

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RECORD_NAME = re.compile(r"(?P<name>.+?)(?:/(?P<segments>\d+))?$")
_FREQUENCY = re.compile(
    rf"(?P<fs>{_NUMBER})(?:/(?P<counter>{_NUMBER})(?:\((?P<base>{_NUMBER})\))?)?$"
)
_FORMAT = re.compile(r"(?P<fmt>\d+)(?:x(?P<spf>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<offset>\d+))?$")
_GAIN = re.compile(rf"(?P<gain>{_NUMBER})(?:\((?P<baseline>[+-]?\d+)\))?(?:/(?P<units>\S+))?$")
_INTEGER = re.compile(r"[+-]?\d+$")
_LINE_END = re.compile(r"\r\n|\n|\r")
"""Not all that ``splitlines`` takes for one: what is an ellipsis in Windows' code is among them."""


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """One signal line. ``gain`` and ``units`` are None where the header leaves them out."""

    file_name: str
    fmt: str
    samples_per_frame: int
    skew: int
    byte_offset: int
    gain: float | None
    baseline: int
    units: str | None
    init_value: int
    checksum: int | None
    name: str


@dataclass(frozen=True, slots=True)
class SegmentSpec:
    """One segment line; the name ``~`` is a gap."""

    name: str
    n_frames: int


@dataclass(frozen=True, slots=True)
class Header:
    """A parsed header. ``fs_hz`` (frames per second) and ``n_frames`` are None when absent."""

    path: Path
    n_signals: int
    fs_hz: float | None
    n_frames: int | None
    start: ReadStart
    signals: tuple[SignalSpec, ...]
    segments: tuple[SegmentSpec, ...]
    comments: tuple[str, ...]


def read_header(path: Path) -> Header:
    """Parse a ``.hea`` file.

    Raises
    ------
    RecordError
        MissingFileError, or CorruptFileError naming the line that makes no sense.
    """
    data = read_bytes(path, limits.MAX_HEADER_BYTES)
    if not data.strip():
        raise CorruptFileError("the header is empty", path)
    if b"\0" in data:
        raise CorruptFileError("is not a WFDB header (binary content)", path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    lines, comments = [], []
    for raw in _LINE_END.split(text):
        line = raw.strip()
        if line.startswith("#"):
            comments.append(line.lstrip("#").strip())
        elif line:
            lines.append(line)
    if not lines:
        raise CorruptFileError("is not a WFDB header (no record line)", path)
    return _parse(path, lines, tuple(comment for comment in comments if comment))


def _parse(path: Path, lines: list[str], comments: tuple[str, ...]) -> Header:
    tokens = lines[0].split()
    name = _RECORD_NAME.match(tokens[0])
    if name is None or len(tokens) < 2 or not tokens[1].isascii() or not tokens[1].isdigit():
        raise CorruptFileError("is not a WFDB header (the first line names no record)", path)
    n_signals = _integer(tokens[1], path)
    if n_signals > limits.MAX_SIGNALS:
        raise CorruptFileError(f"the header claims {n_signals} signals", path)
    fs_hz = None
    if len(tokens) > 2:
        frequency = _FREQUENCY.match(tokens[2])
        if frequency is None:
            raise CorruptFileError(f"the sampling frequency {tokens[2]!r} is no number", path)
        fs_hz = float(frequency["fs"])
    n_frames = _integer(tokens[3], path) if len(tokens) > 3 else None
    if n_frames is not None and n_frames < 0:
        raise CorruptFileError(f"the header claims {n_frames} samples", path)
    # Time of day, then day/month/year; archives write either alone, or in another order.
    start = read_start(" ".join(tokens[4:]), short_is_minutes=True)
    signals: tuple[SignalSpec, ...] = ()
    segments: tuple[SegmentSpec, ...] = ()
    if name["segments"] is not None:
        n_segments = _integer(name["segments"], path)
        if n_segments > limits.MAX_SEGMENTS:
            raise CorruptFileError(f"the header claims {n_segments} segments", path)
        if n_segments == 0 or len(lines) - 1 < n_segments:
            raise CorruptFileError(
                f"the header claims {n_segments} segments and lists {len(lines) - 1}", path
            )
        segments = tuple(_segment(line, path) for line in lines[1 : n_segments + 1])
    else:
        if len(lines) - 1 < n_signals:
            raise CorruptFileError(
                f"the header claims {n_signals} signals and lists {len(lines) - 1}", path
            )
        signals = tuple(_signal(line, path) for line in lines[1 : n_signals + 1])
    return Header(path, n_signals, fs_hz, n_frames or None, start, signals, segments, comments)


def _segment(line: str, path: Path) -> SegmentSpec:
    tokens = line.split()
    if len(tokens) < 2 or not _INTEGER.match(tokens[1]) or int(tokens[1][:20]) < 0:
        raise CorruptFileError(f"the segment line {line[:60]!r} makes no sense", path)
    return SegmentSpec(tokens[0], _integer(tokens[1], path))


def _signal(line: str, path: Path) -> SignalSpec:
    tokens = line.split()
    form = _FORMAT.match(tokens[1]) if len(tokens) > 1 else None
    if form is None:
        raise CorruptFileError(f"the signal line {line[:60]!r} makes no sense", path)
    gain, baseline, units = None, None, None
    rest = line.split(maxsplit=2)[2:]
    fields: list[str] = []
    if rest:
        gain_text, *following = rest[0].split(maxsplit=1)
        calibration = _GAIN.match(gain_text)
        if calibration is None:
            raise CorruptFileError(f"the gain {gain_text[:40]!r} makes no sense", path)
        gain = float(calibration["gain"]) or None
        if calibration["baseline"] is not None:
            baseline = _integer(calibration["baseline"], path)
        units = calibration["units"]
        rest = following
    # ADC resolution, ADC zero, initial value, checksum, block size; then the name.
    while rest and len(fields) < 5:
        field, *following = rest[0].split(maxsplit=1)
        if not _INTEGER.match(field):
            break
        fields.append(field)
        rest = following
    skew = _integer(form["skew"], path) if form["skew"] else 0
    if skew > limits.MAX_SKEW_FRAMES:
        raise CorruptFileError(f"the header claims a skew of {skew} frames", path)
    numbers = [_integer(field, path) for field in fields] + [None] * (5 - len(fields))
    adc_zero = numbers[1] or 0
    return SignalSpec(
        file_name=tokens[0],
        fmt=form["fmt"].lstrip("0") or "0",
        samples_per_frame=_integer(form["spf"], path) if form["spf"] else 1,
        skew=skew,
        byte_offset=_integer(form["offset"], path) if form["offset"] else 0,
        gain=gain,
        baseline=adc_zero if baseline is None else baseline,
        units=units,
        init_value=adc_zero if numbers[2] is None else numbers[2],
        checksum=numbers[3],
        name=rest[0].strip() if rest else "",
    )


def _integer(text: str, path: Path) -> int:
    """Return an integer field; refuses absurd ones, which only damaged headers hold."""
    if len(text) > 18 or not text.isascii() or not _INTEGER.match(text):
        raise CorruptFileError(f"the header holds the impossible number {text[:30]!r}", path)
    return int(text)
