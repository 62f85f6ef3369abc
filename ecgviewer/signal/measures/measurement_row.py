"""One row of the table of measurements. Imports nothing: panels know it from the start."""

from __future__ import annotations

from dataclasses import dataclass

WAVES = {
    "p": "P", "q": "Q", "r": "R", "s": "S", "t": "T", "st_j": "ST J", "st_60": "J+60",
    "st_80": "J+80",
}  # fmt: skip
"""Fields of LeadWaves and what they are called."""
HIGH, LOW = "high", "low"


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement.

    Attributes
    ----------
    name : str
    lead : str
        Empty for those of the whole beat.
    value, uncertainty : float or None
        In ``unit``; None where there is none.
    unit : str
    normal : str
        The limit, such as ``120–200`` or ``< 120``; empty where none is published here.
    source : str
    deviates : str
        ``high``, ``low``, or empty.
    reason : str
        Why there is no value.
    who : str
        Whom the limit holds for, where it depends on that.
    """

    name: str
    lead: str
    value: float | None
    uncertainty: float | None
    unit: str
    normal: str = ""
    source: str = ""
    deviates: str = ""
    reason: str = ""
    who: str = ""

    def value_text(self) -> str:
        """Return the value as it is read: whole ms, bpm and degrees, hundredths of mV."""
        if self.value is None:
            return ""
        digits = 0 if self.unit in ("ms", "bpm", "°") else 2
        sign = "+" if self.lead and digits else ""
        return f"{round(self.value, digits) + 0.0:{sign}.{digits}f}"
