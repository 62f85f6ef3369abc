"""Every beat of a recording: when it was, and which family of shapes it belongs to.

The recording is read in pieces, so that a day never lies in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecgviewer.core.progress import CancelToken, Progress, no_progress
from ecgviewer.core.quality import QualityFinding
from ecgviewer.core.record.recording import Recording
from ecgviewer.signal.gaps import BoolArray, DoubleArray, FloatArray
from ecgviewer.signal.heartbeats.r_peaks import detect_r_peaks
from ecgviewer.signal.heartbeats.shapes import group_alike, unit_rows
from ecgviewer.signal.quality import assess, usable_mask

PIECE_S = 120.0
MARGIN_S = 4.0
BEAT_LEADS = ("I", "II", "V1", "V2", "V5")
"""What tells beats apart: two limb leads hold the frontal plane, three the horizontal one."""
SHAPE_HZ = 100.0
BEFORE_S, AFTER_S = 0.12, 0.20
"""The part of a beat that decides its family: QRS, and the beginning of ST."""
ALIKE = 0.85
"""As :data:`ecgviewer.signal.heartbeats.beats.SAME_SHAPE`."""
MOST_FAMILIES = 60
"""Beyond these, what is left is noise and stands in one family."""
WIDE_S = 0.12
STEEP_SHARE = 0.12
"""QRS lasts while the heart vector moves faster than this share of its fastest."""


@dataclass(frozen=True, slots=True, eq=False)
class BeatFamily:
    """Beats of one shape.

    Attributes
    ----------
    count : int
    typical : int
        The beat that is most like all of them.
    shape : float32 array [L, m]
        Their mean at SHAPE_HZ in the leads of the search, R peak at BEFORE_S; its baseline is
        taken off.
    width_s : float
        How long the heart vector moves fast: close to the QRS duration, in steps of 10 ms.
    likeness : float
        Correlation with the largest family, 1 for itself.
    """

    count: int
    typical: int
    shape: FloatArray
    width_s: float
    likeness: float

    @property
    def wide(self) -> bool:
        """Whether its QRS is wide and of another shape than that of the largest family."""
        return self.likeness < ALIKE and self.width_s >= WIDE_S


@dataclass(frozen=True, slots=True, eq=False)
class RecordBeats:
    """The beats of a recording.

    Attributes
    ----------
    times_s : float64 array [B]
        R peaks, ascending.
    family : int array [B]
        Which of ``families`` each beat is of.
    families : tuple of BeatFamily
        The largest first.
    duration_s : float
    missing, noisy : bool array [S]
        Per second of the recording: no lead has a signal; it has, and none can be judged.
    leads : tuple of str
        That were looked at.
    """

    times_s: DoubleArray
    family: npt.NDArray[np.intp]
    families: tuple[BeatFamily, ...]
    duration_s: float
    missing: BoolArray
    noisy: BoolArray
    leads: tuple[str, ...]


def find_record_beats(
    recording: Recording, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> RecordBeats:
    """Find all beats and group them by shape; reads the recording once, in pieces.

    Raises
    ------
    CancelledError
        When ``cancel`` was used.
    """
    fs_hz, n = recording.fs_hz, recording.n_samples
    leads = tuple(lead for lead in BEAT_LEADS if lead in recording.leads) or recording.leads[:3]
    piece, margin = round(PIECE_S * fs_hz), round(MARGIN_S * fs_hz)
    seconds = int(np.ceil(recording.duration_s))
    missing, noisy = np.zeros(seconds, dtype=np.bool_), np.zeros(seconds, dtype=np.bool_)
    times: list[DoubleArray] = []
    shapes: list[FloatArray] = []
    for start in range(0, n, piece):
        if cancel is not None:
            cancel.raise_if_cancelled()
        first, stop = max(start - margin, 0), min(start + piece, n)
        signal_mv = recording.read_samples(first, min(stop + margin, n), leads)
        peaks = np.asarray(detect_r_peaks(signal_mv, fs_hz), dtype=np.int64)
        peaks = peaks[(peaks + first >= start) & (peaks + first < stop)]
        times.append((peaks + first) / fs_hz)
        shapes.append(_shapes(signal_mv, peaks, fs_hz))
        own = signal_mv[:, start - first : stop - first]
        span = slice(int(start / fs_hz), int(np.ceil(stop / fs_hz)))
        missing[span], noisy[span] = _unusable(own, fs_hz, leads, span.stop - span.start)
        progress(stop / n, "finding beats")
    found = RecordBeats(
        np.concatenate(times) if times else np.zeros(0),
        np.zeros(0, dtype=np.intp), (), recording.duration_s, missing, noisy, leads,
    )  # fmt: skip
    return with_families(found, np.concatenate(shapes) if shapes else np.zeros((0, 0), np.float32))


def with_families(beats: RecordBeats, shapes: FloatArray) -> RecordBeats:
    """Return the beats in families by shape.

    Parameters
    ----------
    shapes : float32 array [B, L * m]
        Of each beat, without its baseline.
    """
    if shapes.shape[0] == 0:
        return beats
    groups = group_alike(unit_rows(shapes), ALIKE, MOST_FAMILIES)
    groups.sort(key=lambda group: -group[0].size)
    family = np.zeros(shapes.shape[0], dtype=np.intp)
    means = [shapes[members].mean(axis=0) for members, _ in groups]
    unit = unit_rows(np.array(means, dtype=np.float32))
    families = []
    for at, (members, typical) in enumerate(groups):
        family[members] = at
        shape = means[at].reshape(len(beats.leads), -1)
        families.append(
            BeatFamily(
                int(members.size), typical, shape, qrs_width_s(shape), float(unit[at] @ unit[0])
            )
        )
    return replace(beats, family=family, families=tuple(families))


def qrs_width_s(shape: FloatArray) -> float:
    """Return how long the heart vector moves fast around the R peak of a mean beat [L, m]."""
    speed = np.sqrt(np.square(np.diff(shape, axis=1)).sum(axis=0))
    peak = float(speed.max(initial=0.0))
    if peak <= 0.0:
        return 0.0
    fast = np.flatnonzero(speed >= STEEP_SHARE * peak)
    return float(fast[-1] - fast[0] + 1) / SHAPE_HZ


def _shapes(signal_mv: npt.ArrayLike, peaks: npt.NDArray[np.int64], fs_hz: float) -> FloatArray:
    """Return each beat at SHAPE_HZ, every value the mean of its 10 ms, without its baseline."""
    x = np.asarray(signal_mv, dtype=np.float32)
    count = round((BEFORE_S + AFTER_S) * SHAPE_HZ)
    each = max(round(fs_hz / SHAPE_HZ), 1)
    steps = np.round((np.arange(count) / SHAPE_HZ - BEFORE_S) * fs_hz).astype(np.int64)
    at = peaks[:, np.newaxis, np.newaxis] + steps[:, np.newaxis] + np.arange(each) - each // 2
    beats = np.nan_to_num(x[:, np.clip(at, 0, max(x.shape[1] - 1, 0))].mean(axis=3))
    beats -= np.median(beats, axis=2, keepdims=True)
    return np.asarray(
        beats.transpose(1, 0, 2).reshape(peaks.size, x.shape[0] * count), dtype=np.float32
    )


def _unusable(
    signal_mv: npt.ArrayLike, fs_hz: float, leads: tuple[str, ...], seconds: int
) -> tuple[BoolArray, BoolArray]:
    """Return which seconds have no signal in any lead, and in which none can be judged."""
    x = np.asarray(signal_mv)
    n = x.shape[1]
    findings = assess(x, fs_hz, leads)
    absent = [finding for finding in findings if finding.kind in ("missing", "flat", "invalid")]
    edges = np.minimum(np.round(np.arange(seconds) * fs_hz).astype(np.int64), max(n - 1, 0))

    def lost(what: Iterable[QualityFinding]) -> BoolArray:
        bad = ~usable_mask(what, leads, fs_hz, n).any(axis=0)
        share = np.add.reduceat(bad.astype(np.float64), edges) / np.diff(np.append(edges, n))
        return np.asarray(share > 0.5, dtype=np.bool_)

    if not findings or n == 0:
        return np.zeros(seconds, dtype=np.bool_), np.zeros(seconds, dtype=np.bool_)
    gone = lost(absent)
    return gone, lost(findings) & ~gone
