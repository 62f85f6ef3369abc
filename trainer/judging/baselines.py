"""What a figure must beat: the record's length, its heart rate, a linear reconstruction.

None of them knows what an ECG is. A score that does not beat them has learned the data set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.progress import Progress
from ecgviewer.io import open_record
from ecgviewer.models.run.windows import Windowing, prepare_windows
from ecgviewer.signal.heartbeats.beats import detect_r_peaks, heart_rate_bpm
from ecgviewer.signal.preprocessing import Preprocessing
from trainer.datasets.entries import Entry

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]

PREPROCESSING = Preprocessing()
USUAL_RATE_BPM = 70.0
N_COMPONENTS = 32
MAX_RECORDS = 300


@dataclass(frozen=True, slots=True, eq=False)
class PcaReconstruction:
    """Linear reconstruction of z-scored one-second pieces; the score is the mean squared error.

    Attributes
    ----------
    mean : array [d]
    axes : array [k, d]
        ``d`` is 12 leads times the samples of a second.
    """

    mean: DoubleArray
    axes: DoubleArray

    def to_json(self) -> dict[str, list[float] | list[list[float]]]:
        """Return the arrays as JSON values, for another process."""
        return {"mean": self.mean.tolist(), "axes": self.axes.tolist()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> PcaReconstruction:
        """Undo :meth:`to_json`, exactly."""
        return cls(np.array(values["mean"]), np.array(values["axes"]))

    @classmethod
    def fit(cls, traces: Sequence[FloatArray], fs_hz: float) -> PcaReconstruction | None:
        """Fit on filtered traces [12, n] of normals; None with fewer than ten."""
        if len(traces) < 10:
            return None
        rows = np.concatenate([_pieces(trace, fs_hz) for trace in traces])
        mean = rows.mean(axis=0)
        centred = rows - mean
        d = centred.shape[1]
        _, vectors = eigh(centred.T @ centred, subset_by_index=[d - N_COMPONENTS, d - 1])
        return cls(mean, np.asarray(vectors.T, dtype=np.float64))

    def score(self, trace: FloatArray, fs_hz: float) -> float:
        """Return the mean squared error of a trace [12, n]; NaN when shorter than a second."""
        rows = _pieces(trace, fs_hz) - self.mean
        if len(rows) == 0:
            return float("nan")
        return float(((rows - rows @ self.axes.T @ self.axes) ** 2).mean())


def _pieces(trace: FloatArray, fs_hz: float) -> DoubleArray:
    x = np.nan_to_num(trace.astype(np.float64))
    spread = x.std(axis=1, keepdims=True)
    x = (x - x.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-6)
    length = round(fs_hz)
    count = x.shape[1] // length
    pieces: DoubleArray = (
        x[:, : count * length].reshape(12, count, length).transpose(1, 0, 2).reshape(count, -1)
    )
    return pieces


def fit_pca(entries: Sequence[Entry], progress: Progress) -> PcaReconstruction | None:
    """Fit on the training normals among ``entries`` (every n-th, at most ``MAX_RECORDS``)."""
    normals = [e for e in entries if e.clean and e.split == "train" and e.fold is not None]
    chosen = normals[:: max(len(normals) // MAX_RECORDS, 1)][:MAX_RECORDS]
    traces = []
    for k, entry in enumerate(chosen):
        progress((k + 1) / len(chosen), "PCA baseline")
        try:
            window = next(prepare_windows(open_record(entry.ref), PREPROCESSING, Windowing()), None)
        except EcgViewerError:
            # A record that cannot serve here is named where it is scored.
            continue
        if window is not None:
            traces.append(window.signal_mv)
    return PcaReconstruction.fit(traces, PREPROCESSING.fs_hz)


def rate_score(trace: FloatArray, fs_hz: float) -> float:
    """Return how far the heart rate is from 70 bpm (log ratio); NaN without two beats."""
    rate = heart_rate_bpm(detect_r_peaks(trace, fs_hz), fs_hz)
    return abs(float(np.log(rate / USUAL_RATE_BPM))) if np.isfinite(rate) else float("nan")
