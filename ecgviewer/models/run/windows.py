"""From a recording to the windows a network sees: leads by name, quality, filter, beats.

The detector and the trainer run this very code. A recording is read in chunks of about two
minutes with enough context for the filter, so that a 24-hour record needs little memory and gives
the same numbers as if it had been filtered whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import AnalysisError
from ecgviewer.core.leads import STANDARD_LEADS, standard_indices
from ecgviewer.core.model_requirements import MIN_LEADS, why_not_judged
from ecgviewer.core.quality import QualityFinding
from ecgviewer.core.record.recording import Recording
from ecgviewer.models.run.live_parts import WindowSpan, live_parts, usable_leads
from ecgviewer.models.run.recorded_highpass import RecordedHighPass
from ecgviewer.models.score.window_evidence import Looks, unknown_highpass
from ecgviewer.signal import quality
from ecgviewer.signal.device_filter import HighPass
from ecgviewer.signal.electrodes import exchanged_electrodes
from ecgviewer.signal.gaps import bridge_gaps, bridge_short
from ecgviewer.signal.heartbeats.beats import detect_r_peaks
from ecgviewer.signal.heartbeats.pacing import NO_STIMULI, find_stimuli, without_stimuli
from ecgviewer.signal.preprocessing import Preprocessing
from ecgviewer.signal.resample import resampled_length
from ecgviewer.signal.scipy_parts import butter, sosfiltfilt, uniform_filter1d

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

CHUNK_S = 120.0
"""Seconds of windows prepared at once."""
BASELINE_HZ = 1.0
SHORTEST_S = 2.5
"""A shorter part of a window is not judged."""


@dataclass(frozen=True, slots=True)
class Windowing:
    """How a recording is cut.

    Attributes
    ----------
    length_s : float
    overlap : float
        Share of a window that the next one repeats (0 to 0.9).
    shortest_s : float
        A shorter recording is refused; one between this and ``length_s`` is one shorter window.
    """

    length_s: float = 10.0
    overlap: float = 0.0
    shortest_s: float = SHORTEST_S

    def __post_init__(self) -> None:
        if not (0 < self.shortest_s <= self.length_s <= 120 and 0 <= self.overlap <= 0.9):
            raise ValueError(f"not a way to cut a recording into windows: {self}")

    def plan(self, n: int, fs_hz: float) -> list[WindowSpan]:
        """Return the windows of ``n`` samples; the last one ends with the recording.

        Raises
        ------
        AnalysisError
            When the recording is shorter than ``shortest_s``.
        """
        if n / fs_hz < self.shortest_s - 0.5 / fs_hz:
            raise AnalysisError(
                f"{n / fs_hz:.2f} s is too short for the model ({self.shortest_s:g} s needed)"
            )
        length = round(self.length_s * fs_hz)
        step = max(round(length * (1 - self.overlap)), 1)
        starts = list(range(0, max(n - length, 0) + 1, step))
        if starts[-1] + length < n:
            starts.append(n - length)
        stops = [min(start + length, n) for start in starts]
        borders = [0, *((stops[i] + starts[i + 1]) // 2 for i in range(len(starts) - 1)), n]
        return [
            WindowSpan(start, stop, borders[i], borders[i + 1])
            for i, (start, stop) in enumerate(zip(starts, stops, strict=True))
        ]


@dataclass(frozen=True, eq=False, slots=True)
class PreparedWindow:
    """A window ready for a network.

    Attributes
    ----------
    span : Span
    signal_mv : array [12, n]
        Filtered, at the model's rate; finite, 0 where not usable.
    baseline_mv : array [12, n]
        What the filter removed at low frequency.
    network_input : array [12, n]
        ``signal_mv`` in network units; 0 where not usable.
    usable : array [12, n] of bool
        Samples that may be judged (all False in rows outside ``lead_mask``).
    lead_mask : array [12] of bool
    r_peaks : array [n_beats] of int64
        Samples of this window.
    findings : tuple of QualityFinding
        Within this window, in seconds of the recording.
    looks : Looks
        What the first model to see it computed without its network, for the next ones.
    highpass : callable
        Returns the device's high-pass, None where it is not known.
    levels_lost : str
        Why, by what the file says of its filters, ST levels cannot be judged; or empty.
    """

    span: WindowSpan
    signal_mv: FloatArray
    baseline_mv: FloatArray
    network_input: FloatArray
    usable: BoolArray
    lead_mask: BoolArray
    r_peaks: npt.NDArray[np.int64]
    findings: tuple[QualityFinding, ...]
    looks: Looks = field(default_factory=Looks)
    highpass: Callable[[], HighPass | None] = unknown_highpass
    levels_lost: str = ""

    @property
    def judged(self) -> bool:
        """Whether enough leads are usable for a model."""
        return int(self.lead_mask.sum()) >= MIN_LEADS


@dataclass(frozen=True, slots=True)
class LeadPlan:
    """Where the twelve leads come from.

    ``read`` are the recording's own names to read; ``sources`` maps each standard lead that is
    present to its row among them; ``derived`` are computed from I and II.
    """

    read: tuple[str, ...]
    sources: dict[str, int]
    derived: tuple[str, ...]
    missing: tuple[str, ...]

    @classmethod
    def of(cls, recording: Recording) -> LeadPlan:
        """Find the leads by name, in any order; derive limb leads from I and II where absent.

        Raises
        ------
        AnalysisError
            When fewer than ``MIN_LEADS`` of the standard leads can be had.
        """
        reason = why_not_judged(recording.leads)
        if reason:
            raise AnalysisError(reason)
        at = standard_indices(recording.leads)
        ordered = [lead for lead in STANDARD_LEADS if lead in at]
        limbs = ("III", "aVR", "aVL", "aVF") if {"I", "II"} <= set(at) else ()
        derived = tuple(lead for lead in limbs if lead not in at)
        missing = tuple(lead for lead in STANDARD_LEADS if lead not in at and lead not in derived)
        read = tuple(recording.leads[at[lead]] for lead in ordered)
        return cls(read, {lead: i for i, lead in enumerate(ordered)}, derived, missing)

    def standard(self, values: FloatArray) -> FloatArray:
        """Return rows [12, n] in standard order; NaN where missing or infinite."""
        values = np.where(np.isfinite(values), values, np.float32(np.nan))
        out = np.full((len(STANDARD_LEADS), values.shape[1]), np.nan, dtype=np.float32)
        for lead, row in self.sources.items():
            out[STANDARD_LEADS.index(lead)] = values[row]
        i, ii = out[0].copy(), out[1].copy()
        formulas = {"III": ii - i, "aVR": -(i + ii) / 2, "aVL": i - ii / 2, "aVF": ii - i / 2}
        for lead in self.derived:
            out[STANDARD_LEADS.index(lead)] = formulas[lead]
        return out


def prepare_windows(
    recording: Recording,
    preprocessing: Preprocessing,
    windowing: Windowing,
) -> Iterator[PreparedWindow]:
    """Yield the windows of a recording in time order.

    Raises
    ------
    AnalysisError
        When the recording is too short, too slowly sampled, or lacks leads.
    RecordError
        When the file cannot be read.
    """
    leads = LeadPlan.of(recording)
    for spans in plan_chunks(recording, preprocessing, windowing):
        yield from prepare_chunk(recording, preprocessing, leads, spans)


def plan_chunks(
    recording: Recording, preprocessing: Preprocessing, windowing: Windowing
) -> list[list[WindowSpan]]:
    """Return the windows of a recording, those that are prepared together in one list.

    Raises
    ------
    AnalysisError
        When the recording is too short.
    """
    fs = preprocessing.fs_hz
    chunks: list[list[WindowSpan]] = []
    for span in windowing.plan(resampled_length(recording.n_samples, recording.fs_hz, fs), fs):
        if not chunks or span.stop - chunks[-1][0].start > CHUNK_S * fs:
            chunks.append([])
        chunks[-1].append(span)
    return chunks


def prepare_chunk(
    recording: Recording,
    preprocessing: Preprocessing,
    leads: LeadPlan,
    spans: list[WindowSpan],
    reading: AbstractContextManager[object] | None = None,
) -> list[PreparedWindow]:
    """Return the windows of one chunk.

    Parameters
    ----------
    reading : context manager, optional
        Held while the file is read: a lock, where several threads prepare chunks.
    """
    fs, fs_in = preprocessing.fs_hz, recording.fs_hz
    margin = preprocessing.margin_s
    # Whole seconds, as the filter asks of chunks.
    start_s = float(max(math.floor(spans[0].start / fs - margin), 0))
    stop_s = min(math.ceil(spans[-1].stop / fs + margin), recording.duration_s)
    if recording.duration_s - stop_s < margin:
        stop_s = recording.duration_s  # no sliver for the last chunk to start from
    with reading or nullcontext():
        read = recording.read(start_s, stop_s, leads.read)
    values = leads.standard(read)
    # A filter would smear pacing stimuli into something like beats.
    values = without_stimuli(values, fs_in, find_stimuli(values, fs_in))
    findings = quality.assess(values, fs_in, STANDARD_LEADS, start_s=start_s)
    filtered = preprocessing.filter(values, fs_in)
    ok = quality.usable_mask(findings, STANDARD_LEADS, fs, filtered.shape[1], start_s)
    ok &= np.isfinite(filtered)
    r_peaks = _beats(np.where(ok, filtered, np.nan), fs)
    exchanged = _exchanged(np.where(ok, filtered, np.nan), fs, r_peaks, start_s)
    findings += exchanged
    ok &= quality.usable_mask(exchanged, STANDARD_LEADS, fs, filtered.shape[1], start_s)
    baseline = _baseline_mv(values, fs_in, np.nan_to_num(filtered), fs)
    peaks_in = np.round(r_peaks * (fs_in / fs)).astype(np.int64)
    highpass = RecordedHighPass(values, fs_in, peaks_in, recording.stated_highpass_hz)
    offset = round(start_s * fs)
    shortest = round(SHORTEST_S * fs)
    parts = [
        live
        for span in spans
        for live in live_parts(span, ok[:, span.start - offset : span.stop - offset], shortest)
    ]
    windows = []
    for span in parts:
        part = slice(span.start - offset, span.stop - offset)
        beats = r_peaks[(r_peaks >= part.start) & (r_peaks < part.stop)] - part.start
        windows.append(
            _window(
                span, preprocessing, filtered[:, part], baseline[:, part], ok[:, part], beats,
                findings, highpass,
            )
        )  # fmt: skip
    return windows


def _beats(trace: FloatArray, fs: float) -> npt.NDArray[np.int64]:
    """Return the R peaks of every recorded stretch by itself: a long gap decides over none."""
    recorded = np.asarray(np.isfinite(trace).any(axis=0))
    stretches = bridge_short(recorded, round(SHORTEST_S * fs))
    found = [detect_r_peaks(trace[:, a:b], fs, stimuli=NO_STIMULI) + a for a, b in stretches]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _exchanged(
    trace: FloatArray, fs: float, r_peaks: npt.NDArray[np.int64], start_s: float
) -> tuple[QualityFinding, ...]:
    """Return the leads that do not show what their names say: what they show is no disease."""
    found = exchanged_electrodes(trace, fs, STANDARD_LEADS, r_peaks)
    if found is None:
        return ()
    stop_s = start_s + trace.shape[1] / fs
    return tuple(QualityFinding(lead, found.kind, start_s, stop_s) for lead in found.leads)


def _window(
    span: WindowSpan,
    preprocessing: Preprocessing,
    filtered: FloatArray,
    baseline: FloatArray,
    ok: BoolArray,
    r_peaks: npt.NDArray[np.int64],
    findings: tuple[QualityFinding, ...],
    highpass: RecordedHighPass,
) -> PreparedWindow:
    fs = preprocessing.fs_hz
    lead_mask = usable_leads(ok)
    usable = ok & lead_mask[:, None]
    masked = np.where(usable, filtered, np.nan).astype(np.float32)
    start_s, stop_s = span.own_start / fs, span.own_stop / fs
    own = tuple(
        replace(finding, start_s=max(finding.start_s, start_s), stop_s=min(finding.stop_s, stop_s))
        for finding in findings
        if finding.start_s < stop_s and finding.stop_s > start_s
    )
    return PreparedWindow(
        span=span,
        signal_mv=np.nan_to_num(masked),
        baseline_mv=baseline,
        network_input=np.nan_to_num(preprocessing.scale(masked)),
        usable=usable,
        lead_mask=lead_mask,
        r_peaks=r_peaks,
        findings=own,
        highpass=highpass,
        levels_lost=highpass.stated_loss,
    )


@lru_cache(maxsize=4)
def _baseline_filter(fs: float) -> npt.NDArray[np.float64]:
    sos: npt.NDArray[np.float64] = butter(2, BASELINE_HZ, "lowpass", fs=fs, output="sos")
    return sos


def _baseline_mv(values: FloatArray, fs_in: float, filtered: FloatArray, fs: float) -> FloatArray:
    """Return what lies below the filter's band, at the model's rate: wander and offset.

    The difference between trace and filtered trace also holds muscle and mains noise, which
    must not come back with the reconstruction.
    """
    filled, _ = bridge_gaps(values)
    # A running mean over one output sample is enough of an antialiasing filter for 1 Hz.
    smooth = uniform_filter1d(filled, max(round(fs_in / fs), 1), axis=1, mode="nearest")
    at = np.round(np.arange(filtered.shape[1]) * fs_in / fs).astype(np.int64)
    removed = smooth[:, np.minimum(at, smooth.shape[1] - 1)] - filtered
    pad = min(round(fs), removed.shape[1] - 1)
    return np.asarray(
        sosfiltfilt(_baseline_filter(fs), removed, axis=1, padlen=pad), dtype=np.float32
    )


def merge_findings(findings: list[QualityFinding]) -> tuple[QualityFinding, ...]:
    """Join findings of the same lead and kind that touch, as windows and chunks cut them."""
    merged: dict[tuple[str, str], list[QualityFinding]] = {}
    for finding in sorted(findings, key=lambda f: f.start_s):
        group = merged.setdefault((finding.lead, finding.kind), [])
        if group and finding.start_s <= group[-1].stop_s + 0.05:
            group[-1] = replace(group[-1], stop_s=max(group[-1].stop_s, finding.stop_s))
        else:
            group.append(finding)
    return tuple(sorted((f for g in merged.values() for f in g), key=lambda f: f.start_s))
