"""Where results may go is settled before any work: hours of it must not end in an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgviewer.cli import main as program
from trainer.__main__ import main
from trainer.fitting.bundle_destination import check_new_bundle
from trainer.judging import evaluate


def command(what: str, bundle: Path, data: Path, out: Path) -> list[str]:
    """Return what is typed for a command that writes its result to ``out``."""
    return [
        *{
            "fit": ["fit", "--model", "cae", "--data", str(data)],
            "calibrate": ["calibrate", "--model", str(bundle), "--normals", str(data)],
            "evaluate": ["evaluate", "--model", str(bundle), "--data", str(data)],
        }[what],
        "--out",
        str(out),
    ]


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading data is what takes hours: here it fails."""

    def scan(*_: object) -> None:
        raise AssertionError("work began before the place of its result was known to be good")

    for module in (
        "trainer.fitting.fit.scan",
        "trainer.fitting.calibration.calibrate.scan",
        "trainer.judging.evaluate.scan",
    ):
        monkeypatch.setattr(module, scan)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("what", ["fit", "calibrate", "evaluate"])
@pytest.mark.parametrize("run", [main, lambda typed: program(["trainer", *typed])])
def test_a_result_that_cannot_be_written_is_told_at_once(
    what: str, run: object, bundle_path: Path, data: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "file" / ("new.md" if what == "evaluate" else "new.ecgmodel")
    assert run(command(what, bundle_path, data, out)) == 1  # type: ignore[operator]
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and out.stem in told and "cannot be written" in told
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("what", ["fit", "calibrate"])
def test_no_bundle_is_replaced_unasked(
    what: str, bundle_path: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.ecgmodel").write_text("mine")
    assert main(command(what, bundle_path, data, tmp_path / "m.ecgmodel")) == 1
    told = capsys.readouterr().err
    assert "m.ecgmodel" in told and "--overwrite" in told
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("m.ecgmodel", "mine")]


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("what", ["fit", "calibrate"])
def test_a_bundle_has_a_bundles_name(
    what: str, bundle_path: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(what, bundle_path, data, tmp_path / "m.bin")) == 1
    assert "ends in .ecgmodel" in capsys.readouterr().err


def test_asked_to_it_goes_on_with_the_file_untouched_so_far(tmp_path: Path) -> None:
    out = tmp_path / "site.ecgmodel"
    out.write_text("mine")
    check_new_bundle(out, overwrite=True)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("site.ecgmodel", "mine")]


def test_an_error_of_the_system_is_one_line(
    bundle_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "some.log")

    monkeypatch.setattr(evaluate, "scan", full)
    assert main(["evaluate", "--model", str(bundle_path), "--data", str(data)]) == 1
    assert capsys.readouterr().err == "trainer: some.log: No space left on device\n"
