"""Marks of annotation files land on the right second and lead, and none vanishes unsaid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import h5py
import numpy as np
import pytest

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.record.start import Start
from ecgviewer.io import open_record
from ecgviewer.review.annotations import Annotation, RecordKey, Review
from ecgviewer.review.edits import editing
from ecgviewer.review.exports.csv_export import import_csv
from ecgviewer.review.exports.exports import export_reviews
from ecgviewer.review.exports.json_export import import_json
from ecgviewer.review.exports.wfdb.codec import Mark, encode
from ecgviewer.review.exports.wfdb.read import AnnotatorMarks, find_annotators, read_annotator
from ecgviewer.review.privacy.anonymize import Privacy
from tests.generators import ecg_mv

wfdb = pytest.importorskip("wfdb")
# wfdb 4.3 uses a pandas call that pandas 3.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")

FRAMES_HZ, PER_FRAME, DURATION_S = 125, 4, 12


@pytest.fixture
def monitor(tmp_path: Path) -> Recording:
    """Resp once, II and V5 four times a frame: signals 0, 1 and 2 of a monitor's record."""
    signal = np.round(ecg_mv(DURATION_S, FRAMES_HZ * PER_FRAME)[[1, 10]] * 1000)
    n_frames = FRAMES_HZ * DURATION_S
    breath = np.round(1000 * np.sin(np.arange(n_frames) / FRAMES_HZ))
    columns = [breath[:, None], *(row.reshape(n_frames, PER_FRAME) for row in signal)]
    np.concatenate(columns, axis=1).astype("<i2").tofile(tmp_path / "m.dat")
    lines = [f"m 3 {FRAMES_HZ} {n_frames} 23:59:55 31/12/2020", "m.dat 16 1000/NU 16 0 0 0 0 Resp"]
    lines += [f"m.dat 16x{PER_FRAME} 1000/mV 16 0 0 0 0 {lead}" for lead in ("II", "V5")]
    (tmp_path / "m.hea").write_text("\n".join(lines) + "\n")
    return open_record(RecordRef(tmp_path / "m.hea"))


def layer_of(recording: Recording, marks: Sequence[Mark], annotator: str = "atr") -> AnnotatorMarks:
    """Write marks without a time resolution, as most files have none, and read them."""
    data = encode(marks, 1.0)
    stated = data.index(b"\x00\xec\xff\xff\xff\xff\x01\x00") + 8  # behind the definitions
    path = recording.path.with_suffix(f".{annotator}")
    path.write_bytes(data[stated:])
    return read_annotator(recording, annotator)


def shown(layer: AnnotatorMarks) -> list[tuple[float, float, str]]:
    return [(item.start_s, item.end_s, item.label) for item in layer.annotations]


def test_marks_of_a_record_of_several_rates_count_frames(monitor: Recording) -> None:
    assert monitor.fs_hz == 500
    beats = [75, 175, 275]
    wfdb.wrann("m", "atr", np.array(beats), ["N"] * 3, write_dir=str(monitor.path.parent))
    layer = read_annotator(monitor, "atr")
    assert [item.start_s for item in layer.annotations] == [0.6, 1.4, 2.2]
    wfdb.wrann("m", "qrs", np.array([300, 700]), ["N"] * 2, fs=500,
               write_dir=str(monitor.path.parent))  # fmt: skip
    assert [item.start_s for item in read_annotator(monitor, "qrs").annotations] == [0.6, 1.4]


def test_a_mark_is_of_the_signal_of_the_record_that_it_names(monitor: Recording) -> None:
    marks = [Mark(125, "N", 1), Mark(250, "V", 2), Mark(375, "N", 0)]
    layer = layer_of(monitor, marks)
    resp = [lead for lead in monitor.leads if lead == "Resp"]
    by_lead = {item.start_s: item.leads for item in layer.annotations}
    assert (by_lead[1.0], by_lead[2.0]) == (("II",), ("V5",))
    if not resp:
        assert layer.remark == "1 × mark of a signal that is not shown, left out"


def test_marks_that_are_all_of_signal_0_are_of_the_whole_record(monitor: Recording) -> None:
    marks = [Mark(125, "N"), Mark(250, "+", aux="(AFIB"), Mark(300, "s", 2, "ST")]
    leads = {item.label: item.leads for item in layer_of(monitor, marks).annotations}
    assert leads == {"Normal beat": (), "Atrial fibrillation": (), "ST change": ("V5",)}


def test_an_export_names_the_signals_of_the_record(monitor: Recording, tmp_path: Path) -> None:
    review = Review(RecordKey.of(monitor), "Ann")
    made = editing.make(review, 1.0, 2.0, ["V5"], "PVC")
    review = editing.apply(review, editing.add(review, [made]))
    (path,) = export_reviews([review], monitor, "wfdb", tmp_path / "out")
    read = wfdb.rdann(str(path.with_suffix("")), "ecgreview")
    onset = read.symbol.index("(")
    assert (read.sample[onset], read.chan[onset]) == (500, 2)
    assert read.fs == 500
    summary = next(text for text in read.aux_note if text.startswith("PVC | "))
    assert summary.startswith("PVC | 1.000 s | V5 | 2020-12-31T23:59:56.000 | id ")


