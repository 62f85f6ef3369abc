"""HDF5 layouts found in the wild, and answers to what they leave open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from ecgviewer.core.errors import UnansweredError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import find_records, open_record, profiles
from ecgviewer.io.hdf5.locate import layout as hdf5_layout
from tests.generators import LEADS, ecg_mv

ECG_MV = ecg_mv(10.0, 500.0)


def _texts(recording: Recording, level: str) -> str:
    return "\n".join(note.text for note in recording.notes if note.level == level)


def _open(path: Path, index: int | None = None, **answers: object) -> Recording:
    return open_record(RecordRef(path, index, ReadOptions(**answers)))  # type: ignore[arg-type]


def _code(path: Path, order: tuple[str, ...] = LEADS, padding: int = 48) -> Path:
    ecg = ecg_mv((4096 - 2 * padding) / 400, 400.0)
    stack = np.zeros((3, 4096, 12), np.float32)
    stack[:, padding : 4096 - padding] = ecg[[LEADS.index(lead) for lead in order]].T
    with h5py.File(path, "w") as file:
        file.create_dataset("tracings", data=stack, chunks=(1, 4096, 12), compression="gzip")
        file["exam_id"] = np.arange(3)
    return path


def test_code_stacks_lose_their_padding(tmp_path: Path) -> None:
    recording = _open(_code(tmp_path / "c.hdf5"), 1)
    assert (recording.fs_hz, recording.n_samples, recording.leads) == (400.0, 4000, LEADS)
    assert recording.units_known
    np.testing.assert_allclose(recording.read(0, 10), ecg_mv(10.0, 400.0), atol=1e-6)
    assert "48 samples before, 48 after" in _texts(recording, "info")
    assumed = _texts(recording, "assumed")
    assert "400 Hz" in assumed
    assert "unit mV" in assumed
    assert "I II III aVR aVL aVF" in assumed


def test_code_lead_order_is_the_one_whose_identities_hold(tmp_path: Path) -> None:
    order = ("I", "II", "III", "aVL", "aVF", "aVR", *LEADS[6:])
    recording = _open(_code(tmp_path / "c.hdf5", order), 0)
    assert recording.leads == order
    assert "I II III aVL aVF aVR" in _texts(recording, "assumed")
    assert "identities hold" in _texts(recording, "info")
    np.testing.assert_allclose(
        recording.read(0, 1, ["aVR"])[0], ecg_mv(10.0, 400.0)[3, :400], atol=1e-6
    )


def test_sph_is_read_as_published_or_as_the_table_beside_it_says(tmp_path: Path) -> None:
    path = tmp_path / "A00001.h5"
    with h5py.File(path, "w") as file:
        data = ECG_MV.astype(np.float16)
        file.create_dataset("ecg", data=data, chunks=(3, 1250), compression="gzip")
    recording = _open(path)
    assert (recording.fs_hz, recording.leads, recording.units_known) == (500.0, LEADS, True)
    np.testing.assert_array_equal(recording.read(0, 10), data.astype(np.float32))
    assert "published for SPH" in _texts(recording, "assumed")
    table = "ECG_ID,AHA_Code,Patient_ID,Age,Sex,fs\nA00001,22;23,S1,55,M,250\n"
    (tmp_path / "metadata.csv").write_text(table)
    recording = _open(path)
    assert recording.fs_hz == 250.0
    assert "250 Hz from metadata.csv" in _texts(recording, "assumed")
    assert (recording.patient.age_years, recording.patient.sex) == (55.0, "male")
    assert recording.patient.diagnoses == ("AHA 22", "AHA 23")


@pytest.mark.parametrize("holder", ["dataset", "group", "root", "beside"])
@pytest.mark.parametrize("transposed", [False, True])
def test_facts_are_found_wherever_they_stand(tmp_path: Path, holder: str, transposed: bool) -> None:
    path = tmp_path / "f.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("exam/one")
        group["ecg"] = (ECG_MV * 1000).T if transposed else ECG_MV * 1000
        facts = {"sampling_rate": 500.0, "units": "uV", "lead_names": list(LEADS)}
        if holder == "beside":
            for key, value in facts.items():
                group[key] = value
        else:
            {"dataset": group["ecg"], "group": group, "root": file}[holder].attrs.update(facts)
    recording = _open(path)
    assert (recording.fs_hz, recording.leads, recording.units_known) == (500.0, LEADS, True)
    np.testing.assert_allclose(recording.read(0, 10), ECG_MV, atol=1e-5)
    assert not _texts(recording, "assumed")


@pytest.mark.parametrize("place", ["ecg/2020-01-01/{}", "ukb/strip_{}", "bed/{}/value"])
def test_one_dataset_per_lead(tmp_path: Path, place: str) -> None:
    path = tmp_path / "g.h5"
    with h5py.File(path, "w") as file:
        file.attrs["fs"] = 500
        for lead, row in zip(LEADS[::-1], ECG_MV[::-1], strict=True):
            file[place.format(lead)] = np.round(row * 1000).astype(np.int16)
            file[place.format(lead)].attrs["units"] = "uV"
            if place.endswith("value"):
                file[place.replace("value", "time").format(lead)] = np.arange(5000) / 500
    recording = _open(path)
    assert set(recording.leads) == set(LEADS)
    assert "one dataset per lead" in recording.format
    np.testing.assert_allclose(recording.read(0, 10, LEADS), ECG_MV, atol=6e-4)


def test_several_dates_are_several_records(tmp_path: Path) -> None:
    path = tmp_path / "g.h5"
    with h5py.File(path, "w") as file:
        file.attrs.update(sfreq=500, units="mV")
        for k, date in enumerate(("2020-01-01", "2021-01-01")):
            for lead, row in zip(LEADS, ECG_MV, strict=True):
                file[f"ecg/{date}/{lead}"] = row * (k + 1)
    assert [found.name for found in find_records(path)] == ["g#0", "g#1"]
    first, second = _open(path, 0), _open(path, 1)
    np.testing.assert_allclose(second.read(0, 1), 2 * first.read(0, 1), rtol=1e-6)
    assert first.content_hash() != second.content_hash()


def test_one_group_per_record(tmp_path: Path) -> None:
    path = tmp_path / "g.h5"
    with h5py.File(path, "w") as file:
        file.attrs.update(fs=500, units="mV", leads=list(LEADS))
        for k in range(3):
            file[f"exam{k}/ecg"] = ECG_MV[:, : 1000 * (k + 1)]
    assert [found.name for found in find_records(path)] == ["g#0", "g#1", "g#2"]
    assert [_open(path, k).n_samples for k in range(3)] == [1000, 2000, 3000]


def test_matlab_7_3_is_transposed_and_keeps_its_facts_beside(tmp_path: Path) -> None:
    path = tmp_path / "m.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["val"] = (ECG_MV * 1000).T  # 12 x 5000 in MATLAB
        file["fs"] = np.array([[500.0]])
        units = file.create_dataset("units", data=np.array([[117], [86]], np.uint16))
        units.attrs["MATLAB_class"] = np.bytes_("char")
        names = [
            file.create_dataset(
                f"#refs#/{k}", data=np.array([[ord(c)] for c in lead], np.uint16)
            ).ref
            for k, lead in enumerate(LEADS)
        ]
        file.create_dataset("leads", data=np.array([names], dtype=h5py.ref_dtype))
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(512) + path.read_bytes()[512:])
    recording = _open(path)
    assert (recording.fs_hz, recording.leads) == (500.0, LEADS)
    np.testing.assert_allclose(recording.read(0, 10), ECG_MV, atol=1e-5)


def test_z_scored_records_are_read_without_claiming_mv(tmp_path: Path) -> None:
    path = tmp_path / "z.h5"
    scored = ECG_MV / ECG_MV.std(axis=1, keepdims=True)
    with h5py.File(path, "w") as file:
        item = file.create_dataset("signal", data=np.round(scored[None] * 1000).astype(np.int16))
        item.attrs.update(scale=0.001, unit="z-score units per count")
        file.attrs.update(fs=500, leads=list(LEADS), normalisation="per lead z-score over 10 s")
    recording = _open(path, 0)
    assert not recording.units_known
    assert "per lead z-score over 10 s" in _texts(recording, "warning")
    assert "identities" not in _texts(recording, "warning")
    np.testing.assert_allclose(recording.read(0, 10), scored, atol=6e-4)


def test_unknown_unit_opens_with_a_warning_until_answered(tmp_path: Path) -> None:
    path = tmp_path / "u.h5"
    with h5py.File(path, "w") as file:
        file["ecg"] = ECG_MV * 1000
        file.attrs.update(fs=500, leads=list(LEADS))
    recording = _open(path)
    assert not recording.units_known
    assert "it can be given" in _texts(recording, "warning")
    answered = _open(path, units="uV")
    assert answered.units_known
    np.testing.assert_allclose(answered.read(0, 10), ECG_MV, atol=1e-5)


def _silent(path: Path, ecg_mv: np.ndarray = ECG_MV) -> Path:
    with h5py.File(path, "w") as file:
        file["wave"] = ecg_mv * 1000
    return path


def test_one_reading_is_one_record_and_another_reading_another(tmp_path: Path) -> None:
    """By its hash reviews and analyses are found again; it must follow what was answered."""
    path = _silent(tmp_path / "s.h5")
    answers = ReadOptions(fs_hz=500.0, units="uV", leads=LEADS)
    given = open_record(RecordRef(path, None, answers)).content_hash()
    profiles.remember(path, answers)
    assert open_record(RecordRef(path)).content_hash() == given
    profiles.remember(path, replace(answers, fs_hz=250.0))
    other = open_record(RecordRef(path))
    assert other.fs_hz == 250.0 and other.content_hash() != given
    assert _open(path, fs_hz=500.0).content_hash() == given
    profiles.forget(path)
    assert open_record(RecordRef(path, None, answers)).content_hash() == given


def test_an_answer_that_was_not_asked_for_makes_no_other_record(tmp_path: Path) -> None:
    path = tmp_path / "u.h5"
    with h5py.File(path, "w") as file:
        file["ecg"] = ECG_MV
        file["ecg"].attrs["units"] = "mV"
        file.attrs.update(fs=500, leads=list(LEADS))
    assert _open(path, fs_hz=250.0, units="uV").content_hash() == _open(path).content_hash()


def test_what_is_open_is_asked_at_once_and_answers_are_noted(tmp_path: Path) -> None:
    path = _silent(tmp_path / "s.h5")
    with pytest.raises(UnansweredError, match="lead names and the unit") as caught:
        _open(path)
    assert set(caught.value.missing) == {"fs", "leads", "units"}
    recording = _open(path, fs_hz=500.0, units="uV", leads=LEADS)
    assert recording.leads == LEADS
    np.testing.assert_allclose(recording.read(0, 10), ECG_MV, atol=1e-5)
    assert len(_texts(recording, "assumed").splitlines()) == 3
    with pytest.raises(UnansweredError, match="3 lead names were given for 12"):
        _open(path, fs_hz=500.0, leads=("I", "II", "III"))


def test_answers_are_kept_for_the_layout_and_always_noted(tmp_path: Path) -> None:
    first, second = _silent(tmp_path / "s.h5"), _silent(tmp_path / "t.h5", 2 * ECG_MV)
    profiles.remember(first, ReadOptions(fs_hz=500.0, units="uV", leads=LEADS))
    recording = _open(second)
    assert (recording.fs_hz, recording.units_known, recording.leads) == (500.0, True, LEADS)
    assumed = _texts(recording, "assumed")
    assert assumed.count("as answered for files of this layout") == 3
    # What is given now comes first; other layouts are asked about as before.
    assert _open(second, fs_hz=250.0).fs_hz == 250.0
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["trace"] = ECG_MV
    with pytest.raises(UnansweredError):
        _open(tmp_path / "other.h5")
    profiles.forget(first)
    with pytest.raises(UnansweredError):
        _open(second)


def test_a_damaged_profile_file_is_as_if_there_were_none(tmp_path: Path, user_home: Path) -> None:
    path = _silent(tmp_path / "s.h5")
    profiles.remember(path, ReadOptions(fs_hz=500.0, units="uV", leads=LEADS))
    (stored,) = user_home.rglob(profiles.FILE_NAME)
    assert "s.h5" not in stored.read_text()
    for text in ("", "{", "[]", '{"version": 9}', '{"version": 1, "profiles": [1]}'):
        stored.write_text(text)
        with pytest.raises(UnansweredError):
            _open(path)


def test_inspect_lists_candidates_likeliest_first_with_preview(tmp_path: Path) -> None:
    path = tmp_path / "i.h5"
    with h5py.File(path, "w") as file:
        file["weights"] = np.zeros((300, 40))
        file["b/ecg"] = ECG_MV.T
        file["b/ecg"].attrs["fs"] = 500
        file["a/ecg_raw"] = ECG_MV
        file["label"] = np.arange(5)
    found = hdf5_layout.inspect(path)
    assert [one.dataset for one in found] == ["b/ecg", "a/ecg_raw", "weights"]
    assert (found[0].n_leads, found[0].n_samples, found[0].fs_hz) == (12, 5000, 500.0)
    assert found[0].attributes == {"fs": "500"}
    np.testing.assert_allclose(hdf5_layout.preview(path, "b/ecg", 100), ECG_MV[:, :100], atol=1e-6)


def test_the_dataset_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "two.h5"
    with h5py.File(path, "w") as file:
        file.attrs.update(fs=500, units="mV", leads=list(LEADS))
        file["raw/ecg"], file["raw/signal"] = ECG_MV, 2 * ECG_MV
    with pytest.raises(UnansweredError, match="say which"):
        _open(path)
    np.testing.assert_allclose(
        _open(path, dataset="/raw/signal").read(0, 1), 2 * ECG_MV[:, :500], atol=1e-6
    )
    with pytest.raises(UnsupportedFormatError, match="no dataset 'nothing'"):
        _open(path, dataset="nothing")


def test_range_reads_equal_the_whole_and_infinities_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "r.h5"
    ecg = ECG_MV.astype(np.float32)
    ecg[3, 100] = np.inf
    ecg[4, 101] = np.nan
    with h5py.File(path, "w") as file:
        file.create_dataset("ecg", data=ecg, chunks=(5, 700), compression="gzip")
        file.attrs.update(fs=500, units="mV", leads=list(LEADS))
    recording = _open(path)
    whole = recording.read_samples(0, 5000)
    assert np.argwhere(np.isnan(whole)).tolist() == [[3, 100], [4, 101]]
    rng = np.random.default_rng(0)
    for _ in range(30):
        start, stop = (int(one) for one in np.sort(rng.integers(0, 5001, 2)))
        part = recording.read_samples(start, stop, ["V6", "I"])
        np.testing.assert_array_equal(part, whole[[11, 0], start:stop])
        recording.source.close()


def test_an_index_beyond_the_stack_or_none_is_refused(tmp_path: Path) -> None:
    path = _code(tmp_path / "c.hdf5")
    with pytest.raises(UnsupportedFormatError, match="no record 3"):
        _open(path, 3)
    with pytest.raises(UnansweredError, match="holds 3 records"):
        _open(path)


def test_nothing_is_written_to_or_beside_a_file(tmp_path: Path) -> None:
    path = _code(tmp_path / "c.hdf5")
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    path.chmod(0o444)
    _open(path, 0).read(0, 10)
    assert before == (path.read_bytes(), path.stat().st_mtime_ns)
    assert list(tmp_path.iterdir()) == [path]


def test_many_recordings_leave_no_handle_open(tmp_path: Path) -> None:
    path = _code(tmp_path / "c.hdf5")
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("handles are counted on Linux")
    before = len(list(descriptors.iterdir()))
    kept = []
    for k in range(100):
        recording = _open(path, k % 3)
        kept.append(recording)
    assert len(list(descriptors.iterdir())) == before
    for recording in kept[:50]:
        recording.read(0, 1)
    kept.clear()
    del recording
    assert len(list(descriptors.iterdir())) == before
