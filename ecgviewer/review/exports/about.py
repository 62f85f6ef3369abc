"""What exports say of the recording: when it began, how its file counts samples and leads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ecgviewer.core.record.recording import Numbering, Recording
from ecgviewer.core.record.start import Start
from ecgviewer.review.privacy.anonymize import Privacy


@dataclass(frozen=True, slots=True)
class About:
    """``start`` is empty, or without what could name the patient, as privacy wants it."""

    start: Start = field(default_factory=Start)
    numbering: Numbering = field(default_factory=Numbering)

    @classmethod
    def of(cls, recording: Recording, privacy: Privacy) -> About:
        """Return what may be said of a recording; anonymous exports have no date and no time."""
        start = recording.start
        if privacy is Privacy.ANONYMOUS:
            start = Start()
        elif privacy is not Privacy.IDENTIFIED:
            start = replace(start, not_understood="")
        return cls(start, recording.numbering)

    def to_json(self) -> dict[str, Any]:
        """Return it as the ``recording`` of an exported review."""
        return {
            "start": self.start.text,
            "start_time": self.start.stamp(0.0),
            "start_not_understood": self.start.not_understood,
            "offset_samples": self.numbering.first_sample,
            "signals": list(self.numbering.signals),
        }

    def words(self) -> str:
        """Return it in a line, for a note; empty where there is nothing to say."""
        parts = []
        if self.start.text:
            parts.append(f"recording starts {self.start.text}")
        if first := self.numbering.first_sample:
            parts.append(f"sample 0 here is stored sample {first}: padding was cut off")
        return "; ".join(parts)


NOTHING_MORE = About()
"""What is said where nothing is known beyond the review."""