def test_beats_carry_the_letter_of_wfdb(monitor: Recording) -> None:
    layer = layer_of(monitor, [Mark(125, "V"), Mark(250, "/"), Mark(375, "~", subtype=2)])
    assert [item.codes[0].value for item in layer.annotations] == ["V", "/", "~"]


def test_nested_and_unclosed_waves_are_paired_or_counted(monitor: Recording) -> None:
    marks = [
        Mark(100, "("), Mark(110, "("), Mark(115, "N"), Mark(120, ")"), Mark(140, ")"),
        Mark(160, "t"), Mark(180, ")"),  # no onset is marked, as in the QT database
        Mark(300, "("), Mark(310, "p"),
        Mark(400, "("), Mark(410, "N"), Mark(420, ")"),
        Mark(500, ")"),
    ]  # fmt: skip
    layer = layer_of(monitor, marks)
    assert shown(layer) == [
        (0.8, 1.12, "Wave"),
        (0.88, 0.96, "QRS"),
        (1.28, 1.28, "T wave"),
        (1.28, 1.44, "T wave, end"),
        (2.4, 2.4, "Onset"),
        (2.48, 2.48, "P wave"),
        (3.2, 3.36, "QRS"),
        (4.0, 4.0, "End"),
    ]
    assert layer.remark == "1 × end without an onset; 1 × onset without an end"


def test_waves_of_two_signals_do_not_close_each_other(monitor: Recording) -> None:
    marks = [Mark(100, "(", 1), Mark(105, "(", 2), Mark(110, ")", 1), Mark(125, ")", 2)]
    layer = layer_of(monitor, marks)
    assert [(item.start_s, item.end_s, item.leads) for item in layer.annotations] == [
        (0.8, 0.88, ("II",)),
        (0.84, 1.0, ("V5",)),
    ]
    assert layer.remark == ""


def test_episodes_of_the_st_databases_have_a_length(monitor: Recording) -> None:
    marks = [
        Mark(125, "s", 0, "(ST1+"), Mark(250, "s", 0, "AST1+300"), Mark(500, "s", 0, "ST1+)"),
        Mark(600, "T", 0, "(T2-"), Mark(625, "T", 0, "AT2-400"),
        Mark(700, "s", 0, "ST2-)"),
    ]  # fmt: skip
    layer = layer_of(monitor, marks)
    assert [(a.start_s, a.end_s, a.label, a.leads, a.note) for a in layer.annotations] == [
        (1.0, 4.0, "ST change +", ("II",), "(ST1+"),
        (2.0, 2.0, "ST change", ("II",), "AST1+300"),
        (4.8, 4.8, "T-wave change", ("V5",), "(T2-"),
        (5.0, 5.0, "T-wave change", ("V5",), "AT2-400"),
        (5.6, 5.6, "ST change", ("V5",), "ST2-)"),
    ]
    assert layer.remark == (
        "1 × beginning of an episode without an end; 1 × end of an episode without a beginning"
    )


def test_flutter_is_a_span(monitor: Recording) -> None:
    marks = [Mark(125, "["), Mark(150, "!"), Mark(250, "]"), Mark(375, "]"), Mark(500, "[")]
    layer = layer_of(monitor, marks)
    assert shown(layer) == [
        (1.0, 2.0, "Ventricular flutter"),
        (1.2, 1.2, "Flutter wave"),
        (3.0, 3.0, "Ventricular flutter ends"),
        (4.0, 4.0, "Ventricular flutter begins"),
    ]
    assert "without a beginning" in layer.remark
    assert "without an end" in layer.remark


def test_marks_of_signal_quality_keep_their_subtype(monitor: Recording) -> None:
    marks = [
        Mark(125, "~", subtype=2), Mark(250, "~", subtype=0x22), Mark(375, "~", subtype=0),
        Mark(500, "~", subtype=-1), Mark(625, "~", subtype=0x26), Mark(750, "N", subtype=3),
    ]  # fmt: skip
    found = [(item.label, item.leads, item.note) for item in layer_of(monitor, marks).annotations]
    assert found == [
        ("Signal quality: noisy", ("II",), "subtype 2"),
        ("Signal quality: unreadable", ("II",), "subtype 34"),
        ("Signal quality", (), ""),
        ("Signal quality: unreadable", (), "subtype -1"),
        ("Signal quality: noisy and unreadable", ("II", "V5"), "subtype 38"),
        ("Normal beat", (), "subtype 3"),
    ]


@pytest.mark.parametrize("sample", [1499, 1500])
def test_a_rhythm_at_the_last_sample_has_no_length(monitor: Recording, sample: int) -> None:
    layer = layer_of(monitor, [Mark(1, "+", aux="(N"), Mark(sample, "+", aux="(VT")])
    last = layer.annotations[-1]
    assert (last.start_s, last.end_s, last.label) == (sample / 125, sample / 125,
                                                      "Ventricular tachycardia")  # fmt: skip
    assert last.note == "at the last sample of the record: no length is known"
    assert layer.annotations[0].end_s == sample / 125


