"""Records of hours: opened at once, read by range, never whole in memory."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
import soundfile

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from tests.generators import LEADS, ecg_mv, write_long_wfdb

OPEN_WITHIN_S = 1.0
RANGE_BYTES = 12 * 5000 * 4


@pytest.mark.parametrize(
    ("hours", "fmt"),
    [
        (1.0, "16"),
        (1.0, "212"),
        pytest.param(24.0, "16", marks=pytest.mark.slow),
        pytest.param(24.0, "212", marks=pytest.mark.slow),
    ],
)
def test_a_long_wfdb_record_opens_at_once_in_little_memory(
    tmp_path: Path, hours: float, fmt: str
) -> None:
    header = write_long_wfdb(tmp_path, hours=hours, fmt=fmt)
    tracemalloc.start()
    started = time.perf_counter()
    recording = open_record(RecordRef(header))
    middle = recording.read(hours * 1800, hours * 1800 + 10)
    end = recording.read(hours * 3600 - 10, hours * 3600)
    took_s = time.perf_counter() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took_s < OPEN_WITHIN_S
    assert peak < 20 * RANGE_BYTES
    assert recording.duration_s == hours * 3600
    # Minutes are written in turns of five: the middle is the first, the end the last of them.
    step_mv = 1 / (200 if fmt == "212" else 1000)
    assert np.abs(middle - ecg_mv(60.0, 500, 60, seed=0)[:, :5000]).max() < step_mv
    assert np.abs(end - ecg_mv(60.0, 500, 90, seed=4)[:, -5000:]).max() < step_mv


def test_an_hour_of_flac_is_entered_in_the_middle(tmp_path: Path) -> None:
    minute = np.round(ecg_mv(60.0)[:6] * 1000).astype(np.int16).T
    with soundfile.SoundFile(tmp_path / "f.flac", "w", 500, 6, "PCM_16") as file:
        for _ in range(60):
            file.write(minute)
    lines = "".join(f"f.flac 516 1000/mV 16 0 0 0 0 {lead}\n" for lead in LEADS[:6])
    (tmp_path / "f.hea").write_text(f"f 6 500 {3600 * 500}\n{lines}")
    recording = open_record(RecordRef(tmp_path / "f.hea"))
    started = time.perf_counter()
    part = recording.read(1800, 1810)
    assert time.perf_counter() - started < OPEN_WITHIN_S
    np.testing.assert_allclose(part, minute[:5000].T / 1000, atol=1e-6)


def test_twenty_minutes_of_hdf5_are_read_by_range(tmp_path: Path) -> None:
    minute = ecg_mv(60.0).astype(np.float32)
    with h5py.File(tmp_path / "l.h5", "w") as file:
        item = file.create_dataset("ecg", (12, 1200 * 500), "f4", chunks=(12, 5000))
        for k in range(20):
            item[:, k * 30_000 : (k + 1) * 30_000] = minute
        file.attrs.update(fs=500, units="mV", leads=list(LEADS))
    recording = open_record(RecordRef(tmp_path / "l.h5"))
    started = time.perf_counter()
    part = recording.read(600, 610)
    assert time.perf_counter() - started < OPEN_WITHIN_S
    np.testing.assert_array_equal(part, minute[:, :5000])
    whole = recording.read(0, 1200)
    assert whole.shape == (12, 600_000)
    np.testing.assert_array_equal(whole[:, -30_000:], minute)
