"""The filters that the trace is shown through."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DisplayFilter:
    """The visible filters; none by default."""

    baseline: bool = False
    mains_hz: float | None = None
    muscle: bool = False

    @property
    def active(self) -> bool:
        """Whether any filter is on."""
        return self.baseline or self.muscle or self.mains_hz is not None

    def text(self) -> str:
        """Return the words of the scale line."""
        parts = []
        if self.baseline:
            parts.append("baseline")
        if self.mains_hz is not None:
            parts.append(f"mains {self.mains_hz:g} Hz")
        if self.muscle:
            parts.append("muscle")
        return "filtered: " + ", ".join(parts) if parts else "unfiltered"


UNFILTERED = DisplayFilter()
