"""The report: its groups' names, its numbers where there are none, and what it may replace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.record.record_ref import RecordRef
from tests.generators import ecg_uv, write_wfdb_16
from trainer.datasets.entries import DataSet, Entry, Index
from trainer.judging import evaluate, report
from trainer.judging.reported_records import report_groups


def dataset(root: Path, n: int) -> DataSet:
    """Return a data set of ``n`` records."""
    entries = [
        Entry(RecordRef(root / f"r{k}.hea"), f"r{k}", root.name, f"r{k}", None, True, "")
        for k in range(n)
    ]
    return DataSet("records listed in labels.csv", root, entries)


def sizes(*datasets: DataSet) -> dict[str, int]:
    """Return the groups' names and sizes."""
    groups = report_groups(Index(datasets), frozenset())
    return {name: len(entries) for name, entries in groups.items()}


def test_hospitals_with_the_same_folder_name_are_two_groups(tmp_path: Path) -> None:
    a, b, c = (tmp_path / p for p in ("siteA/records", "siteB/records", "cpsc2018"))
    assert sizes(dataset(a, 2), dataset(b, 3), dataset(c, 4)) == {
        "siteA/records": 2, "siteB/records": 3, "cpsc2018": 4,
    }  # fmt: skip
    # Two tables of one folder still make one group.
    assert sizes(dataset(a, 2), dataset(a, 3)) == {"records": 5}


def test_a_folder_keeps_its_whole_name_and_a_file_loses_its_suffix(tmp_path: Path) -> None:
    folder, file = tmp_path / "cpsc.v2", tmp_path / "stack.h5"
    folder.mkdir()
    file.write_bytes(b"")
    assert sizes(dataset(folder, 1), dataset(file, 1)) == {"cpsc.v2": 1, "stack": 1}
    (tmp_path / "stack").mkdir()
    assert sizes(dataset(tmp_path / "stack", 1), dataset(file, 2)) == {
        f"{tmp_path.name}/stack": 1, f"{tmp_path.name}/stack.h5": 2,
    }  # fmt: skip


@pytest.fixture(scope="module")
def abnormal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three records, none of them normal."""
    folder = tmp_path_factory.mktemp("abnormal")
    for k in range(3):
        write_wfdb_16(folder, f"r{k}", ecg_uv(10.0))
    (folder / "labels.csv").write_text("record,normal\nr0,0\nr1,0\nr2,0\n")
    return folder


def test_without_normals_there_is_no_rate_of_false_alarms(
    bundle_path: Path, abnormal: Path, tmp_path: Path
) -> None:
    out = tmp_path / "r.md"
    assert evaluate.run([bundle_path], [abnormal], out, "cpu") == 0
    (group,) = json.loads(out.with_suffix(".json").read_text())["groups"]
    rates = group["models"]["cae"]["operating"]["0.95"]
    assert (rates["false_alarms"], rates["specificity"]) == (None, None)
    row = next(line for line in out.read_text().splitlines() if "(0 / 3) | cae" in line)
    assert row.endswith("| – |")
    assert "nan" not in out.read_text()


def test_a_model_that_judged_no_normal_has_no_interval_either() -> None:
    assert report._percent_interval((float("nan"), float("nan"))) == ""
    assert report._percent_interval((0.01, 0.2)) == " (1–20)"


def test_a_name_with_a_space_does_not_break_the_pictures(
    bundle_path: Path, abnormal: Path, tmp_path: Path
) -> None:
    out = tmp_path / "rep ort.md"
    assert evaluate.run([bundle_path], [abnormal], out, "cpu") == 0
    assert "![roc](rep%20ort_roc.png)" in out.read_text()
    assert (tmp_path / "rep ort_roc.png").exists()


def test_training_normals_are_records() -> None:
    about = {"architecture": "cae", "parameters": 1, "sha256": "0" * 64, "n_train": 198}
    result = {"groups": [], "localisation": {}, "seeds": {}}
    for more, shown in (({"n_train_records": 33}, "33"), ({}, "198")):
        text = report.markdown({**result, "models": {"m": {**about, **more}}}, {})
        assert f"| m | cae | 1 | {shown} |" in text


@pytest.mark.parametrize("name", ["notes.md", "notes.json", "notes_roc.png"])
def test_only_an_earlier_report_is_replaced(
    bundle_path: Path, abnormal: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(evaluate, "evaluate", lambda *a: pytest.fail("work was begun"))
        (tmp_path / name).write_text("# Evaluation of my year\n")
        with pytest.raises(EcgViewerError, match="no earlier report") as caught:
            evaluate.run([bundle_path], [abnormal], tmp_path / "notes.md", "cpu")
    assert caught.value.path == tmp_path / name
    assert (tmp_path / name).read_text() == "# Evaluation of my year\n"
    (tmp_path / name).unlink()
    for _ in range(2):
        assert evaluate.run([bundle_path], [abnormal], tmp_path / "notes.json", "cpu") == 0
