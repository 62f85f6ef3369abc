"""Records made on the spot: in memory with an analysis, and WFDB files, whole or damaged."""

from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.recording import Recording
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
            "windows": (),
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


@pytest.fixture
def heart_like():
    """Return the function that makes a plausible 12-lead trace."""
    return _heart_like


@pytest.fixture
def write_record():
    """Return the function that writes a WFDB record."""
    return _write_record


def _heart_like(seconds, fs=500, n_leads=12, rate_bpm=66, seed=0):
    """Return [n_leads, n] mV with a beat of P, QRS and T at this rate, and a little noise."""
    t = np.arange(round(seconds * fs)) / fs
    phase = (t * rate_bpm / 60) % 1.0 - 0.4
    waves = ((-0.16, 0.025, 0.12), (0.0, 0.010, 1.0), (0.03, 0.010, -0.25), (0.3, 0.045, 0.3))
    beat = sum(size * np.exp(-(((phase - at) / width) ** 2)) for at, width, size in waves)
    noise = 0.01 * np.random.default_rng(seed).standard_normal((8, t.size))
    i, ii = 0.7 * beat + noise[0], beat + noise[1]
    limb = [i, ii, ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2]
    chest = np.outer((-0.6, -0.2, 0.5, 1.1, 1.2, 0.9), beat) + noise[2:]
    return np.concatenate([limb, chest])[:n_leads]


def _write_record(
    folder: Path, name: str, signal_mv, fs="500", leads=STANDARD_LEADS, units="mV", checksum=None
) -> Path:
    """Write a format-16 record with 1 uV steps; NaN becomes the invalid sample. Return the .hea."""
    folder.mkdir(parents=True, exist_ok=True)
    signal_mv = np.asarray(signal_mv, dtype=float)
    steps = np.where(np.isnan(signal_mv), -32768, np.rint(np.nan_to_num(signal_mv) * 1000))
    steps = steps.astype("<i2")
    (folder / f"{name}.dat").write_bytes(steps.T.tobytes())
    lines = [f"{name} {len(steps)} {fs} {steps.shape[1]}"]
    for row, lead in zip(steps, leads, strict=True):
        total = int(row.sum(dtype=np.int64)) & 0xFFFF if checksum is None else checksum
        total -= 65536 if total >= 32768 else 0
        lines.append(
            f"{name}.dat 16 1000(0)/{units} 16 0 {row[0] if row.size else 0} {total} 0 {lead}"
        )
    header = folder / f"{name}.hea"
    header.write_text("\n".join(lines) + "\n")
    return header
