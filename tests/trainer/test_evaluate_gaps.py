"""Evaluation where records cannot be read, a group has one class, or nothing can be written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ecgviewer.core.errors import EcgViewerError
from trainer.judging import evaluate

SAMPLES = ("00010_hr", "00330_hr", "00338_hr")


def clinic(
    folder: Path, samples: Path, normal: dict[str, int], broken: tuple[str, ...] = ()
) -> Path:
    folder.mkdir(parents=True)
    for name in normal:
        for suffix in ("hea", "dat"):
            shutil.copy(samples / f"{name}.{suffix}", folder)
        if name in broken:
            (folder / f"{name}.dat").write_bytes(b"")
    rows = "".join(f"{name},{value}\n" for name, value in normal.items())
    (folder / "labels.csv").write_text(f"record,normal\n{rows}")
    return folder


def test_a_group_that_no_model_can_judge_is_left_out_with_the_reason(
    bundle_path: Path, samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = clinic(tmp_path / "good", samples, {"00010_hr": 1, "00330_hr": 0})
    bad = clinic(tmp_path / "bad", samples, {"00338_hr": 1}, broken=("00338_hr",))
    out = tmp_path / "r.md"
    assert evaluate.run([bundle_path], [good, bad], out, "cpu") == 0
    told = capsys.readouterr().err
    assert "not judged: 00338_hr: " in told
    assert "bad: left out for cae, which can judge none of its 1 records" in told
    assert "## good" in out.read_text()
    with pytest.raises(EcgViewerError, match=r"no record here can be judged .*00338_hr"):
        evaluate.run([bundle_path], [bad], out, "cpu")


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("normal", [0, 1])
def test_records_of_one_class_give_a_report_without_curves(
    bundle_path: Path, samples: Path, tmp_path: Path, normal: int
) -> None:
    folder = clinic(tmp_path / "one", samples, dict.fromkeys(SAMPLES, normal))
    assert evaluate.run([bundle_path], [folder], tmp_path / "r.md", "cpu") == 0
    assert "Only one class is present" in (tmp_path / "r.md").read_text()


def test_a_report_that_cannot_be_written_is_told_before_the_work(
    bundle_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "evaluate", lambda *a: pytest.fail("work was begun"))
    (tmp_path / "file").write_text("")
    (tmp_path / "r.json").mkdir()
    for out in (tmp_path / "file" / "r.md", tmp_path / "r.md"):
        with pytest.raises(EcgViewerError, match=r"cannot be written there"):
            evaluate.run([bundle_path], [tmp_path], out, "cpu")