def test_marks_outside_the_record_are_counted(monitor: Recording) -> None:
    layer = layer_of(monitor, [Mark(125, "N"), Mark(1600, "N"), Mark(9000, "V")])
    assert len(layer.annotations) == 1
    assert layer.remark == "2 × mark outside the record, left out"


@pytest.mark.parametrize("annotator", ["16a", "q1c", "pu0", "st-", "atr", "ann_2"])
def test_annotators_may_have_figures_in_their_names(monitor: Recording, annotator: str) -> None:
    layer_of(monitor, [Mark(125, "N")], annotator)
    assert find_annotators(monitor) == [annotator]
    assert [item.start_s for item in read_annotator(monitor, annotator).annotations] == [1.0]


def test_signal_files_are_no_annotators(tmp_path: Path) -> None:
    counts = np.round(ecg_mv(2.0)[:3] * 1000).astype("<i2")
    lines = ["s 3 500 1000"]
    for lead, end, row in zip(("I", "II", "vx"), ("d0", "xyz", "sig1"), counts, strict=True):
        row.tofile(tmp_path / f"s.{end}")
        lines.append(f"s.{end} 16 1000/mV 16 0 0 0 0 {lead}")
    (tmp_path / "s.hea").write_text("\n".join(lines) + "\n")
    counts[0].tofile(tmp_path / "s.d7")  # one that the header does not name
    recording = open_record(RecordRef(tmp_path / "s.hea"))
    assert find_annotators(recording) == []
    assert "annotation" in read_annotator(recording, "d7").problem


@pytest.fixture
def padded(tmp_path: Path) -> Recording:
    """Seven seconds in the middle of 4096 samples, as CODE stores them."""
    signal = ecg_mv(7.0, 400.0).T
    tracings = np.zeros((2, 4096, 12), np.float32)
    tracings[:, 648 : 648 + len(signal)] = signal
    with h5py.File(tmp_path / "code.hdf5", "w") as file:
        file["tracings"] = tracings
    return open_record(RecordRef(tmp_path / "code.hdf5", 0))


@pytest.mark.parametrize("to", ["csv", "json", "wfdb"])
def test_padding_that_was_cut_is_stated(padded: Recording, tmp_path: Path, to: str) -> None:
    review = Review(RecordKey.of(padded), "Ann")
    made = editing.make(review, 3.0, 3.5, [], "PVC")
    review = editing.apply(review, editing.add(review, [made]))
    (path,) = export_reviews([review], padded, to, tmp_path / "out")
    text = path.read_text(encoding="latin-1")
    if to == "csv":
        row = dict(zip(*(line.split(",") for line in text.splitlines()[::2]), strict=True))
        assert int(row["start_sample"]) + int(row["offset_samples"]) == 1848
        assert import_csv(path) == review
    elif to == "json":
        assert '"offset_samples": 648' in text
        assert import_json(path) == review
    else:
        assert "sample 0 here is stored sample 648: padding was cut off" in text


@pytest.mark.parametrize("privacy", list(Privacy))
def test_exports_tell_the_clock_as_far_as_it_is_known(
    monitor: Recording, tmp_path: Path, privacy: Privacy
) -> None:
    review = Review(RecordKey.of(monitor), "Ann")
    review = editing.apply(review, editing.add(review, [editing.make(review, 6.0, 8.0, [], "run")]))
    for to in ("csv", "json"):
        (path,) = export_reviews([review], monitor, to, tmp_path / "out", privacy=privacy)
        text = path.read_text(encoding="utf-8")
        if privacy is Privacy.ANONYMOUS:
            assert "2020" not in text.replace(made_on(review), "")
        elif to == "csv":
            assert "2021-01-01T00:00:01.000,2021-01-01T00:00:03.000" in text
        else:
            assert '"start": "2020-12-31 23:59:55"' in text


def made_on(review: Review) -> str:
    return review.annotations[0].created[:4]


def test_exports_of_older_versions_are_read(tmp_path: Path, monitor: Recording) -> None:
    review = Review(RecordKey.of(monitor), "Ann", (Annotation("a", 0.0, 1.0, (), "x"),))
    (path,) = export_reviews([review], monitor, "csv", tmp_path / "out", Privacy.IDENTIFIED)
    later = {"offset_samples", "start_clock", "end_clock"}
    lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    kept = [k for k, name in enumerate(lines[0]) if name not in later]
    old = tmp_path / "old.csv"
    old.write_text("\r\n".join(",".join(line[k] for k in kept) for line in lines) + "\r\n")
    assert import_csv(old) == review


def test_a_start_without_a_date_is_a_time_of_day(monitor: Recording) -> None:
    assert Start.of(datetime(2020, 1, 1, 12)).stamp(0) == "2020-01-01T12:00:00.000"
    assert monitor.start.text == "2020-12-31 23:59:55"
