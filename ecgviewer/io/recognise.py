"""Which format a file is in, by its first bytes alone: never by its name or by a file beside it."""

from __future__ import annotations

import re
import struct
from pathlib import Path

from ecgviewer.core.errors import RecordError, UnsupportedFormatError
from ecgviewer.io.edf.header import is_edf
from ecgviewer.io.file_access import starts_with

HEAD_BYTES = 4096
EDF, DICOM, SCP, ISHNE, SCHILLER = "EDF", "DICOM", "SCP-ECG", "ISHNE", "Schiller XML"
AECG, MUSE, PHILIPS, MORTARA = "HL7 aECG", "GE MUSE XML", "Philips Sierra XML", "Mortara XML"

_ROOTS = {
    "AnnotatedECG": AECG,
    "RestingECG": MUSE,
    "restingecgdata": PHILIPS,
    "com.xiriuz.sema.xml.schillerEDI.SchillerEDI": SCHILLER,
}
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)(?=[\s/>]|$)")
_ISHNE_FIRST = b"ISHNE1.0"
_OTHERS = (
    (b"PK\x03\x04", "is a ZIP archive: unpack it first"),
    (b"\x1f\x8b", "is compressed with gzip: unpack it first"),
    (b"BZh", "is compressed with bzip2: unpack it first"),
    (b"\xfd7zXZ\x00", "is compressed with xz: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive: unpack it first"),
    (b"Rar!\x1a\x07", "is a RAR archive: unpack it first"),
    (b"Salted__", "is encrypted (OpenSSL): it cannot be read"),
    (b"-----BEGIN PGP", "is encrypted (PGP): it cannot be read"),
    (b"%PDF-", "is a PDF document: it holds no samples"),
    (b"\x89PNG", "is a picture: it holds no samples"),
    (b"\xff\xd8\xff", "is a picture: it holds no samples"),
    (b"MATLAB 5.0", "is a MATLAB 5 file without a WFDB header: save it as version 7.3 (HDF5)"),
    (b"\x93NUMPY", "is an array of NumPy: it does not say what its numbers are"),
    (b"PAR1", "is a Parquet table: it holds no samples that this program reads"),
    (b"SQLite format 3\x00", "is an SQLite database: it holds no samples that this program reads"),
    (b"ANN  1.0", "is an ISHNE annotation file: it holds no samples"),
)


def format_of(path: Path) -> str | None:
    """Return the format of a file among those of this module; None for others."""
    return format_of_head(starts_with(path, HEAD_BYTES))


def format_of_head(head: bytes) -> str | None:
    """Return the format of a file with these first bytes (:data:`HEAD_BYTES` are enough)."""
    if is_edf(head):
        return EDF
    if head.startswith(_ISHNE_FIRST):
        return ISHNE
    if is_dicom(head):
        return DICOM
    if _is_scp(head):
        return SCP
    root = xml_root(head)
    if root == "ECG" and "ACQUISITION_TIME" in _as_text(head):
        return MORTARA
    return _ROOTS.get(root) if root is not None else None


def is_dicom(head: bytes) -> bool:
    """Return whether these are DICOM's: its preamble, or data elements of the first groups."""
    return head[128:132] == b"DICM" or _begins_with_elements(head)


def xml_root(head: bytes) -> str | None:
    """Return the name of the root element without prefix; None where the text is no XML."""
    text = _as_text(head).lstrip("\ufeff \t\r\n")
    if not text.startswith("<"):
        return None
    text = re.sub(r"<!--.*?(?:-->|$)|<\?.*?(?:\?>|$)", "", text, flags=re.DOTALL)
    text = re.sub(r"<!DOCTYPE[^<>\[]*(?:\[.*?\]\s*)?>", "", text, flags=re.DOTALL)
    found = _ROOT.match(text.lstrip())
    return found[1] if found is not None else None


def refusal(path: Path) -> RecordError:
    """Return why a file that no reader knows cannot be opened, as far as its bytes tell."""
    return known_refusal(path) or UnsupportedFormatError(
        "is no ECG in a format that this program reads", path
    )


def known_refusal(path: Path) -> RecordError | None:
    """Return what a file is that no reader knows; None where its bytes do not tell."""
    head = starts_with(path, HEAD_BYTES)
    for first, reason in _OTHERS:
        if head.startswith(first):
            return UnsupportedFormatError(reason, path)
    root = xml_root(head)
    if root is not None:
        return UnsupportedFormatError(
            f"is XML of another kind (its root element is {root[:60]}), no ECG that this program "
            "reads",
            path,
        )
    return None


def _as_text(head: bytes) -> str:
    """Decode the start of a text file, whatever its encoding: names of elements are ASCII."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore")
    if head[:4] in (b"<\x00?\x00", b"<\x00!\x00") or head[1:2] == b"\x00":
        return head.decode("utf-16-le", "ignore")
    if head[:1] == b"\x00" and head[1:2] == b"<":
        return head.decode("utf-16-be", "ignore")
    return head.decode("latin-1").removeprefix("ï»¿")


def _is_scp(head: bytes) -> bool:
    """Return whether a file begins as SCP-ECG: section 0, which lists itself first, at byte 7."""
    if len(head) < 32:
        return False
    size, section, length = struct.unpack_from("<IxxHI", head, 2)
    pointer, _, place = struct.unpack_from("<HII", head, 22)
    return bool(
        section == 0
        and length >= 26
        and (length - 16) % 10 == 0
        and size >= 6 + length
        and pointer == 0
        and place == 7
    )


def _begins_with_elements(head: bytes) -> bool:
    """Return whether a file without preamble begins with data elements, little-endian, in order."""
    at, before, seen = 0, 0, 0
    while at + 12 <= len(head) and seen < 3:
        group, element, length = struct.unpack_from("<HHI", head, at)
        kind = head[at + 4 : at + 6]
        if re.fullmatch(rb"[A-Z]{2}", kind):
            explicit_long = kind in (b"OB", b"OW", b"SQ", b"UN", b"UT")
            length = struct.unpack_from(
                "<I" if explicit_long else "<H", head, at + (8 if explicit_long else 6)
            )[0]
            at += 12 if explicit_long else 8
        else:
            at += 8
        tag = (group << 16) | element
        if group not in (2, 8) or tag <= before or length > 1024 or (seen == 0 and element > 0x18):
            return False
        at, before, seen = at + length, tag, seen + 1
    return seen == 3
