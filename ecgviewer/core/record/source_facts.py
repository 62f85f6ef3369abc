"""What a file says beside its samples: the device, its filters, and what the device concluded.

All of it is the file's word, shown as such: nothing here is measured or judged by this program.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class MachineMeasurement:
    """One measurement that the device stored, such as ``QRS duration = 94 ms``."""

    name: str
    value: str
    unit: str = ""

    def text(self) -> str:
        """Return the measurement in a line."""
        return f"{self.name}: {self.value} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class FileEvent:
    """An annotation that the file carries, as its text says it."""

    start_s: float
    duration_s: float
    text: str
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class MedianBeats:
    """The file's own median (representative) beat.

    Attributes
    ----------
    leads : tuple of str
        Named as the recording's.
    fs_hz : float
    samples_mv : array [n_leads, n] of float32
        mV; NaN where the file stores filler.
    """

    leads: tuple[str, ...]
    fs_hz: float
    samples_mv: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Facts of one recording as its file states them; empty and None where it does not.

    Attributes
    ----------
    device : str
        Manufacturer, model, software.
    highpass_hz, lowpass_hz, mains_hz : float or None
        Corner frequencies of the filters that the stored samples went through; the frequency that
        a mains filter takes out.
    statements : tuple of str
        The machine's statements, in the language and order in which they are stored.
    confirmed_statements : tuple of str
        Those that a person confirmed or wrote.
    confirmed : bool or None
        Whether the file says that a person confirmed the interpretation.
    measurements : tuple of MachineMeasurement
    median : MedianBeats or None
    events : tuple of FileEvent
        Annotations inside the file, in seconds from its first sample.
    """

    device: str = ""
    highpass_hz: float | None = None
    lowpass_hz: float | None = None
    mains_hz: float | None = None
    statements: tuple[str, ...] = ()
    confirmed_statements: tuple[str, ...] = ()
    confirmed: bool | None = None
    measurements: tuple[MachineMeasurement, ...] = ()
    median: MedianBeats | None = field(default=None, compare=False)
    events: tuple[FileEvent, ...] = ()

    def without_opinions(self) -> SourceFacts:
        """Return what is left for somebody who must not know what others concluded."""
        return replace(
            self, statements=(), confirmed_statements=(), confirmed=None, measurements=(),
            median=None, events=(),
        )  # fmt: skip

    def confirmed_text(self) -> str:
        """Return whether a person confirmed the interpretation; empty where nothing says so."""
        known = {True: "confirmed by a person", False: "not confirmed by anybody"}
        return known[self.confirmed] if self.confirmed is not None else ""

    def filters_text(self) -> str:
        """Return the filters in a line; empty where none is stated."""
        parts = [
            f"{name} {value:g} Hz"
            for name, value in (
                ("high-pass", self.highpass_hz),
                ("low-pass", self.lowpass_hz),
                ("mains filter", self.mains_hz),
            )
            if value is not None
        ]
        return ", ".join(parts)
