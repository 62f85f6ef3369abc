"""Beats of a recording by shape, with samples to lay over each other; no Qt here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.core.progress import CancelToken, Progress
from ecgviewer.core.record.recording import FloatArray, Recording
from ecgviewer.signal.heartbeats.beats import beat_windows
from ecgviewer.signal.holter.record_beats import find_record_beats

PRE_S, POST_S = 0.3, 0.5
MOST_FAMILIES = 6
MOST_BEATS = 40
"""Of a family, evenly over the recording."""


@dataclass(frozen=True, eq=False)
class FamilyBeats:
    """Beats of one shape.

    Attributes
    ----------
    count : int
        All of them.
    wide : bool
    times_s : array [B]
        Of those in ``beats_mv``.
    beats_mv : array [B, m]
        In one lead, the R peak at ``PRE_S``; each begins at rest.
    """

    count: int
    wide: bool
    times_s: npt.NDArray[np.float64]
    beats_mv: FloatArray


@dataclass(frozen=True, eq=False)
class Families:
    """The families of a recording, the largest first; ``n_families`` counts those left out too."""

    lead: str
    fs_hz: float
    n_beats: int
    n_families: int
    families: tuple[FamilyBeats, ...]


def gather_families(
    recording: Recording, lead: str, progress: Progress, cancel: CancelToken
) -> Families:
    """Find the families and read some beats of each.

    Raises
    ------
    RecordError
    CancelledError
    """
    found = find_record_beats(recording, progress, cancel)
    families = []
    for at, family in enumerate(found.families[:MOST_FAMILIES]):
        times = found.times_s[found.family == at]
        chosen = times[np.unique(np.linspace(0, times.size - 1, MOST_BEATS).round().astype(int))]
        beats = []
        for time_s in chosen:
            cancel.raise_if_cancelled()
            beats.append(_beat(recording, lead, float(time_s)))
        families.append(FamilyBeats(int(times.size), family.wide, chosen, np.stack(beats)))
    return Families(
        lead, recording.fs_hz, int(found.times_s.size), len(found.families), tuple(families)
    )


def _beat(recording: Recording, lead: str, time_s: float) -> FloatArray:
    """Return one beat [m]; NaN beyond the recording, and its level before QRS taken off."""
    peak = round(time_s * recording.fs_hz)
    first = max(peak - round(PRE_S * recording.fs_hz), 0)
    signal = recording.read_samples(first, peak + round(POST_S * recording.fs_hz), [lead])
    beat = beat_windows(signal, [peak - first], recording.fs_hz, PRE_S, POST_S)[0, 0]
    before = beat[: round((PRE_S - 0.08) * recording.fs_hz)]
    before = before[np.isfinite(before)]
    level = float(np.median(before)) if before.size else 0.0
    return np.asarray(beat - level, dtype=np.float32)
