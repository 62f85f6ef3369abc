"""Annotations, flag verdicts and the review that holds them: frozen, compared by value."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from ecgviewer.core.analysis import Analysis, Flag
from ecgviewer.core.record.recording import Recording
from ecgviewer.review.privacy.identity import public_name

VERDICTS = ("accepted", "rejected", "unsure")
STATUSES = ("new", "in progress", "reviewed")
WFDB = "WFDB"
"""The vocabulary of codes that are the letters of WFDB annotation files."""
CONCLUSIONS = ("", "normal", "abnormal", "unsure")
"""What the reader says of the whole record; empty is not decided yet."""


def utc_now() -> str:
    """Return the present moment as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id() -> str:
    """Return a fresh identifier (32 hexadecimal digits)."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Code:
    """A term of a published vocabulary: ``SNOMED CT`` or ``SCP-ECG``."""

    system: str
    value: str


@dataclass(frozen=True, slots=True)
class FlagOrigin:
    """The flag that an annotation or a verdict is about, as the model gave it.

    ``score`` and ``p_value`` are None where the model gave no finite number.
    """

    model: str
    bundle_sha256: str
    score: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Annotation:
    """A labelled span.

    Attributes
    ----------
    id : str
        32 hexadecimal digits, the same through every edit and export.
    start_s, end_s : float
        Seconds from the start of the recording, ``0 <= start_s <= end_s``.
    leads : tuple of str
        As named in the recording; empty means all of them.
    label : str
    codes : tuple of Code
        What the label means elsewhere.
    note, author : str
    created, modified : str
        ISO 8601, UTC.
    origin : FlagOrigin or None
        The accepted flag it came from; None when drawn by hand.
    """

    id: str
    start_s: float
    end_s: float
    leads: tuple[str, ...]
    label: str
    codes: tuple[Code, ...] = ()
    note: str = ""
    author: str = ""
    created: str = ""
    modified: str = ""
    origin: FlagOrigin | None = None

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class FlagVerdict:
    """What the reader said about a flag: one of ``accepted``, ``rejected``, ``unsure``.

    ``annotation_id`` names the annotation that accepting created, else it is empty.
    """

    id: str
    verdict: str
    start_s: float
    end_s: float
    leads: tuple[str, ...]
    reason: str
    origin: FlagOrigin
    author: str = ""
    decided: str = ""
    annotation_id: str = ""


@dataclass(frozen=True, slots=True)
class RecordKey:
    """The record a review is about, found again by content, wherever the file went."""

    sha256: str
    name: str
    fs_hz: float
    n_samples: int
    leads: tuple[str, ...]

    @classmethod
    def of(cls, recording: Recording) -> RecordKey:
        """Return the key of an open recording (hashes its files).

        Its name is a pseudonym where the record's own name tells who the patient is.
        """
        return cls(
            recording.content_hash(),
            public_name(recording),
            recording.fs_hz,
            recording.n_samples,
            recording.leads,
        )

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.fs_hz


@dataclass(frozen=True, slots=True)
class RecordState:
    """How far the reader got with the record, and what they conclude.

    ``status`` is one of :data:`STATUSES`, ``conclusion`` one of :data:`CONCLUSIONS`.
    """

    status: str = "new"
    conclusion: str = ""
    note: str = ""
    changed: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """Everything one reader said about one record.

    ``annotations`` and ``verdicts`` are in order of time.
    """

    record: RecordKey
    author: str
    annotations: tuple[Annotation, ...] = ()
    verdicts: tuple[FlagVerdict, ...] = ()
    state: RecordState = RecordState()

    def annotation(self, annotation_id: str) -> Annotation:
        """Return one annotation; KeyError when there is none of this id."""
        for annotation in self.annotations:
            if annotation.id == annotation_id:
                return annotation
        raise KeyError(annotation_id)


def flag_origin(analysis: Analysis, flag: Flag) -> FlagOrigin:
    """Return what an annotation remembers of the flag it came from."""
    return FlagOrigin(
        analysis.model,
        analysis.bundle_sha256,
        flag.score if math.isfinite(flag.score) else None,
        flag.p_value if math.isfinite(flag.p_value) else None,
    )
