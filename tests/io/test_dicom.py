"""DICOM waveforms: groups, units, roles, time, and refusals with their reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from ecgviewer.core.errors import CorruptFileError, RecordError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import RecordFailure, find_records, open_record
from tests.generators import LEADS, ecg_mv
from tests.io.dicom_files import code, dataset, group, write

DATA = Path(__file__).parent / "data" / "dicom"


def opened(path: Path, options: ReadOptions | None = None) -> Recording:
    found = next(iter(find_records(path, options)))
    if not isinstance(found, RecordRef):
        raise found.error
    return open_record(found)


def whole(recording: Recording) -> np.ndarray:
    return recording.read_samples(0, recording.n_samples)


def notes(recording: Recording) -> str:
    return "; ".join(note.text for note in recording.notes)


@pytest.mark.parametrize("name", ["waveform_ecg.dcm", "cardio_sample.dcm", "own_scpecg.dcm"])
def test_samples_are_those_of_pydicom(name: str) -> None:
    path = DATA / name if (DATA / name).exists() else Path(str(get_testdata_file(name)))
    recording = opened(path)
    theirs = pydicom.dcmread(path).waveform_array(0).T / 1000
    assert np.abs(whole(recording)[: len(theirs)] - theirs).max() < 1e-5
    assert np.array_equal(
        recording.read_samples(700, 1901, ["II"]), whole(recording)[1:2, 700:1901]
    )


def test_what_the_machine_says_is_kept_as_the_machines() -> None:
    recording = opened(DATA / "cardio_sample.dcm")
    facts = recording.facts
    assert facts.statements == ("Normal sinus rhythm", "Normal ECG") and facts.confirmed is None
    assert "QRS Duration: 86 ms" in [one.text() for one in facts.measurements]
    assert (facts.highpass_hz, facts.lowpass_hz) == (0.16, 150.0)
    assert facts.median is not None and facts.median.samples_mv.shape == (12, 600)
    assert recording.duration_s == 10.0  # the median beat is no rhythm
    italian = opened(Path(str(get_testdata_file("waveform_ecg.dcm"))))
    assert italian.facts.statements == ("RITMO SINUSALE", "ECG NORMALE")
    assert "PP Interval" not in [one.name for one in italian.facts.measurements]  # 0 ms is none


def test_four_groups_of_three_leads_are_one_record_with_gaps() -> None:
    (found,) = find_records(DATA / "own_general4x3.dcm")
    assert isinstance(found, RecordRef)
    recording = open_record(found)
    assert recording.leads == tuple(LEADS) and recording.duration_s == 10.0
    signal = np.isfinite(whole(recording))
    for k in range(4):
        rows = signal[3 * k : 3 * k + 3]
        assert rows[:, 1250 * k : 1250 * (k + 1)].all() and rows.sum() == 3 * 1250
    assert np.array_equal(
        recording.read_samples(1200, 1300), whole(recording)[:, 1200:1300], equal_nan=True
    )


def test_the_same_leads_at_another_time_are_another_record(tmp_path: Path) -> None:
    ecg = ecg_mv(10.0)
    path = write(
        tmp_path / "a.dcm",
        group(ecg, MultiplexGroupTimeOffset=0),
        group(-ecg, MultiplexGroupTimeOffset=60_000),
    )
    first, second = find_records(path)
    assert isinstance(first, RecordRef) and isinstance(second, RecordRef)
    one, two = open_record(first), open_record(second)
    assert (one.name, two.name) == ("a#0", "a#1")
    assert np.abs(whole(one) + whole(two)).max() == 0
    assert (two.start_time - one.start_time).total_seconds() == 60  # type: ignore[operator]
    assert one.content_hash() != two.content_hash()
    # In a folder the file is not read for its records: its first says that there are others.
    (listed,) = find_records(tmp_path)
    assert isinstance(listed, RecordRef)
    assert "holds 2 recordings" in notes(open_record(listed))
    assert open_record(next(iter(find_records(tmp_path / "a.dcm#1")))).name == "a#1"  # type: ignore[arg-type]


def test_padding_is_missing_and_units_are_each_channels_own(tmp_path: Path) -> None:
    ecg = ecg_mv(4.0)
    ecg[3, 100:200] = -163.84  # -32768
    item = group(ecg, WaveformPaddingValue=b"\x00\x80")
    item.ChannelDefinitionSequence[1].ChannelSensitivity = 0.005
    item.ChannelDefinitionSequence[1].ChannelSensitivityUnitsSequence = [code("mV", "UCUM", "mV")]
    recording = opened(write(tmp_path / "a.dcm", item))
    signal = whole(recording)
    assert np.isnan(signal[3, 100:200]).all() and np.isfinite(signal).sum() == signal.size - 100
    good = np.isfinite(signal)
    assert np.abs(signal[good] - ecg[good]).max() <= 0.0026


def test_counts_without_sensitivity_are_asked_for(tmp_path: Path) -> None:
    item = group(ecg_mv(4.0))
    for one in item.ChannelDefinitionSequence:
        del one.ChannelSensitivity
    path = write(tmp_path / "a.dcm", item)
    assert not opened(path).units_known and "no sensitivity" in notes(opened(path))
    assert opened(path, ReadOptions(units="uV")).units_known


def test_a_derived_group_without_label_is_the_median_beat(tmp_path: Path) -> None:
    ecg = ecg_mv(10.0)
    beat = group(ecg[:, 200:800], WaveformOriginality="DERIVED")
    recording = opened(write(tmp_path / "a.dcm", beat, group(ecg)))
    assert recording.duration_s == 10.0 and recording.facts.median is not None
    assert np.abs(recording.facts.median.samples_mv - ecg[:, 200:800]).max() <= 0.0026


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_every_transfer_syntax(tmp_path: Path, syntax: pydicom.uid.UID) -> None:
    ecg = ecg_mv(4.0)
    item = group(ecg)
    if syntax == ExplicitVRBigEndian:
        item.WaveformData = np.frombuffer(item.WaveformData, "<i2").astype(">i2").tobytes()
    recording = opened(write(tmp_path / "a.dcm", item, syntax=syntax))
    assert np.abs(whole(recording) - ecg).max() <= 0.0026
    assert recording.patient.name == "Doe Jane"


def test_a_file_without_preamble_and_meta_information(tmp_path: Path) -> None:
    ecg = ecg_mv(4.0)
    found = dataset(group(ecg))
    for implicit in (True, False):
        _write_bare(tmp_path / "bare", found, implicit)
        assert np.abs(whole(opened(tmp_path / "bare")) - ecg).max() <= 0.0026


def _write_bare(path: Path, found: pydicom.Dataset, implicit: bool) -> None:
    plain = pydicom.Dataset(found)
    with path.open("wb") as file:
        pydicom.filewriter.write_dataset(_buffer(file, implicit), plain)


def _buffer(file: object, implicit: bool) -> object:
    from pydicom.filebase import DicomFileLike

    buffer = DicomFileLike(file)  # type: ignore[arg-type]
    buffer.is_implicit_VR, buffer.is_little_endian = implicit, True
    return buffer


def test_start_with_zone_and_study_time_as_an_assumption(tmp_path: Path) -> None:
    item = group(ecg_mv(4.0))
    aware = write(tmp_path / "a.dcm", item, AcquisitionDateTime="20240304131415.25+0100")
    assert opened(aware).start.utc_offset_min == 60
    study = write(
        tmp_path / "b.dcm", item, AcquisitionDateTime="", StudyDate="20240304", StudyTime="131415"
    )
    assert opened(study).start_time.isoformat() == "2024-03-04T13:14:15"  # type: ignore[union-attr]
    assert "the study's date and time" in notes(opened(study))


def refused(path: Path) -> RecordError:
    found = next(iter(find_records(path)))
    if isinstance(found, RecordFailure):
        return found.error
    with pytest.raises(RecordError) as caught:
        open_record(found)
    return caught.value


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    assert "mu-law coding: not supported" in str(refused(DATA / "own_mulaw.dcm"))
    data = (DATA / "cardio_sample.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(data[:60_000])
    error = refused(tmp_path / "cut.dcm")
    assert isinstance(error, CorruptFileError) and "truncated" in str(error)
    image = write(tmp_path / "i.dcm", Rows=1, Columns=1, SOPClassUID="1.2.840.10008.5.1.4.1.1.2")
    assert "a DICOM image without waveforms" in str(refused(image))
    document = write(tmp_path / "d.dcm", SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1")
    assert "a document in DICOM" in str(refused(document))
    wrong = write(tmp_path / "w.dcm", group(ecg_mv(4.0), NumberOfWaveformSamples=3000))
    item = pydicom.dcmread(wrong)
    item.WaveformSequence[0].NumberOfWaveformSamples = 3000
    item.save_as(wrong)
    assert "claims 3000 samples per channel and holds 2000" in str(refused(wrong))
    assert all(isinstance(refused(one), UnsupportedFormatError) for one in (image, document))
    for path in (image, document, wrong):
        assert path.name in str(refused(path))


def test_a_day_of_twelve_leads_opens_at_once(tmp_path: Path) -> None:
    """Only the range asked for is read: the samples of this sparse file take no memory."""
    item = group(ecg_mv(2.0))
    path = write(tmp_path / "a.dcm", item)
    data = path.read_bytes()
    samples = item.WaveformData
    at = data.index(samples)
    n_samples = 24 * 3600 * 500
    length = n_samples * 24
    count = data.replace(
        b"\x3a\x00\x10\x00UL\x04\x00" + (1000).to_bytes(4, "little"),
        b"\x3a\x00\x10\x00UL\x04\x00" + n_samples.to_bytes(4, "little"),
    )
    count = bytearray(count)
    count[at - 4 : at] = length.to_bytes(4, "little")
    item_at = count.index(b"\xfe\xff\x00\xe0")
    stated = int.from_bytes(count[item_at + 4 : item_at + 8], "little")
    if stated != 0xFFFFFFFF:
        longer = stated + length - len(samples)
        count[item_at + 4 : item_at + 8] = longer.to_bytes(4, "little")
        count[item_at - 4 : item_at] = (longer + 8).to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(count[:at])
        file.truncate(at + length)
    recording = opened(path)
    assert recording.duration_s == 86_400
    assert recording.read(86_399, 86_400).shape == (12, 500)
