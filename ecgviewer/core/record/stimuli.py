"""Pacing stimuli as an ECG is marked with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

UNKNOWN, ATRIAL, VENTRICULAR = range(3)
CHAMBER_LETTERS = ("", "A", "V")


@dataclass(frozen=True, slots=True, eq=False)
class StimulusMarks:
    """Stimuli of a recording.

    Attributes
    ----------
    samples : int array [S]
        Ascending.
    chambers : int8 array [S]
        Index of ``CHAMBER_LETTERS``: what each drives, as far as that can be told.
    """

    samples: npt.NDArray[np.int64]
    chambers: npt.NDArray[np.int8]

    @classmethod
    def joined(cls, parts: Sequence[StimulusMarks]) -> StimulusMarks:
        """Return the marks of consecutive ranges as one."""
        parts = [part for part in parts if part.samples.size]
        if not parts:
            return NO_MARKS
        return cls(
            np.concatenate([part.samples for part in parts]),
            np.concatenate([part.chambers for part in parts]),
        )

    def shifted(self, samples: int) -> StimulusMarks:
        """Return the same so many samples later."""
        return StimulusMarks(self.samples + samples, self.chambers) if self.samples.size else self

    def within(self, start: int, stop: int) -> StimulusMarks:
        """Return the marks of samples ``[start, stop)``."""
        part = slice(*np.searchsorted(self.samples, (start, stop)))
        return StimulusMarks(self.samples[part], self.chambers[part])


NO_MARKS = StimulusMarks(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int8))
