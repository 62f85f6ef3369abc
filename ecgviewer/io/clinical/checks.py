"""What is looked at before a parser may: sizes that would take memory or time without end."""

from __future__ import annotations

import binascii
import re
import struct
from base64 import b64decode
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.io.file_access import FileStamp, read_bytes
from ecgviewer.io.recognise import PHILIPS, SCP

MAX_BYTES = {SCP: 4 << 20}
MAX_XML_BYTES = 64 << 20
"""An ECG of 10 s takes 0.1 to 0.5 MB."""
MAX_INFLATED_BYTES = 32 << 20
_COMPRESSED = re.compile(rb"<parsedwaveforms\b[^>]*>([A-Za-z0-9+/=\s]*)<", re.DOTALL)
_SECTION_HEADER = 16


def check_before(kind: str, path: Path) -> None:
    """Raise RecordError for a file that is larger, or would grow larger, than any ECG."""
    limit = MAX_BYTES.get(kind, MAX_XML_BYTES)
    if FileStamp.of(path).size > limit:
        raise UnsupportedFormatError(
            f"is larger than the {limit >> 20} MB that are read of {kind}", path
        )
    if kind == SCP:
        _check_scp(read_bytes(path, limit), path)
    elif kind == PHILIPS:
        _check_philips(read_bytes(path, limit), path)


def xml_tree(path: Path) -> Element:
    """Return the root of an XML file, names without their namespaces.

    Entities and external documents are refused, not followed.

    Raises
    ------
    CorruptFileError
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    data = read_bytes(path, MAX_XML_BYTES)
    try:
        root: Element = fromstring(data)
    except DefusedXmlException as error:
        raise CorruptFileError("declares entities, which no ECG needs: refused", path) from error
    except ParseError as error:
        line, column = error.position
        raise CorruptFileError(
            f"is no sound XML: damaged or cut off at line {line}, column {column}", path
        ) from error
    except (LookupError, ValueError) as error:
        raise CorruptFileError("is no sound XML: its encoding is unknown", path) from error
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return root


def _check_scp(data: bytes, path: Path) -> None:
    """Check size, checksum, and the ways of compression that section 3 announces."""
    stated_crc, size = struct.unpack_from("<HI", data)
    if size > len(data):
        raise CorruptFileError(
            f"is truncated: it holds {len(data)} of the {size} bytes that it claims", path
        )
    if stated_crc and binascii.crc_hqx(data[2:size], 0xFFFF) != stated_crc:
        raise CorruptFileError("its checksum is wrong: the content is not what was written", path)
    length = struct.unpack_from("<I", data, 10)[0]
    for at in range(6 + _SECTION_HEADER, min(6 + length, len(data)) - 9, 10):
        number, section_length, index = struct.unpack_from("<HII", data, at)
        flags = index - 1 + _SECTION_HEADER + 1
        listed = number == 3 and section_length > _SECTION_HEADER + 1 and 0 < flags < len(data)
        if listed and data[flags] & 1:
            raise UnsupportedFormatError(
                "SCP-ECG with reference-beat subtraction: not supported yet", path
            )


def _check_philips(data: bytes, path: Path) -> None:
    """Check that the compressed waveforms do not grow beyond any ECG's."""
    for encoding in ("utf-16-le", "utf-16-be"):
        if "<parsedwaveforms".encode(encoding) in data:
            data = data.decode(encoding, "ignore").encode("latin-1", "ignore")
            break
    for found in _COMPRESSED.finditer(data):
        if b"XLI" not in found[0][:2000].upper().split(b">")[0]:
            continue
        try:
            packed = b64decode(b"".join(found[1].split()), validate=True)
        except binascii.Error:
            return  # the parser says so
        if _inflated_bytes(packed) > MAX_INFLATED_BYTES:
            raise CorruptFileError("its compressed waveforms grow beyond any ECG's", path)


def _inflated_bytes(packed: bytes) -> int:
    """Return what the chunks of LZW codes (10 bits each) come to, by lengths alone.

    Stops when it is more than any ECG has.
    """
    total, at = 0, 0
    while at + 8 <= len(packed) and total <= MAX_INFLATED_BYTES:
        size = struct.unpack_from("<i", packed, at)[0]
        if size <= 0:
            break
        chunk = packed[at + 8 : at + 8 + size]
        at += 8 + size
        lengths = [1] * 256
        before = 0
        for group in range(0, len(chunk), 5):
            word = int.from_bytes(chunk[group : group + 5].ljust(5, b"\0"), "big")
            for shift in (30, 20, 10, 0):
                code = (word >> shift) & 0x3FF
                length = lengths[code] if code < len(lengths) else before + 1
                total += length
                if before and len(lengths) < 1023:
                    lengths.append(before + 1)
                before = length
            if total > MAX_INFLATED_BYTES:
                break
    return total
