"""WFDB (MIT format) annotation files as bytes: a strict writer and a bounded reader.

Written here rather than with ``wfdb.wrann``, which writes long or non-Latin-1 notes wrongly
without saying so. Format: https://physionet.org/physiotools/wag/annot-5.htm
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from ecgviewer.core.errors import CorruptFileError
from ecgviewer.review.errors import ExportError

MAX_AUX = 255
MAX_MARKS = 1_000_000
"""Four for every beat of two days; 0.4 GB as annotations."""
SYMBOLS = {
    1: "N", 2: "L", 3: "R", 4: "a", 5: "V", 6: "F", 7: "J", 8: "A", 9: "S", 10: "E", 11: "j",
    12: "/", 13: "Q", 14: "~", 16: "|", 18: "s", 19: "T", 20: "*", 21: "D", 22: '"', 23: "=",
    24: "p", 25: "B", 26: "^", 27: "t", 28: "+", 29: "u", 30: "?", 31: "!", 32: "[", 33: "]",
    34: "e", 35: "n", 36: "@", 37: "x", 38: "f", 39: "(", 40: ")", 41: "r",
}  # fmt: skip
CODES = {symbol: code for code, symbol in SYMBOLS.items()}
_NOTE, _SKIP, _NUM, _SUB, _CHAN, _AUX = 22, 59, 60, 61, 62, 63
_TIME_RESOLUTION = "## time resolution: "
_DEFINITIONS = "## annotation type definitions"
_END_OF_DEFINITIONS = bytes([0, _SKIP << 2, 255, 255, 255, 255, 1, 0])


@dataclass(frozen=True, slots=True)
class Mark:
    """One annotation of a WFDB file: a symbol at a sample, with signal number and text."""

    sample: int
    symbol: str
    chan: int = 0
    aux: str = ""
    subtype: int = 0


def encode(marks: Sequence[Mark], fs_hz: float) -> bytes:
    """Return the content of an annotation file.

    Marks are sorted by sample (stably). The time resolution is stored, so that the file can be
    read without its header.

    Raises
    ------
    ExportError
        For what the format cannot hold: text beyond 255 bytes or outside Latin-1, control
        characters, negative samples, unknown symbols.
    """
    rate = f"{fs_hz:.10g}"
    parts = [_word(0, _NOTE), _aux(_TIME_RESOLUTION + rate), _END_OF_DEFINITIONS]
    previous = 0
    for mark in sorted(marks, key=lambda item: item.sample):
        parts.append(_encode_mark(mark, previous))
        previous = mark.sample
    parts.append(b"\0\0")
    return b"".join(parts)


def _encode_mark(mark: Mark, previous: int) -> bytes:
    if mark.symbol not in CODES:
        raise ExportError(f"WFDB has no annotation symbol {mark.symbol!r}")
    if mark.sample < 0 or not 0 <= mark.chan <= 255 or not -128 <= mark.subtype <= 127:
        raise ExportError("a mark is outside what a WFDB annotation file can hold")
    distance = mark.sample - previous
    parts = []
    while distance > 1023:
        step = min(distance, 0x7FFFFFFF)
        parts.append(_word(0, _SKIP) + struct.pack("<HH", step >> 16, step & 0xFFFF))
        distance -= step
    parts.append(_word(distance, CODES[mark.symbol]))
    if mark.subtype:
        parts.append(_word(mark.subtype & 0xFF, _SUB))
    parts.append(_word(mark.chan, _CHAN))  # always: readers carry the last one over
    if mark.aux:
        parts.append(_aux(mark.aux))
    return b"".join(parts)


def _word(value: int, code: int) -> bytes:
    return struct.pack("<H", value | code << 10)


def _aux(text: str) -> bytes:
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise ExportError("a WFDB note cannot hold characters outside Latin-1") from error
    if len(data) > MAX_AUX or re.search(r"[\0\t\n\r\f\v]", text):
        raise ExportError("a WFDB note cannot hold this text")
    return _word(len(data), _AUX) + data + b"\0" * (len(data) % 2)


def decode(data: bytes) -> tuple[tuple[Mark, ...], float | None]:
    """Return the marks of an annotation file and its time resolution in Hz, if it says one.

    Raises
    ------
    CorruptFileError
        When the bytes are not a complete MIT-format annotation file.
    """
    if len(data) % 2:
        raise CorruptFileError("an annotation file has an even number of bytes")
    marks: list[Mark] = []
    symbols = dict(SYMBOLS)
    fs_hz = None
    defining = False
    sample = chan = position = 0
    while True:
        value, code, position = _read_word(data, position)
        if code == 0 and value == 0:
            if any(data[position:]):
                raise CorruptFileError("it goes on after its end mark: no annotation file")
            break
        if code == _SKIP:
            high, low, position = *_read_pair(data, position), position + 4
            step = high << 16 | low
            sample += step - (1 << 32) if step > 0x7FFFFFFF else step
            continue
        if code >= _NUM:
            raise CorruptFileError("an annotation begins in the middle of another")
        sample += value
        subtype, aux = 0, b""
        while True:
            extra, extra_code, after = _read_word(data, position)
            if extra_code < _NUM:
                break
            position = after
            if extra_code == _AUX:
                aux, position = data[position : position + extra], position + extra + extra % 2
                if position > len(data):
                    raise CorruptFileError("a note of the annotation file is cut off")
            elif extra_code == _CHAN:
                chan = extra & 0xFF
            elif extra_code == _SUB:
                subtype = (extra & 0xFF ^ 0x80) - 0x80
        text = aux.decode("latin-1").rstrip("\0")
        if code == _NOTE and sample == 0 and (defining or text.startswith("## ")):
            fs_hz = _definition(text, symbols) or fs_hz
            defining = text.startswith(_DEFINITIONS) or (defining and not text.startswith("## "))
        elif code:
            if len(marks) == MAX_MARKS:
                raise CorruptFileError(f"the annotation file holds more than {MAX_MARKS} marks")
            marks.append(Mark(sample, symbols.get(code, f"[{code}]"), chan, text, subtype))
    return tuple(marks), fs_hz


def _definition(text: str, symbols: dict[int, str]) -> float | None:
    """Take up a note that defines a symbol; return the rate where it defines that."""
    if text.startswith(_TIME_RESOLUTION):
        try:
            rate = float(text.removeprefix(_TIME_RESOLUTION))
        except ValueError:
            return None
        return rate if 0.0 < rate < 1e9 else None
    custom = re.match(r"(\d{1,2}) (\S{1,3}) ", text)
    if custom is not None:
        symbols[int(custom.group(1))] = custom.group(2)
    return None


def _read_word(data: bytes, position: int) -> tuple[int, int, int]:
    if position + 2 > len(data):
        raise CorruptFileError("the annotation file has no end mark")
    word: int = struct.unpack_from("<H", data, position)[0]
    return word & 0x3FF, word >> 10, position + 2


def _read_pair(data: bytes, position: int) -> tuple[int, int]:
    if position + 4 > len(data):
        raise CorruptFileError("the annotation file is cut off")
    high, low = struct.unpack_from("<HH", data, position)
    return high, low
