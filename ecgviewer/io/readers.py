"""The readers of the formats that a file's first bytes tell, imported when first needed."""

from __future__ import annotations

from pathlib import Path

from ecgviewer.core.record_ref import ReadOptions, RecordRef
from ecgviewer.core.recording import Recording
from ecgviewer.io.recognise import (
    AECG,
    DICOM,
    EDF,
    MORTARA,
    MUSE,
    PHILIPS,
    SCHILLER,
    SCP,
    format_of,
)

CLINICAL = frozenset((SCP, AECG, MUSE, PHILIPS, MORTARA))


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
