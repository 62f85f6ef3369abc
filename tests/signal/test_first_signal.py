"""Electrodes that come on late: where the record begins to show something."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.signal.first_signal import first_signal_s
from tests.generators import write_wfdb_16
from tests.signal.hearts import FS_HZ, heart

MISSING = -32768


@pytest.mark.parametrize("fill", [MISSING, 0])
def test_late_electrodes(tmp_path: Path, fill: int) -> None:
    counts = np.round(heart(np.arange(0.4, 59.5, 0.8), 60.0) * 1000).astype(np.int64)
    counts[:, : round(35 * FS_HZ)] = fill
    recording = open_record(RecordRef(write_wfdb_16(tmp_path, "late", counts, FS_HZ)))
    assert first_signal_s(recording) == pytest.approx(34.0, abs=0.5)
    recording.source.close()


def test_one_late_lead_does_not_decide(tmp_path: Path) -> None:
    counts = np.round(heart(np.arange(0.4, 29.5, 0.8), 30.0) * 1000).astype(np.int64)
    counts[6, : round(20 * FS_HZ)] = 0
    recording = open_record(RecordRef(write_wfdb_16(tmp_path, "v1", counts, FS_HZ)))
    assert first_signal_s(recording) == 0.0
    recording.source.close()


def test_nothing_at_all_begins_at_the_beginning(tmp_path: Path) -> None:
    counts = np.full((12, 10000), MISSING, dtype=np.int64)
    recording = open_record(RecordRef(write_wfdb_16(tmp_path, "none", counts, FS_HZ)))
    assert first_signal_s(recording) == 0.0
    recording.source.close()
