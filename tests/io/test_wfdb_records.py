"""Segments, mixed rates, units, names, answers: what WFDB headers say beyond samples."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecgviewer.cli.words import in_words
from ecgviewer.core.errors import CorruptFileError, RecordError, UnansweredError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from tests.generators import LEADS, ecg_uv, write_wfdb_16
from tests.io.encoders import encode, write_record


def _texts(recording: Recording, level: str) -> str:
    return "\n".join(note.text for note in recording.notes if note.level == level)


def _edit(header: Path, old: str, new: str) -> Path:
    text = header.read_text(encoding="utf-8")
    assert old in text
    header.write_text(text.replace(old, new), encoding="utf-8")
    return header


def test_fixed_layout_joins_segments_and_gaps_are_missing(tmp_path: Path) -> None:
    whole = ecg_uv(10.0)
    for k in range(2):
        write_wfdb_16(tmp_path, f"s{k}", whole[:, 2500 * k : 2500 * (k + 1)])
    header = tmp_path / "joined.hea"
    header.write_text("joined/3 12 500 6000\ns0 2500\n~ 1000\ns1 2500\n")
    recording = open_record(RecordRef(header))
    assert (recording.n_samples, recording.leads) == (6000, LEADS)
    ours = recording.read(0, 12)
    np.testing.assert_allclose(ours[:, :2500], whole[:, :2500] / 1000, atol=1e-6)
    np.testing.assert_allclose(ours[:, 3500:], whole[:, 2500:] / 1000, atol=1e-6)
    assert np.isnan(ours[:, 2500:3500]).all()
    across = recording.read_samples(2400, 3600, ["V6"])
    np.testing.assert_array_equal(across[0], ours[11, 2400:3600])
    assert "3 segments" in recording.format


def test_variable_layout_finds_signals_by_name(tmp_path: Path) -> None:
    a, b = np.arange(1000), np.arange(1000, 2000)
    write_record(tmp_path, "one", "16", np.stack([a, b]), ("II", "V1"))
    write_record(tmp_path, "two", "16", np.stack([b, a]), ("V1", "aVR"), gain="400(0)/mV")
    layout = "lay 3 500 0\n" + "".join(
        f"~ 0 200/mV 16 0 0 0 0 {lead}\n" for lead in ("II", "V1", "aVR")
    )
    (tmp_path / "lay.hea").write_text(layout)
    header = tmp_path / "var.hea"
    header.write_text("var/4 3 500 2500\nlay 0\none 1000\n~ 500\ntwo 1000\n")
    recording = open_record(RecordRef(header))
    assert recording.leads == ("II", "V1", "aVR")
    ours = recording.read(0, 5)
    reference = wfdb.rdrecord(str(tmp_path / "var"), m2s=True).p_signal.T
    np.testing.assert_allclose(ours, reference, rtol=1e-6, equal_nan=True)
    np.testing.assert_allclose(ours[1, 1500:], b / 400, rtol=1e-6)
    assert np.isnan(ours[0, 1000:]).all()


def test_slower_signals_are_interpolated_to_the_fastest_and_it_is_said(tmp_path: Path) -> None:
    # A frame: 4 samples of II, 1 of V1; 62.5 frames per second.
    n_frames = 100
    fast, slow = np.arange(4 * n_frames), 4 * np.arange(n_frames)
    frames = np.column_stack([fast.reshape(-1, 4), slow])
    (tmp_path / "multi.dat").write_bytes(encode("212", frames.reshape(-1)))
    (tmp_path / "multi.hea").write_text(
        "multi 2 62.5 100\n"
        "multi.dat 212x4 200/mV 12 0 0 0 0 II\n"
        "multi.dat 212 200/mV 12 0 0 0 0 V1\n"
    )
    recording = open_record(RecordRef(tmp_path / "multi.hea"))
    assert (recording.fs_hz, recording.n_samples) == (250.0, 400)
    assert "V1: recorded at 62.5 Hz, interpolated linearly to 250 Hz" in _texts(
        recording, "assumed"
    )
    ours = recording.read(0, 2)
    np.testing.assert_allclose(ours[0], fast / 200, rtol=1e-6)
    np.testing.assert_allclose(ours[1, :397], np.arange(397) / 200, atol=1e-6)
    for start, stop in ((1, 2), (3, 9), (17, 390), (395, 400)):
        np.testing.assert_array_equal(recording.read_samples(start, stop), ours[:, start:stop])


def test_skewed_signals_are_aligned(tmp_path: Path) -> None:
    signal = np.stack([np.arange(100), np.arange(100)])
    header = write_record(tmp_path, "skew", "16", signal, ("II", "V1"))
    text = header.read_text().splitlines()
    text[2] = text[2].replace(" 16 200", " 16:3 200", 1)
    header.write_text("\n".join(text))
    ours = open_record(RecordRef(header)).read_samples(0, 100)
    reference = wfdb.rdrecord(str(tmp_path / "skew")).p_signal.T
    np.testing.assert_allclose(ours, reference, rtol=1e-6, equal_nan=True)
    assert np.isnan(ours[1, 97:]).all()


def test_two_signal_files_in_two_formats(tmp_path: Path) -> None:
    x = np.arange(-500, 500)
    (tmp_path / "a.dat").write_bytes(encode("212", x))
    (tmp_path / "b.dat").write_bytes(encode("80", x % 100))
    (tmp_path / "two.hea").write_text(
        "two 2 500 1000\na.dat 212 200/mV 12 0 0 0 0 II\nb.dat 80 100/mV 8 0 0 0 0 V1\n"
    )
    ours = open_record(RecordRef(tmp_path / "two.hea")).read(0, 2)
    np.testing.assert_allclose(ours, [x / 200, x % 100 / 100], rtol=1e-6)


def test_signals_that_are_no_voltages_are_left_out_and_named(tmp_path: Path) -> None:
    header = write_record(tmp_path, "icu", "16", np.zeros((3, 500), int), ("II", "ABP", "RESP"))
    lines = header.read_text().splitlines()
    lines[2] = lines[2].replace("/mV", "/mmHg")
    lines[3] = lines[3].replace("/mV", "/NU")
    header.write_text("\n".join(lines))
    recording = open_record(RecordRef(header))
    assert recording.leads == ("II",)
    assert "ABP (mmHg), RESP (NU)" in _texts(recording, "info")


def test_unknown_units_open_uncalibrated_until_answered(tmp_path: Path) -> None:
    header = write_record(tmp_path, "adu", "16", ecg_uv(2.0), LEADS, gain="1(0)/adu")
    recording = open_record(RecordRef(header))
    assert not recording.units_known
    assert "adu" in _texts(recording, "warning")
    answered = open_record(RecordRef(header, options=ReadOptions(units="uV")))
    assert answered.units_known
    assert "unit uV as given" in _texts(answered, "assumed")
    np.testing.assert_allclose(answered.read(0, 2), ecg_uv(2.0) / 1000, atol=1e-6)
    assert answered.content_hash() != recording.content_hash()


def test_a_header_without_gain_is_uncalibrated(tmp_path: Path) -> None:
    (tmp_path / "bare.dat").write_bytes(encode("16", np.arange(500)))
    (tmp_path / "bare.hea").write_text("bare 1 250 500\nbare.dat 16\n")
    recording = open_record(RecordRef(tmp_path / "bare.hea"))
    assert not recording.units_known
    assert recording.leads == ("signal 1",)
    assert "no gain" in _texts(recording, "warning")
    assert "no name" in _texts(recording, "warning")
    np.testing.assert_allclose(recording.read(0, 2)[0], np.arange(500) / 200, rtol=1e-6)


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are not bytes here")
@pytest.mark.parametrize("header_code", ["latin-1", "utf-8"])
@pytest.mark.parametrize("name_code", ["latin-1", "utf-8"])
def test_names_beyond_ascii_are_found_in_either_spelling(
    tmp_path: Path, header_code: str, name_code: str
) -> None:
    write_wfdb_16(tmp_path, "cafe", ecg_uv(2.0))
    name = os.fsdecode("café".encode(name_code))
    (tmp_path / "cafe.dat").rename(tmp_path / f"{name}.dat")
    header = tmp_path / f"{name}.hea"
    text = (tmp_path / "cafe.hea").read_text().replace("cafe", "café")
    header.write_bytes(text.encode(header_code))
    (tmp_path / "all.hea").write_bytes("all/1 12 500 1000\ncafé 1000\n".encode(header_code))
    for path in (header, tmp_path / "all.hea"):
        recording = open_record(RecordRef(path))
        np.testing.assert_allclose(recording.read(0, 2), ecg_uv(2.0) / 1000, atol=1e-6)
        assert len(recording.content_hash()) == 64


def test_a_missing_rate_is_asked_for_and_the_answer_used(tmp_path: Path) -> None:
    header = _edit(write_wfdb_16(tmp_path, "r", ecg_uv(2.0)), "r 12 500 1000", "r 12 0 1000")
    with pytest.raises(UnansweredError, match="sampling frequency of 0") as caught:
        open_record(RecordRef(header))
    assert caught.value.missing == ("fs",)
    recording = open_record(RecordRef(header, options=ReadOptions(fs_hz=500.0)))
    assert recording.fs_hz == 500.0
    assert "500 Hz as given" in _texts(recording, "assumed")


@pytest.mark.parametrize("stated", ["r 12", "r 12 0 1000"])
def test_a_missing_rate_is_asked_for_in_the_words_of_the_question(
    tmp_path: Path, stated: str
) -> None:
    header = _edit(write_wfdb_16(tmp_path, "r", ecg_uv(2.0)), "r 12 500 1000", stated)
    with pytest.raises(UnansweredError) as caught:
        open_record(RecordRef(header))
    assert in_words(caught.value).endswith("; the sampling frequency (--fs) must be given")


def test_answers_do_not_overrule_what_the_file_says(tmp_path: Path) -> None:
    header = write_wfdb_16(tmp_path, "r", ecg_uv(2.0))
    options = ReadOptions(fs_hz=250.0, units="uV", leads=tuple(LEADS[::-1]))
    recording = open_record(RecordRef(header, options=options))
    assert recording.fs_hz == 500.0
    assert recording.leads == LEADS
    told = _texts(recording, "info")
    assert "250 Hz given were not used" in told
    assert "the file says mV; the unit uV given was not used" in told
    assert "the lead names given were not used" in _texts(recording, "warning")
    np.testing.assert_allclose(recording.read(0, 2), ecg_uv(2.0) / 1000, atol=1e-6)


def test_answers_that_the_file_gives_too_are_no_news(tmp_path: Path) -> None:
    header = write_wfdb_16(tmp_path, "r", ecg_uv(2.0))
    leads = tuple(f"Lead {lead}" for lead in LEADS)
    same = ReadOptions(fs_hz=500.0, units="millivolt", leads=leads)
    recording = open_record(RecordRef(header, options=same))
    assert recording.notes == open_record(RecordRef(header)).notes


def test_a_lead_turned_over_is_not_its_opposite(tmp_path: Path) -> None:
    signal = ecg_uv(10.0)
    signal[3] *= -1
    names = tuple("-aVR" if lead == "aVR" else lead for lead in LEADS)
    recording = open_record(RecordRef(write_wfdb_16(tmp_path, "r", signal, leads=names)))
    assert recording.leads == (*names, "aVR")
    assert recording.numbering.signals[-1] is None
    np.testing.assert_allclose(recording.read(0, 1, ["aVR"])[0], -signal[3, :500] / 1000, atol=1e-6)
    assert "identities hold" in _texts(recording, "info")
    assert "not taken for standard leads" in _texts(recording, "warning")
    assert "-aVR" in _texts(recording, "warning")
    np.testing.assert_allclose(recording.read(0, 1)[3], signal[3, :500] / 1000, atol=1e-6)


def test_the_difference_of_two_leads_is_no_third_lead(tmp_path: Path) -> None:
    signal = ecg_uv(2.0)[:3]
    recording = open_record(
        RecordRef(write_wfdb_16(tmp_path, "r", signal, leads=("I-II", "I_I", "V1")))
    )
    assert recording.leads == ("I-II", "I_I", "V1")
    assert "in the name: I-II, I_I" in _texts(recording, "warning")


def test_leads_are_found_by_alias_in_any_order(tmp_path: Path) -> None:
    names = (
        "MDC_ECG_LEAD_V6",
        "V5",
        "c4",
        "V3",
        "V2",
        "V1",
        "AVF",
        "avl",
        "aVR",
        "DIII",
        "Lead II",
        "D1",
    )
    header = write_wfdb_16(tmp_path, "r", ecg_uv(10.0)[::-1], leads=names)
    recording = open_record(RecordRef(header))
    assert recording.leads == LEADS[::-1]
    assert recording.missing_standard_leads == ()
    assert "identities hold" in _texts(recording, "info")


def test_repeated_names_stay_apart(tmp_path: Path) -> None:
    header = write_wfdb_16(tmp_path, "r", ecg_uv(2.0)[:3], leads=("II", "II", "ML II"))
    recording = open_record(RecordRef(header))
    assert recording.leads == ("II", "II (2)", "ML II")
    assert "more than once: II" in _texts(recording, "warning")


@pytest.mark.parametrize("count", [1, 3, 15])
def test_any_number_of_leads_opens(tmp_path: Path, count: int) -> None:
    signal = np.concatenate([ecg_uv(5.0)] * 2)[:count]
    names = (*LEADS[::-1], "X", "Y", "Z")[:count]
    recording = open_record(RecordRef(write_wfdb_16(tmp_path, "r", signal, leads=names)))
    assert recording.read(0, 5).shape == (count, 2500)
    assert len(recording.missing_standard_leads) == max(12 - count, 0)


def test_half_a_second_opens(tmp_path: Path) -> None:
    recording = open_record(RecordRef(write_wfdb_16(tmp_path, "r", ecg_uv(0.5))))
    assert recording.duration_s == 0.5
    assert recording.read(-3, 99).shape == (12, 250)


def test_length_missing_in_the_header_comes_from_the_file(tmp_path: Path) -> None:
    header = _edit(write_wfdb_16(tmp_path, "r", ecg_uv(2.0)), "r 12 500 1000", "r 12 500")
    assert open_record(RecordRef(header)).n_samples == 1000


def test_the_patient_is_read_never_guessed(tmp_path: Path) -> None:
    signal = ecg_uv(1.0)
    comments = ("Age: 51", "Sex: F", "Dx: 426783006,164889003", "free text")
    patient = open_record(
        RecordRef(write_wfdb_16(tmp_path, "a", signal, comments=comments))
    ).patient
    assert (patient.age_years, patient.sex) == (51.0, "female")
    assert patient.diagnoses == ("426783006", "164889003")
    assert patient.comments == comments
    ptb = (
        "<age>: 62  <sex>: male  <diagnoses>: none",
        "Reason for admission: Myocardial infarction",
    )
    patient = open_record(RecordRef(write_wfdb_16(tmp_path, "b", signal, comments=ptb))).patient
    assert (patient.age_years, patient.sex) == (62.0, "male")
    assert patient.diagnoses == ("Myocardial infarction",)
    odd = ("Age: NaN", "Sex: Unknown", "69 leads 1085 1629 x1", "Age: 300")
    patient = open_record(RecordRef(write_wfdb_16(tmp_path, "c", signal, comments=odd))).patient
    assert (patient.age_years, patient.sex, patient.line()) == (None, "", "")


@pytest.mark.parametrize("mark", [b"\x85", b"\x0b", b"\x0c", b"\x1c", "\u2028".encode()])
def test_a_comment_goes_on_behind_an_ellipsis_of_windows(tmp_path: Path, mark: bytes) -> None:
    header = write_wfdb_16(tmp_path, "r", ecg_uv(1.0), comments=("Dx: AF @ 12 leads", "Age: 51"))
    data = b"# Dr. M\xfcller @ 12 leads\n" if mark == b"\x85" else b"# Dr. M @ 12 leads\n"
    header.write_bytes((data + header.read_bytes()).replace(b"@", mark))
    patient = open_record(RecordRef(header)).patient
    assert len(patient.comments) == 3
    assert all(text.endswith("12 leads") for text in patient.comments[:2])
    assert patient.age_years == 51.0


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_may_end_as_in_other_systems(tmp_path: Path, end: str) -> None:
    header = write_wfdb_16(tmp_path, "r", ecg_uv(1.0), comments=("Age: 51",))
    header.write_bytes(header.read_bytes().replace(b"\n", end.encode()))
    recording = open_record(RecordRef(header))
    assert (recording.leads, recording.patient.age_years) == (LEADS, 51.0)


def test_the_start_is_known_with_time_and_date(tmp_path: Path) -> None:
    header = write_wfdb_16(tmp_path, "r", ecg_uv(1.0))
    _edit(header, "r 12 500 500\n", "r 12 500 500 10:11:12 24/12/2019\n")
    assert open_record(RecordRef(header)).start_time == datetime(2019, 12, 24, 10, 11, 12)
    _edit(header, "24/12/2019", "99/99/2019")
    assert open_record(RecordRef(header)).start_time is None


def test_a_wrong_checksum_is_noted_by_lead(tmp_path: Path) -> None:
    header = write_wfdb_16(tmp_path, "r", ecg_uv(2.0))
    data = bytearray((tmp_path / "r.dat").read_bytes())
    data[24 * 700 + 2 * 6] ^= 0x04
    (tmp_path / "r.dat").write_bytes(data)
    recording = open_record(RecordRef(header))
    assert "r.hea: wrong checksum for V1;" in _texts(recording, "warning")


def test_limb_identities_reveal_labels_signs_and_scales(tmp_path: Path) -> None:
    signal = ecg_uv(10.0)
    swapped = list(LEADS)
    swapped[4], swapped[5] = "aVF", "aVL"
    recording = open_record(RecordRef(write_wfdb_16(tmp_path, "a", signal, leads=tuple(swapped))))
    told = _texts(recording, "warning")
    assert "what is labelled aVF is aVL" in told
    assert "what is labelled aVL is aVF" in told
    inverted = signal.copy()
    inverted[3] *= -1
    told = _texts(open_record(RecordRef(write_wfdb_16(tmp_path, "b", inverted))), "warning")
    assert "aVR is -1 times" in told
    doubled = signal.copy()
    doubled[2] *= 2
    told = _texts(open_record(RecordRef(write_wfdb_16(tmp_path, "c", doubled))), "warning")
    assert "III is 2 times" in told


def test_one_electrode_reversed_is_explained_by_one_change(tmp_path: Path) -> None:
    signal = ecg_uv(10.0)
    signal[0] *= -1
    told = _texts(open_record(RecordRef(write_wfdb_16(tmp_path, "r", signal))), "warning")
    assert "I upside down" in told
    assert "labelled" not in told


def test_gains_that_differ_per_lead_are_called_that(tmp_path: Path) -> None:
    signal = ecg_uv(10.0).astype(np.float64)
    signal *= 1000 / np.ptp(signal, axis=1, keepdims=True)  # as LUDB is published
    header = write_wfdb_16(tmp_path, "r", np.round(signal).astype(np.int64))
    assert "the gains contradict each other" in _texts(open_record(RecordRef(header)), "warning")


def test_a_glitch_is_no_matter_of_labels(tmp_path: Path) -> None:
    signal = ecg_uv(10.0)
    signal[3, 1600:1609] += np.array([2, -2, 2, -2, 2, -2, 2, -2, 2]) * 4000
    recording = open_record(RecordRef(write_wfdb_16(tmp_path, "r", signal)))
    assert "identities" not in _texts(recording, "warning")
    assert "an artefact of 18 ms at 3.20 s" in _texts(recording, "info")


def test_identities_that_hold_do_not_claim_the_electrodes_are_right(tmp_path: Path) -> None:
    recording = open_record(RecordRef(write_wfdb_16(tmp_path, "r", ecg_uv(10.0))))
    assert "this does not show exchanged electrodes" in _texts(recording, "info")


def test_flat_leads_and_impossible_amplitudes_are_noted(tmp_path: Path) -> None:
    signal = ecg_uv(10.0)
    signal[6] = 5
    signal[7] = -32768
    header = write_wfdb_16(tmp_path, "r", signal)
    told = _texts(open_record(RecordRef(header)), "warning")
    assert "constant in the first 10 s: V1" in told
    assert "missing in the first 10 s: V2" in told
    _edit(header, "1000(0)/mV", "1(0)/mV")
    assert "no ECG does" in _texts(open_record(RecordRef(header)), "warning")


def test_the_hash_is_that_of_header_and_signal_file(tmp_path: Path) -> None:
    import hashlib

    header = write_wfdb_16(tmp_path, "r", ecg_uv(1.0))
    data = header.read_bytes() + (tmp_path / "r.dat").read_bytes()
    assert open_record(RecordRef(header)).content_hash() == hashlib.sha256(data).hexdigest()


def test_a_file_that_changes_or_goes_while_open_is_an_error(tmp_path: Path) -> None:
    header = write_wfdb_16(tmp_path, "r", ecg_uv(2.0))
    recording = open_record(RecordRef(header))
    signal_file = tmp_path / "r.dat"
    signal_file.write_bytes(signal_file.read_bytes()[:-240])
    with pytest.raises(RecordError, match=r"r\.dat: was changed"):
        recording.read(0, 1)
    signal_file.unlink()
    with pytest.raises(RecordError, match=r"r\.dat: the file is missing"):
        recording.read(0, 1)


def test_segments_that_contradict_their_record_are_refused(tmp_path: Path) -> None:
    write_wfdb_16(tmp_path, "s0", ecg_uv(2.0))
    header = tmp_path / "m.hea"
    for text, reason in (
        ("m/1 12 500 2000\ns0 2000\n", "holds 1000 of the 2000"),
        ("m/1 3 500 1000\ns0 1000\n", "has 12 signals, its record 3"),
        ("m/1 12 250 1000\ns0 1000\n", "is sampled at 500 Hz"),
        ("m/1 12 500 1000\nm 1000\n", "consists of segments itself"),
        ("m/2 12 500 1000\ns0 1000\n", "claims 2 segments"),
        ("m/1 12 500 999\ns0 1000\n", "promises 999 samples"),
        ("m/1 12 500 1000\n../s0 1000\n", "outside its folder"),
        ("m/1 12 500 1000\n~ 1000\n", "no segment with samples"),
    ):
        header.write_text(text)
        with pytest.raises(CorruptFileError, match=reason):
            open_record(RecordRef(header))
