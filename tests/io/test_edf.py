"""EDF, EDF+ and BDF: every sample, the time of each, and what the header says."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import numpy as np
import pyedflib
import pytest
from edfio import Bdf, BdfSignal, Edf, EdfAnnotation, EdfSignal, Patient

from ecgviewer.core.errors import CorruptFileError, RecordError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import find_records, open_record
from tests.generators import LEADS, ecg_mv, ecg_uv, write_wfdb_16

DATA = Path(__file__).parent / "data" / "edf"


def opened(path: Path, options: ReadOptions | None = None) -> Recording:
    (found,) = find_records(path, options)
    if not isinstance(found, RecordRef):
        raise found.error
    return open_record(found)


def whole(recording: Recording) -> np.ndarray:
    return recording.read_samples(0, recording.n_samples)


def notes(recording: Recording) -> str:
    return "; ".join(note.text for note in recording.notes)


def write_edf(path: Path, seconds: float = 10.0, **more: object) -> np.ndarray:
    """Write twelve leads in mV; return them."""
    ecg = ecg_mv(seconds)
    signals = [
        EdfSignal(row, 500, label=f"ECG {lead}", physical_dimension="mV", physical_range=(-10, 10))
        for lead, row in zip(LEADS, ecg, strict=True)
    ]
    Edf(signals, **more).write(path)  # type: ignore[arg-type]
    return ecg


def test_twelve_leads_by_name_in_mv_by_range(tmp_path: Path) -> None:
    ecg = write_edf(tmp_path / "a.edf")
    recording = opened(tmp_path / "a.edf")
    assert recording.leads == tuple(LEADS)
    assert recording.fs_hz == 500 and recording.n_samples == 5000
    step = 20 / 65535
    assert np.abs(whole(recording) - ecg).max() <= step
    part = recording.read_samples(1234, 2777, ["V3", "I"])
    assert np.array_equal(part, whole(recording)[[LEADS.index("V3"), 0], 1234:2777])
    assert recording.content_hash() != ""


@pytest.mark.parametrize("name", ["cardio_sample", "plusC", "nonint_rate", "mixed_rates"])
def test_samples_and_rate_are_those_of_an_independent_reader(name: str) -> None:
    recording = opened(DATA / f"{name}.edf")
    with pyedflib.EdfReader(str(DATA / f"{name}.edf")) as other:
        scale = {"mV": 1.0, "uV": 1e-3}[other.getPhysicalDimension(0)]
        theirs = other.readSignal(0) * scale
        assert recording.fs_hz == pytest.approx(other.getSampleFrequency(0), rel=1e-9)
    n = recording.n_samples
    assert np.abs(whole(recording)[0] - theirs[:n]).max() < 1e-4


def test_padding_is_cut_off_and_said() -> None:
    recording = opened(DATA / "cardio_sample.edf")
    assert recording.duration_s == 30.0
    assert whole(recording).min() > -2.0
    assert "padding cut off: 3000 samples" in notes(recording)


def test_gaps_between_data_records_are_where_they_were() -> None:
    recording = opened(DATA / "plusD.edf")
    signal = whole(recording)[0]
    missing = np.isnan(signal)
    assert recording.duration_s == 110.0 and "1 gap" in notes(recording)
    assert not missing[:2500].any() and missing[2500:52500].all() and not missing[52500:].any()
    # Any range gives what the whole gives.
    for start, stop in (
        (0, 10),
        (2400, 2600),
        (30_000, 30_500),
        (52_499, 52_501),
        (54_000, 55_000),
    ):
        assert np.array_equal(
            recording.read_samples(start, stop)[0], signal[start:stop], equal_nan=True
        )


def test_patient_filters_and_annotations_of_edf_plus() -> None:
    recording = opened(DATA / "plusC.edf")
    assert recording.patient.name == "Haagse Harry" and recording.patient.patient_id == "12345"
    assert recording.patient.sex == "female" and recording.patient.birth_date == "02-MAY-1951"
    facts = recording.facts
    assert (facts.highpass_hz, facts.lowpass_hz, facts.mains_hz) == (0.05, 150.0, 50.0)
    said = [(event.start_s, event.duration_s, event.text) for event in facts.events]
    assert (3.5, 1.25, "Symptôm") in said and (4.0, 0.0, "texts") in said


def test_start_with_what_is_known_of_it() -> None:
    moment = opened(DATA / "plusC_subsec.edf").start_time
    assert moment == datetime(2024, 3, 2, 10, 20, 30, 345_000)
    assert opened(DATA / "anonym.edf").start_time is None


def test_patient_in_any_encoding() -> None:
    assert "Müller Jörg" in opened(DATA / "utf8.edf").patient.comments[0]
    assert opened(DATA / "utf8.edf").unit == "mV"


def test_bdf_of_24_bits(tmp_path: Path) -> None:
    ecg = ecg_mv(4.0)[:2]
    signals = [
        BdfSignal(
            1000 * row, 500, label=lead, physical_dimension="uV", physical_range=(-400e3, 400e3)
        )
        for lead, row in zip(("I", "V2"), ecg, strict=True)
    ]
    Bdf(signals, annotations=[EdfAnnotation(1.0, None, "pause")]).write(tmp_path / "a.bdf")
    recording = opened(tmp_path / "a.bdf")
    assert recording.format == "BDF+"
    assert np.abs(whole(recording) - ecg).max() < 1e-4
    assert [event.text for event in recording.facts.events] == ["pause"]


def test_slower_signals_are_interpolated_and_others_left_out(tmp_path: Path) -> None:
    fast, slow = np.sin(np.arange(2000) / 50), np.sin(np.arange(1000) / 25)
    signals = [
        EdfSignal(fast, 500, label="I", physical_dimension="mV", physical_range=(-2, 2)),
        EdfSignal(slow, 250, label="V2", physical_dimension="mV", physical_range=(-2, 2)),
        EdfSignal(slow, 250, label="SpO2", physical_dimension="%", physical_range=(-2, 2)),
    ]
    Edf(signals).write(tmp_path / "a.edf")
    recording = opened(tmp_path / "a.edf")
    assert recording.leads == ("I", "V2")
    assert "SpO2 (%)" in notes(recording) and "interpolated linearly to 500 Hz" in notes(recording)
    signal = whole(recording)
    assert np.abs(signal[1][:-1] - signal[0][:-1]).max() < 2e-3
    assert np.array_equal(recording.read_samples(333, 777), signal[:, 333:777])


def test_counts_without_unit_are_asked_for(tmp_path: Path) -> None:
    signals = [EdfSignal(ecg_uv(2.0)[0].astype(float), 500, label="I", physical_range=(-5e3, 5e3))]
    Edf(signals).write(tmp_path / "a.edf")
    assert not opened(tmp_path / "a.edf").units_known
    given = opened(tmp_path / "a.edf", ReadOptions(units="uV"))
    assert given.units_known
    assert given.content_hash() != opened(tmp_path / "a.edf").content_hash()


def test_the_content_decides_not_the_name_and_not_a_neighbour(tmp_path: Path) -> None:
    write_wfdb_16(tmp_path, "x", ecg_uv(10.0))
    write_edf(tmp_path / "x.xml", seconds=4.0)
    assert opened(tmp_path / "x.xml").duration_s == 4.0
    assert opened(tmp_path / "x.hea").duration_s == 10.0
    assert opened(tmp_path / "x").duration_s == 10.0
    found = [ref.path.name for ref in find_records(tmp_path)]
    assert found == ["x.hea", "x.xml"]


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("trunc.edf", CorruptFileError, "3 of the 10 data records"),
        ("annonly.edf", UnsupportedFormatError, "annotations alone"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, kind: type[RecordError], reason: str) -> None:
    with pytest.raises(kind, match=reason):
        opened(DATA / name)


def test_a_file_cut_while_open_is_an_error(tmp_path: Path) -> None:
    shutil.copy(DATA / "nonint_rate.edf", tmp_path)
    recording = opened(tmp_path / "nonint_rate.edf")
    data = (tmp_path / "nonint_rate.edf").read_bytes()
    (tmp_path / "nonint_rate.edf").write_bytes(data[:5000])
    with pytest.raises(RecordError):
        whole(recording)


def test_patients_fields_are_those_that_were_written(tmp_path: Path) -> None:
    who = Patient(code="PX-1", sex="M", name="Zebrowska_Apolonia", additional=("ward", "7"))
    write_edf(tmp_path / "a.edf", patient=who)
    patient = opened(tmp_path / "a.edf").patient
    assert (patient.patient_id, patient.name, patient.sex) == ("PX-1", "Zebrowska Apolonia", "male")
    assert "Patient: ward 7" in patient.comments
