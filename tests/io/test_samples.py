"""The shipped records, and more real ones where the machine has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import RecordFailure, find_records, open_record


def test_every_sample_opens_calibrated_with_twelve_leads(samples: Path) -> None:
    refs = list(find_records(samples))
    names = [ref.name for ref in refs]
    assert names[:5] == ["00010_hr", "00330_hr", "00338_hr", "00414_hr", "00436_hr"]
    assert names[5:] == ["S0005", *(f"code_layout#{k}" for k in range(4))]
    for ref in refs:
        assert isinstance(ref, RecordRef)
        recording = open_record(ref)
        assert recording.leads == STANDARD_LEADS
        assert recording.units_known
        assert not [note for note in recording.notes if note.level == "warning"]
        assert np.isfinite(recording.read(0, recording.duration_s)).all()


def test_wfdb_samples_equal_wfdb(samples: Path) -> None:
    for header in sorted(samples.glob("*.hea")):
        reference = wfdb.rdrecord(str(header.with_suffix("")))
        recording = open_record(RecordRef(header))
        assert recording.fs_hz == reference.fs
        ours = recording.read(0, recording.duration_s)
        np.testing.assert_allclose(ours, reference.p_signal.T, atol=1e-6)


def test_one_sample_is_longer_than_a_minute(samples: Path) -> None:
    recording = open_record(RecordRef(samples / "S0005.hea"))
    assert recording.duration_s == pytest.approx(115.2)
    assert recording.patient.sex == "male"
    assert recording.patient.age_years == 63
    assert recording.patient.diagnoses == ("164865005", "427393009")


def test_code_layout_is_the_same_ecg_without_padding(samples: Path) -> None:
    source = open_record(RecordRef(samples / "00010_hr.hea"))
    stacked = open_record(RecordRef(samples / "code_layout.hdf5", 0))
    assert (stacked.fs_hz, stacked.n_samples) == (400.0, 4000)
    whole, converted = source.read(0, 10), stacked.read(0, 10)
    # 400 and 500 Hz share every fourth and fifth sample.
    correlation = np.corrcoef(whole[1, ::5], converted[1, ::4])[0, 1]
    assert correlation > 0.999
    assert any("padding" in note.text for note in stacked.notes)
    assert any("400 Hz" in note.text for note in stacked.notes if note.level == "assumed")


def test_every_further_record_opens(shared_data: Path) -> None:
    found = [
        ref
        for folder in ("cpsc2018", "georgia_chapman", "hdf5", "long", "ludb")
        for ref in find_records(shared_data / folder)
    ]
    assert len(found) == 150 + 78 + 13 + 6 + 100
    for ref in found:
        assert not isinstance(ref, RecordFailure), ref
        recording = open_record(ref)
        assert recording.leads == STANDARD_LEADS
        assert recording.units_known
        assert recording.read(0, 2).shape == (12, round(2 * recording.fs_hz))
