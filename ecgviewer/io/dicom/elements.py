"""Where the samples lie in a DICOM file, and the file without them.

DICOM PS3.5, sections 7 and A. Samples of a day are hundreds of megabytes inside a sequence, which
pydicom would read whole, twice. So the data elements are walked here; the samples stay where they
are, and pydicom gets the rest.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.io.file_access import missing

_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR",
                   b"UT", b"UV"))  # fmt: skip
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_SEQUENCE, _SAMPLES = 0x54000100, 0x54001010
_PIXELS = 0x7FE00008
_OPEN = 0xFFFFFFFF
_IMPLICIT, _EXPLICIT, _BIG, _DEFLATED = (
    f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".2", ".1.99")
)
MAX_META_BYTES = 16 << 20
"""Of everything but samples."""
MAX_ELEMENT_BYTES = 4 << 20
MAX_ELEMENTS = 200_000
MAX_DEPTH = 16
MAX_INFLATED_BYTES = 128 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where the samples of one multiplex group are."""

    offset: int
    length: int


@dataclass
class Walked:
    """A DICOM file, walked.

    Attributes
    ----------
    places : list of Place or None
        One per item of the waveform sequence, in its order; None where an item has no samples.
    rest : bytes
        The file without them, to be taken apart by pydicom.
    inflated : bytes
        The data set, where the file holds it deflated; offsets are then into this.
    big_endian : bool
    left_out : list of int
        Tags of elements too large to be of interest.
    """

    places: list[Place | None] = field(default_factory=list)
    rest: bytes = b""
    inflated: bytes = b""
    big_endian: bool = False
    left_out: list[int] = field(default_factory=list)


def walk(path: Path) -> Walked:
    """Walk the data elements of a file.

    Raises
    ------
    RecordError
        When it is truncated, or damaged in a way that lets no element be found.
    """
    try:
        with path.open("rb") as file:
            return _Walk(path, file).run()
    except OSError as error:
        raise missing(path, error) from error
    except struct.error as error:
        raise CorruptFileError("is truncated: it ends within a data element", path) from error


