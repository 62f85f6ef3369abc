"""Exports come back without loss, and other programs can read them."""

from __future__ import annotations

import csv
import random
import tempfile
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.record.recording import Patient
from ecgviewer.io import find_records, open_record
from ecgviewer.review.annotations import Annotation, FlagOrigin, FlagVerdict, RecordKey, Review
from ecgviewer.review.edits import editing
from ecgviewer.review.edits.store import ReviewStore
from ecgviewer.review.errors import ExportError
from ecgviewer.review.exports.csv_export import export_csv, import_csv
from ecgviewer.review.exports.exports import export_record, export_reviews
from ecgviewer.review.exports.json_export import export_json, import_json, schema
from ecgviewer.review.exports.seal import make_seal
from ecgviewer.review.exports.wfdb.export import export_wfdb, import_wfdb
from ecgviewer.review.privacy.anonymize import Privacy, anonymize

wfdb = pytest.importorskip("wfdb")
# wfdb 4.3 uses a pandas call that pandas 3.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")

TEXTS = [
    "", "x" * 1000, "Kammerflimmern – größer", "心房顫動", "tab\tand\nnew\r\nlines", 'a "quote", b',
    "=HYPERLINK()", "-1", "'quoted", "semi;colon \\ slash", " blanks ", "🫀", "\x1b[31m", "## fs",
    "ev2 A0 1/1 {}",
]  # fmt: skip


@pytest.fixture
def review(editor, empty: Review) -> Review:
    """A review after two hundred random edits, with every difficult text in it."""
    rng = random.Random(5)
    result = replace(empty, author="Dr. Ünal; 'x'")
    for _ in range(200):
        result = editing.apply(result, editor.random_edit(result, rng))
    made = [editing.make(result, 0.0, 60.0, [], text, note=text) for text in TEXTS]
    return editing.apply(result, editing.add(result, made))


def write(review: Review, to: str, folder: Path) -> Path:
    if to == "wfdb":
        return export_wfdb(review, folder)
    if to == "csv":
        return export_csv(review, folder / "x.csv")
    return export_json(review, folder / "x.json", make_seal())


READ = {"wfdb": import_wfdb, "csv": import_csv, "json": import_json}


@pytest.mark.parametrize("to", ["wfdb", "csv", "json"])
def test_every_export_comes_back_the_same(review, to, tmp_path) -> None:
    assert READ[to](write(review, to, tmp_path)) == review


@pytest.mark.parametrize("to", ["wfdb", "csv", "json"])
def test_an_empty_review_comes_back_the_same(empty, to, tmp_path) -> None:
    assert READ[to](write(empty, to, tmp_path)) == empty


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    label=texts,
    note=texts,
    start=st.floats(0, 60),
    end=st.floats(0, 60),
    leads=st.sets(st.sampled_from(["I", "II", "III", "aVR", "V1", "V2"])),
    score=st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_text_and_any_number_survive(
    empty, tmp_path, label, note, start, end, leads, score
) -> None:
    made = editing.make(empty, start, end, sorted(leads), label, note=note)
    made = replace(made, origin=FlagOrigin(label, note, score, None))
    review = replace(empty, annotations=(made,), author=note)
    for to, read in READ.items():
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            assert read(write(review, to, Path(folder))) == review


@pytest.mark.parametrize("to", ["wfdb", "csv", "json"])
def test_nothing_is_overwritten(empty, to, tmp_path) -> None:
    path = write(empty, to, tmp_path)
    before = path.read_bytes()
    with pytest.raises(ExportError, match="exists already"):
        write(empty, to, tmp_path)
    assert path.read_bytes() == before


