"""What the evidence card shows, computed without Qt: median beats and intervals of a range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.app.evidence.file_median import AlignedMedian, align
from ecgviewer.core.analysis import Analysis
from ecgviewer.core.leads import is_ecg_channel
from ecgviewer.core.record.recording import FloatArray, Recording
from ecgviewer.core.record.source_facts import SourceFacts
from ecgviewer.signal.heartbeats.beats import beat_windows, dominant_beats, median_beats
from ecgviewer.signal.heartbeats.r_peaks import detect_r_peaks
from ecgviewer.signal.measures.intervals import Intervals, measure
from ecgviewer.signal.measures.limits import statements
from ecgviewer.signal.measures.span import measured_span

PRE_S, POST_S = 0.30, 0.55


@dataclass(frozen=True, eq=False)
class Evidence:
    """Median beats and intervals of a range of a recording.

    Attributes
    ----------
    start_s, stop_s : float
        The range that was measured.
    leads : tuple of str
    fs_hz : float
    beats_mv : array [L, m]
        Median of the dominant beats, from ``PRE_S`` before the R peak.
    reconstruction_mv : array [L, k] or None
        The same beats as the model reconstructs them, ``reconstruction_fs_hz`` samples per
        second; NaN for leads that the model does not know.
    each_mv : array [B, L, m]
        The dominant beats themselves, with gaps of NaN.
    each_s : array [B]
        Where their R peaks are in the recording.
    intervals : Intervals
    unit : str
        Of the amplitudes: mV, or a.u. where the file does not say.
    statements : tuple of str
        What passed a published limit, with the limit and its source.
    file_median : AlignedMedian or None
        The median beat that the file carries.
    """

    start_s: float
    stop_s: float
    leads: tuple[str, ...]
    fs_hz: float
    beats_mv: FloatArray
    reconstruction_mv: FloatArray | None
    reconstruction_fs_hz: float
    intervals: Intervals
    each_mv: FloatArray
    each_s: npt.NDArray[np.float64]
    unit: str = "mV"
    statements: tuple[str, ...] = ()
    file_median: AlignedMedian | None = None

    def residual_mv(self) -> FloatArray | None:
        """Return median beat less reconstruction [L, k], at the rate of the reconstruction."""
        if self.reconstruction_mv is None:
            return None
        n = self.reconstruction_mv.shape[1]
        at = np.arange(n) / self.reconstruction_fs_hz
        own = np.arange(self.beats_mv.shape[1]) / self.fs_hz
        beats = np.stack([np.interp(at, own, beat) for beat in self.beats_mv])
        return np.asarray(beats - self.reconstruction_mv, dtype=np.float32)


def gather(
    recording: Recording,
    analysis: Analysis | None,
    start_s: float,
    stop_s: float,
    facts: SourceFacts | None = None,
) -> Evidence:
    """Measure a range (widened to 10 s where it is shorter); takes some tens of milliseconds.

    Parameters
    ----------
    facts : SourceFacts, optional
        What may be seen of what the file says.

    Raises
    ------
    RecordError
        When the range cannot be read.
    """
    start_s, stop_s = measured_span(start_s, stop_s, recording.duration_s)
    first = round(start_s * recording.fs_hz)
    n_samples = round((stop_s - start_s) * recording.fs_hz)
    signal = recording.read_samples(first, first + n_samples)
    fs_hz = recording.fs_hz
    live = np.isfinite(signal).any(axis=1)
    live &= np.asarray([is_ecg_channel(lead) for lead in recording.leads], dtype=np.bool_)
    r_peaks = detect_r_peaks(signal[live], fs_hz) if live.any() else np.zeros(0, dtype=np.int64)
    stated = recording.stated_highpass_hz
    intervals = measure(signal, fs_hz, recording.leads, r_peaks, stated_highpass_hz=stated)
    patient = recording.patient
    reconstruction, rate = None, fs_hz
    if analysis is not None:
        rate = analysis.map_fs_hz
        reconstruction = _reconstruction(recording, analysis, signal, r_peaks, first)
    beats_mv = median_beats(signal, r_peaks, fs_hz, PRE_S, POST_S)
    dominant = r_peaks
    if r_peaks.size:
        dominant = r_peaks[dominant_beats(signal, r_peaks, fs_hz)]
    file_median = None
    if facts is not None and facts.median is not None:
        file_median = align(facts.median, beats_mv, recording.leads, fs_hz, PRE_S)
    return Evidence(
        start_s=start_s,
        stop_s=stop_s,
        leads=recording.leads,
        fs_hz=fs_hz,
        beats_mv=beats_mv,
        reconstruction_mv=reconstruction,
        reconstruction_fs_hz=rate,
        intervals=intervals,
        each_mv=beat_windows(signal, dominant, fs_hz, PRE_S, POST_S),
        each_s=(first + dominant) / fs_hz,
        unit=recording.unit,
        statements=statements(
            intervals, patient.sex, patient.age_years, in_mv=recording.units_known
        ),
        file_median=file_median,
    )


def _reconstruction(
    recording: Recording,
    analysis: Analysis,
    signal: FloatArray,
    r_peaks: npt.NDArray[np.int64],
    first: int,
) -> FloatArray:
    """Return the median of the same beats in the reconstruction."""
    rate = analysis.map_fs_hz
    if r_peaks.size:
        r_peaks = r_peaks[dominant_beats(signal, r_peaks, recording.fs_hz)]
    begin = round(first / recording.fs_hz * rate)
    stop = begin + round(signal.shape[1] / recording.fs_hz * rate)
    part = analysis.reconstruction_mv[:, begin:stop]
    at = np.round(r_peaks / recording.fs_hz * rate).astype(np.int64)
    known = median_beats(part, at, rate, PRE_S, POST_S, dominant_only=False)
    result = np.full((len(recording.leads), known.shape[1]), np.nan, dtype=np.float32)
    for row, lead in enumerate(analysis.leads):
        if lead in recording.leads:
            result[recording.leads.index(lead)] = known[row]
    return result