class _Walk:
    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._out = io.BytesIO()
        self._count = 0
        self._implicit = False
        self._end = "<"
        self._size = file.seek(0, io.SEEK_END)
        self.walked = Walked()

    def run(self) -> Walked:
        syntax = self._meta()
        self._implicit = syntax == _IMPLICIT
        if syntax == _BIG:
            self._end = ">"
            self.walked.big_endian = True
        if syntax == _DEFLATED:
            self._inflate()
        while self._file.tell() + 8 <= self._size:
            at = self._file.tell()
            tag, kind, length = self._header()
            if tag >= _PIXELS:
                break
            body = self._file.tell()
            if tag == _SEQUENCE:
                self._waveforms(at, body, length)
                continue
            self._skip(kind, length, 0)
            stop = self._file.tell()
            if stop > self._size:
                raise CorruptFileError("is truncated: it ends within a data element", self._path)
            if stop - at > MAX_ELEMENT_BYTES:
                self.walked.left_out.append(tag)
            else:
                self._copy(at, stop)
        self.walked.rest = self._out.getvalue()
        return self.walked

    def _meta(self) -> str:
        """Copy preamble and file meta information; return the transfer syntax."""
        self._file.seek(0)
        head = self._file.read(132)
        start = 132 if head[128:132] == b"DICM" else 0
        self._file.seek(start)
        syntax = ""
        while (at := self._file.tell()) + 8 <= self._size:
            probe = self._file.read(6)
            self._file.seek(at)
            if struct.unpack_from("<H", probe)[0] != 2:
                break
            tag, _, length = self._header()
            if length > 4096:
                raise CorruptFileError("its file meta information is damaged", self._path)
            value = self._file.read(length)
            if tag == 0x00020010:
                syntax = value.decode("ascii", "replace").rstrip("\0 ")
        self._copy(0, at)
        if not syntax:
            # Without meta information: what stands behind the first tag tells.
            syntax = _EXPLICIT if re.fullmatch(rb"[A-Z]{2}", probe[4:6]) else _IMPLICIT
        return syntax

    def _inflate(self) -> None:
        """Replace the file by its data set, inflated within bounds."""
        engine = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = engine.decompress(self._file.read(), MAX_INFLATED_BYTES)
        except zlib.error as error:
            raise CorruptFileError("its deflated data set is damaged", self._path) from error
        if engine.unconsumed_tail:
            raise UnsupportedFormatError("its deflated data set is too large", self._path)
        self.walked.inflated = data
        self._file = io.BytesIO(data)
        self._size = len(data)
        # What is left for pydicom is not deflated: as explicit little-endian.
        head = self._out.getvalue().replace(
            _DEFLATED.encode(), _EXPLICIT.encode().ljust(len(_DEFLATED), b"\0")
        )
        self._out = io.BytesIO()
        self._out.write(head)

    def _header(self) -> tuple[int, bytes, int]:
        """Read tag, value representation and length; leave the file at the value."""
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise CorruptFileError("holds more data elements than any ECG", self._path)
        data = self._file.read(8)
        group, element = struct.unpack_from(self._end + "HH", data)
        tag = (group << 16) | element
        in_meta = group == 2
        if group == 0xFFFE or (self._implicit and not in_meta):
            return tag, b"", struct.unpack_from(self._end + "I", data, 4)[0]
        kind = data[4:6]
        if kind in _LONG:
            return tag, kind, struct.unpack(self._end + "I", self._file.read(4))[0]
        if not kind.isalpha():
            raise CorruptFileError("is damaged: a data element has no type", self._path)
        return tag, kind, struct.unpack_from(self._end + "H", data, 6)[0]

    def _skip(self, kind: bytes, length: int, depth: int) -> None:
        """Go behind a value, of open length or not."""
        if length != _OPEN:
            self._file.seek(length, io.SEEK_CUR)
            return
        if depth > MAX_DEPTH:
            raise CorruptFileError("holds sequences nested too deep", self._path)
        implicit = self._implicit
        self._implicit = implicit or kind == b"UN"
        while True:
            tag, _, item_length = self._header()
            if tag == _SEQUENCE_END:
                break
            if tag != _ITEM:
                raise CorruptFileError("is damaged: a sequence without items", self._path)
            if item_length != _OPEN:
                self._file.seek(item_length, io.SEEK_CUR)
                continue
            while True:
                inner, inner_kind, inner_length = self._header()
                if inner == _ITEM_END:
                    break
                self._skip(inner_kind, inner_length, depth + 1)
        self._implicit = implicit

    def _waveforms(self, at: int, body: int, length: int) -> None:
        """Copy the waveform sequence with open lengths and without samples."""
        end = self._size if length == _OPEN else body + length
        if end > self._size:
            # Go on: which samples are cut off can be said better of the group.
            end = self._size
        self._copy(at, body)
        self._out.seek(-4, io.SEEK_END)
        self._write_u32(_OPEN)
        self._file.seek(body)
        while self._file.tell() + 8 <= end:
            tag, _, item_length = self._header()
            if tag == _SEQUENCE_END:
                break
            if tag != _ITEM:
                raise CorruptFileError("its waveform sequence is damaged", self._path)
            start = self._file.tell()
            stop = self._size if item_length == _OPEN else start + item_length
            self._write_tag(_ITEM)
            self._write_u32(_OPEN)
            self.walked.places.append(self._one_group(min(stop, self._size)))
            self._write_tag(_ITEM_END)
            self._write_u32(0)
        self._write_tag(_SEQUENCE_END)
        self._write_u32(0)

    def _one_group(self, stop: int) -> Place | None:
        place = None
        while self._file.tell() + 8 <= stop:
            at = self._file.tell()
            tag, kind, length = self._header()
            if tag == _ITEM_END:
                break
            body = self._file.tell()
            if tag == _SAMPLES and length != _OPEN:
                place = Place(body, length)
                if body + length > self._size:
                    raise CorruptFileError(
                        f"is truncated: {self._size - body} of {length} bytes of samples are there",
                        self._path,
                    )
                self._file.seek(length, io.SEEK_CUR)
                continue
            self._skip(kind, length, 0)
            after = self._file.tell()
            if after > self._size:
                raise CorruptFileError("is truncated: it ends within a data element", self._path)
            self._copy(at, after)
        return place

    def _copy(self, start: int, stop: int) -> None:
        here = self._file.tell()
        if self._out.tell() + stop - start > MAX_META_BYTES:
            raise CorruptFileError("holds more beside its samples than any ECG", self._path)
        self._file.seek(start)
        self._out.write(self._file.read(stop - start))
        self._file.seek(here)

    def _write_tag(self, tag: int) -> None:
        self._out.write(struct.pack(self._end + "HH", tag >> 16, tag & 0xFFFF))

    def _write_u32(self, value: int) -> None:
        self._out.write(struct.pack(self._end + "I", value))
