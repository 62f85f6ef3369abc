"""A synthetic analysis and the recording it belongs to."""

import numpy as np
import pytest

from ecgviewer.core.analysis import Analysis, WindowScore
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.reference import NormalReference


class ArraySource:
    """A recording held in memory."""

    def __init__(self, signal_mv):
        self.signal_mv = signal_mv

    def read(self, start, stop, leads):
        return self.signal_mv[list(leads), start:stop]

    def content_hash(self):
        return "0" * 64

    def close(self):
        pass


@pytest.fixture
def recording(tmp_path):
    """10 s at 500 Hz, lead k a sine of k + 1 Hz; leads in reverse order."""
    t = np.arange(5000) / 500
    signal_mv = np.array([np.sin(2 * np.pi * (k + 1) * t) for k in range(12)], dtype=np.float32)
    return Recording(
        name="r1",
        path=tmp_path / "r1.hea",
        format="synthetic",
        leads=STANDARD_LEADS[::-1],
        fs_hz=500.0,
        n_samples=5000,
        source=ArraySource(signal_mv[::-1]),
    )


@pytest.fixture
def make_analysis():
    """Return a function that builds an analysis with this score map [12, T] at 100 Hz."""

    def make(score_map, **changes):
        t = np.arange(score_map.shape[1]) / 100
        trace = np.array([np.sin(2 * np.pi * (k + 1) * t) for k in range(12)], dtype=np.float32)
        values = {
            "model": "cae",
            "bundle_sha256": "b" * 64,
            "recording_sha256": "0" * 64,
            "record_name": "r1",
            "preprocessing": {},
            "leads": STANDARD_LEADS,
            "duration_s": score_map.shape[1] / 100,
            "score": 5.0,
            "raw_score": 0.25,
            "p_value": 0.01,
            "parts": {},
            "windows": (WindowScore(0.0, 10.0, 5.0, 1.0, 1e-6, {}),),
            "map_fs_hz": 100.0,
            "score_map": score_map.astype(np.float32),
            "reconstruction_mv": trace,
            "model_input_mv": trace,
            "model_output_mv": trace,
            "record_reference": NormalReference.from_scores(np.linspace(0, 4, 100)),
            "map_reference": NormalReference.from_scores(np.linspace(0, 6, 100)),
        }
        return Analysis(**values | changes)

    return make