def test_the_json_follows_its_schema(review, tmp_path) -> None:
    import json

    raw = json.loads(write(review, "json", tmp_path).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(raw, schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(raw | {"annotations": [{"id": "1"}]}, schema())


def test_wfdb_python_reads_the_annotation_file(review, tmp_path) -> None:
    path = export_wfdb(review, tmp_path)
    read = wfdb.rdann(str(path.with_suffix("")), path.suffix[1:])
    assert read.fs == 500
    assert list(read.sample) == sorted(read.sample)
    assert max(len(aux) for aux in read.aux_note) <= 255
    summaries = [aux for aux in read.aux_note if " | id " in aux or " | all leads | " in aux]
    assert len(summaries) >= len([item for item in review.annotations if len(item.label) < 200])
    onsets = [number for number, symbol in enumerate(read.symbol) if symbol == "("]
    marks = [(read.sample[number], read.chan[number]) for number in onsets]
    wanted = []
    for item in review.annotations:
        onset = min(max(round(item.start_s * 500), 1), 29_999)
        leads = item.leads or review.record.leads
        wanted.extend((onset, review.record.leads.index(lead)) for lead in leads)
    assert sorted(marks) == sorted(wanted)
    assert read.symbol.count("(") == read.symbol.count(")")


def test_wfdb_notes_at_the_first_sample_are_not_lost(empty, tmp_path) -> None:
    made = editing.make(empty, 0.0, 1.0, ["V1"], "AFIB")
    path = export_wfdb(replace(empty, annotations=(made,)), tmp_path)
    read = wfdb.rdann(str(path.with_suffix("")), "ecgreview")
    assert [aux for aux in read.aux_note if aux.startswith("AFIB | 1.000 s | V1 | id ")]


def test_long_records_need_long_jumps(record, tmp_path) -> None:
    day = replace(record, fs_hz=1000.0, n_samples=8 * 24 * 3600 * 1000)
    review = Review(day, "Ann")
    starts = [0.0, 86_400.0 * 3, 86_400.0 * 7.9]
    made = [editing.make(review, start, start + 60, [], "AFIB") for start in starts]
    review = editing.apply(review, editing.add(review, made))
    path = export_wfdb(review, tmp_path)
    assert import_wfdb(path) == review
    read = wfdb.rdann(str(path.with_suffix("")), "ecgreview")
    assert read.sample[-1] == round((starts[-1] + 60) * 1000)


def test_names_that_wfdb_does_not_allow(empty, tmp_path) -> None:
    review = replace(empty, record=replace(empty.record, name="größe #3.x"))
    path = export_wfdb(review, tmp_path)
    assert path.name == "gr__e__3_x.ecgreview"
    assert import_wfdb(path).record.name == "größe #3.x"
    with pytest.raises(ExportError, match="letters only"):
        export_wfdb(review, tmp_path, annotator="my-ann1")


def test_csv_is_read_by_the_csv_module_with_seconds_and_samples(review, tmp_path) -> None:
    path = export_csv(review, tmp_path / "x.csv")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1 + len(review.annotations) + len(review.verdicts)
    for row, item in zip(rows[1:], review.annotations, strict=False):
        assert float(row["start_s"]) == item.start_s
        assert int(row["start_sample"]) == round(item.start_s * 500)
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


@pytest.mark.parametrize("text", ["=cmd()", "+1+1", "-2+3", "@SUM(1)", "\t=1", "'quoted"])
def test_no_cell_of_a_csv_is_a_formula(empty, tmp_path, text) -> None:
    origin = FlagOrigin(text, text, 1.0, 0.5)
    review = Review(
        replace(empty.record, name=text, sha256=text, leads=(text,)),
        text,
        (Annotation("a", 0.0, 1.0, (text,), text, (), text, text, text, text, origin),),
        (FlagVerdict("b", "accepted", 0.0, 1.0, (text,), text, origin, text, text, text),),
        replace(empty.state, note=text, changed=text),
    )
    path = export_csv(review, tmp_path / "x.csv")
    with path.open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert import_csv(path) == review


@pytest.mark.parametrize("to", ["wfdb", "csv", "json"])
def test_damaged_exports_are_refused_with_a_reason(review, to, tmp_path) -> None:
    path = write(review, to, tmp_path)
    data = path.read_bytes()
    rng = random.Random(2)
    refused = 0
    for _ in range(150):
        damaged = bytearray(data)
        if rng.random() < 0.3:
            del damaged[rng.randrange(len(damaged)) :]
        else:
            for _ in range(rng.randint(1, 8)):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            READ[to](path)
        except EcgViewerError:
            refused += 1
    assert refused > 20


def test_anonymous_exports_hold_nothing_of_the_header(samples, tmp_path) -> None:
    ref = next(iter(find_records(samples / "00010_hr.hea")))
    patient = Patient("PID-7731", "Doe, Jane Q.", "F", 63.0, "1961-02-03", (), ("Ward 7 East",))
    recording = replace(open_record(ref), name="doe_jane_1961", patient=patient)
    review = Review(RecordKey.of(recording), "Ann")
    text = "jane doe (PID-7731), born 1961-02-03, see doe_jane_1961; WARD 7 EAST; V1 shows it"
    made = editing.make(review, 1.0, 2.0, ["V1"], "PVC", note=text)
    review = editing.apply(review, editing.add(review, [made]))
    planted = ["jane", "doe", "pid-7731", "1961", "ward 7", str(recording.path).lower(), "00010"]
    for to in ("wfdb", "csv", "json"):
        (path,) = export_reviews([review], recording, to, tmp_path / to, privacy=Privacy.ANONYMOUS)
        content = (path.name + path.read_text(encoding="latin-1")).lower()
        assert not [word for word in planted if word in content]
        assert READ[to](path) == anonymize(review, recording)
    assert "V1 shows it" in anonymize(review, recording).annotations[0].note


def test_all_readers_of_a_record_are_exported(samples, tmp_path) -> None:
    recording = open_record(next(iter(find_records(samples / "00010_hr.hea"))))
    store = ReviewStore(tmp_path / "reviews")
    with pytest.raises(ExportError, match="nobody"):
        export_record(recording, "json", tmp_path, store)
    for author in ("Ann", "Bob"):
        session = store.open(RecordKey.of(recording), author)
        made = editing.make(session.review, 1.0, 2.0, [], author)
        session.do(editing.add(session.review, [made]))
        session.close()
    paths = export_record(recording, "wfdb", tmp_path / "out", store)
    assert [path.name for path in paths] == ["00010_hr.ecgreviewa", "00010_hr.ecgreviewb"]
    labels = [import_wfdb(path).annotations[0].label for path in paths]
    assert labels == ["Ann", "Bob"]
    assert len(export_record(recording, "csv", tmp_path / "out", store)) == 2


def test_annotation_type_is_frozen() -> None:
    item = Annotation("1", 0.0, 1.0, (), "x")
    with pytest.raises(AttributeError):
        item.label = "y"  # type: ignore[misc]
