"""A span of a recording as a recording of its own, held in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from ecgviewer.core.record.recording import FloatArray, Recording


class HeldSamples:
    """Samples in memory; see ``SignalSource``. Their hash is that of the samples alone.

    Parameters
    ----------
    signal_mv : array [n_leads, n] of float32
    """

    def __init__(self, signal_mv: FloatArray) -> None:
        self._signal_mv = signal_mv

    def read(self, start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        """Return samples ``[start, stop)`` of these rows."""
        return self._signal_mv[list(leads), start:stop]

    def content_hash(self) -> str:
        """Return the SHA-256 (hex) of the samples."""
        return hashlib.sha256(self._signal_mv.tobytes()).hexdigest()

    def close(self) -> None:
        """Nothing is open."""


def part_of(recording: Recording, start_s: float, stop_s: float) -> Recording:
    """Return a span of a recording, read now: what happens to its file later does not matter.

    Raises
    ------
    RecordError
        When the file cannot be read.
    """
    signal_mv = recording.read(start_s, stop_s)
    return replace(recording, source=HeldSamples(signal_mv), n_samples=signal_mv.shape[1])
