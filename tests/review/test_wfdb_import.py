"""Annotation files of other programs appear as beats, waves and rhythms."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.errors import CorruptFileError
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import find_records, open_record
from ecgviewer.review.annotations import RecordKey, Review
from ecgviewer.review.edits import editing
from ecgviewer.review.exports.wfdb.codec import decode
from ecgviewer.review.exports.wfdb.export import export_wfdb
from ecgviewer.review.exports.wfdb.read import find_annotators, read_annotator

wfdb = pytest.importorskip("wfdb")
# wfdb 4.3 uses a pandas call that pandas 3.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")


@pytest.fixture
def recording(samples: Path, tmp_path: Path) -> Recording:
    """A copy of a shipped record, so that annotation files can be put beside it."""
    for name in ("00010_hr.hea", "00010_hr.dat"):
        shutil.copy(samples / name, tmp_path / name)
    return open_record(next(iter(find_records(tmp_path / "00010_hr.hea"))))


def write(recording: Recording, extension: str, **fields: object) -> None:
    fields = {key: np.array(value) if key in ("sample", "chan") else value
              for key, value in fields.items()}  # fmt: skip
    wfdb.wrann(
        recording.name,
        extension,
        fs=recording.fs_hz,
        write_dir=str(recording.path.parent),
        **fields,
    )


def test_beats_rhythms_quality_and_comments_of_an_atr_file(recording) -> None:
    write(
        recording, "atr", sample=[10, 500, 900, 1500, 2000, 4000],
        symbol=["+", "N", "V", "~", '"', "+"],
        aux_note=["(AFIB", "", "", "", "cough", "(N"],
    )  # fmt: skip
    assert find_annotators(recording) == ["atr"]
    layer = read_annotator(recording, "atr")
    assert [(item.start_s, item.end_s, item.label) for item in layer.annotations] == [
        (0.02, 8.0, "Atrial fibrillation"),
        (1.0, 1.0, "Normal beat"),
        (1.8, 1.8, "Ventricular premature beat"),
        (3.0, 3.0, "Signal quality"),
        (4.0, 4.0, "cough"),
        (8.0, 10.0, "Sinus rhythm"),
    ]
    assert all(item.leads == () and item.author == "atr" for item in layer.annotations)


def test_a_qrs_detector_file_with_its_own_time_resolution(recording) -> None:
    wfdb.wrann(recording.name, "qrs", np.array([250, 1000]), ["N", "N"], fs=250,
               write_dir=str(recording.path.parent))  # fmt: skip
    layer = read_annotator(recording, "qrs")
    assert [item.start_s for item in layer.annotations] == [1.0, 4.0]


def test_an_exported_review_beside_the_record_is_a_layer(recording) -> None:
    review = Review(RecordKey.of(recording), "Ann")
    made = editing.make(review, 1.25, 2.5, ["V1"], "PVC")
    review = editing.apply(review, editing.add(review, [made]))
    export_wfdb(review, recording.path.parent)
    assert read_annotator(recording, "ecgreview").annotations == review.annotations


def test_custom_symbols_are_read(recording) -> None:
    write(recording, "own", sample=[500], symbol=["z"], custom_labels=[(43, "z", "Nice")])
    assert [item.label for item in read_annotator(recording, "own").annotations] == ["z"]


def test_damaged_files_say_what_is_wrong(recording) -> None:
    path = recording.path.with_suffix(".atr")
    for content in (b"", b"\x00", b"\x01\x04", b"\x00\x00\x00\xfc\xff\xff"):
        path.write_bytes(content)
        layer = read_annotator(recording, "atr")
        assert layer.annotations == ()
    path.write_bytes(b"\x01\x04")
    assert "no end mark" in read_annotator(recording, "atr").problem


def test_random_bytes_never_crash_the_reader() -> None:
    rng = random.Random(9)
    for _ in range(2000):
        data = rng.randbytes(rng.randrange(200) * 2)
        try:
            decode(data + b"\0\0")
        except CorruptFileError:
            continue


def test_waves_of_ludb_per_lead_agree_with_wfdb_python(shared_data: Path) -> None:
    labels: Counter[str] = Counter()
    for number in range(1, 11):
        ref = next(iter(find_records(shared_data / "ludb" / f"{number}.hea")))
        recording = open_record(ref)
        annotators = find_annotators(recording)
        assert len(annotators) == 12
        for annotator in annotators:
            layer = read_annotator(recording, annotator)
            assert not layer.problem
            read = wfdb.rdann(str(recording.path.with_suffix("")), annotator)
            marks, _ = decode(recording.path.with_suffix(f".{annotator}").read_bytes())
            assert [mark.sample for mark in marks] == list(read.sample)
            assert [mark.symbol for mark in marks] == list(read.symbol)
            waves = [item for item in layer.annotations if item.end_s > item.start_s]
            labels.update(item.label for item in waves)
            if number != 7:
                assert len(waves) == list(read.symbol).count(")")
            assert {item.leads for item in waves} == {(annotator_lead(recording, annotator),)}
    # In a few leads of record 7 peaks lie before their onset, or onsets are missing.
    assert labels["Wave"] < 20
    assert set(labels) == {"P wave", "QRS", "T wave", "Wave"}
    assert labels.total() > 1000


def annotator_lead(recording: Recording, annotator: str) -> str:
    return next(lead for lead in recording.leads if lead.lower() == annotator)
