"""The readers of the formats that a file's first bytes tell, imported when first needed."""

from __future__ import annotations

from pathlib import Path

from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io.file_access import starts_with
from ecgviewer.io.recognise import (
    AECG,
    DICOM,
    EDF,
    HEAD_BYTES,
    MORTARA,
    MUSE,
    PHILIPS,
    SCHILLER,
    SCP,
    format_of,
    format_of_head,
)
from ecgviewer.io.text.sniff import is_listed, layout_of

TEXT = "text"
CLINICAL = frozenset((SCP, AECG, MUSE, PHILIPS, MORTARA))


def kind_of(path: Path) -> str | None:
    """Return the format of a file by its content; None for WFDB, HDF5 and what is no recording."""
    if path.suffix.lower() == ".hea":
        return None
    return format_of(path) or (TEXT if layout_of(path) is not None else None)


def listed_as_record(path: Path) -> bool:
    """Return whether a file found in a folder is one: by its first bytes, which cost little.

    A table of numbers is listed where its columns are named as leads are.
    """
    head = starts_with(path, HEAD_BYTES)
    return format_of_head(head) is not None or is_listed(head, len(head) < HEAD_BYTES)


def open_as(kind: str, ref: RecordRef) -> Recording:
    """Open a record of a file in one of the formats of :mod:`ecgviewer.io.recognise`.

    Raises
    ------
    RecordError
        Naming the reason.
    """
    if kind == EDF:
        from ecgviewer.io.edf.reader import open_edf

        return open_edf(ref)
    if kind == DICOM:
        from ecgviewer.io.dicom.reader import open_dicom

        return open_dicom(ref)
    if kind in CLINICAL:
        from ecgviewer.io.clinical.reader import open_clinical

        return open_clinical(kind, ref)
    if kind == TEXT:
        from ecgviewer.io.text.reader import open_text

        return open_text(ref)
    if kind == SCHILLER:
        from ecgviewer.io.clinical.schiller import open_schiller

        return open_schiller(ref)
    from ecgviewer.io.ishne.reader import open_ishne

    return open_ishne(ref)


def count_in(path: Path, options: ReadOptions) -> int:
    """Return how many records a file holds; 1 where its format has one only.

    The file is read for it: of use for a file that was named, not for a folder of many.
    """
    kind = format_of(path)
    if kind == AECG:
        from ecgviewer.io.clinical.reader import count_clinical

        return count_clinical(kind, path)
    if kind == DICOM:
        from ecgviewer.io.dicom.reader import count_dicom

        return count_dicom(path)
    return 1
