"""What can be typed, and what it means."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecgviewer import __version__
from ecgviewer.cli import main
from ecgviewer.cli.parser import window_arguments
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.review.annotations import RecordKey
from ecgviewer.review.edits.editing import add, make
from ecgviewer.review.edits.store import ReviewStore

ROOT = Path(__file__).resolve().parents[2]
HOMES = ("ECGVIEWER_HOME", *(f"XDG_{kind}_HOME" for kind in ("CONFIG", "DATA", "STATE", "CACHE")))


@pytest.mark.parametrize(
    ("typed", "paths"),
    [
        ([], []),
        (["a.hea", "folder"], ["a.hea", "folder"]),
        (["./models"], ["./models"]),
        (["a.hea", "models"], ["a.hea", "models"]),
        (["--", "models", "-odd.hea"], ["models", "-odd.hea"]),
        (["models"], None),
        (["analyze", "a.hea"], None),
        (["--version"], None),
    ],
)
def test_what_is_no_subcommand_opens_in_the_window(typed, paths):
    assert window_arguments(typed) == paths


def test_an_option_behind_a_path_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["a.hea", "--model", "cae"])
    assert ended.value.code == 2
    assert "--model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--jobs", "abc", "a whole number of at least 1"),
        ("--jobs", "0", "a whole number of at least 1"),
        ("--jobs", "1.5", "a whole number of at least 1"),
        ("--specificity", "x", "a share between 0 and 1"),
        ("--specificity", "95", "a share between 0 and 1"),
        ("--fs", "x", "a frequency in Hz"),
        ("--fs", "nan", "a frequency in Hz"),
        ("--units", "mmHg", "a unit of voltage (mV, uV, V ...)"),
        ("--units", "", "a unit of voltage (mV, uV, V ...)"),
    ],
)
def test_a_value_that_makes_no_sense_is_told_with_what_is_expected(option, value, expected, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["analyze", "a.hea", option, value])
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f"argument {option}: takes {expected}, not {value!r}\n")


def test_version_is_the_one_of_the_package(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == f"ecgviewer {__version__}"


def test_python_dash_m_is_the_same_program():
    done = subprocess.run(
        [sys.executable, "-m", "ecgviewer", "--version"], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == f"ecgviewer {__version__}"


def test_the_trainer_is_reached_through_the_program(capsys):
    assert main(["trainer", "fit", "--help"]) == 0
    assert "--resume" in capsys.readouterr().out
    assert main(["trainer", "dance"]) == 2


def test_models_lists_the_three_with_their_thresholds(capsys):
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    for model in ("cae", "vae-bilstm", "vae-bilstm-mha"):
        assert f"architecture  {model}\n" in out
    assert out.count("0.95") >= 3


def test_a_damaged_bundle_in_the_users_folder_is_listed_with_its_problem(user_home, capsys):
    folder = user_home / "data" / "models"
    folder.mkdir(parents=True)
    (folder / "mine.ecgmodel").write_bytes(b"nothing")
    assert main(["models"]) == 1
    out = capsys.readouterr().out
    assert "mine" in out and "cannot be used" in out


@pytest.mark.slow
def test_selftest_says_ok(capsys):
    assert main(["selftest"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "OK"
    assert all(line.startswith("ok ") for line in lines[:-1])
    assert len(lines) == 9


def test_exporting_what_nobody_reviewed_is_an_error_in_words(samples, tmp_path, capsys):
    record = sorted(samples.glob("*.hea"))[0]
    assert main(["export", str(record), "--to", "csv", "--out", str(tmp_path / "out")]) == 1
    assert "reviewed" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("csv", "00010_hr.review.csv"),
        ("json", "00010_hr.review.json"),
        ("wfdb", "00010_hr.ecgreview"),
    ],
)
def test_a_review_is_exported_once_and_never_over_a_file(samples, tmp_path, capsys, to, name):
    record = samples / "00010_hr.hea"
    recording = open_record(RecordRef(record))
    session = ReviewStore.for_user().open(RecordKey.of(recording), "Ann")
    annotation = make(session.review, 1.0, 2.5, leads=("II",), label="PVC")
    session.do(add(session.review, [annotation]))
    assert session.close()
    command = ["export", str(record), "--to", to, "--out", str(tmp_path / "out")]
    assert main(command) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "out" / name)
    assert (tmp_path / "out" / name).stat().st_size > 20
    assert main(command) == 1
    assert "exists already" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("command", [["models"], ["trainer", "fit", "--help"]])
def test_a_full_standard_output_is_told_in_one_line(command):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ecgviewer", *command], env=environment, stdout=full,
            stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "standard output: " in done.stderr, done.stderr


@pytest.mark.parametrize("command", ["report", "screenshot"])
def test_a_picture_that_cannot_be_written_is_told_at_once(
    command, samples, tmp_path, capsys, monkeypatch
):
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "file" / "x.png"
    monkeypatch.setattr("ecgviewer.cli.pictures.draw_off_screen", None)  # no work is begun
    assert main([command, str(samples / "00010_hr.hea"), "--out", str(out)]) == 1
    told = capsys.readouterr().err
    assert told.startswith("ecgviewer: x.png: it cannot be written there") and "\n" not in told[:-1]
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("command", ["report", "screenshot"])
def test_a_picture_of_what_is_not_there_is_an_error_in_words(command, tmp_path, capsys):
    out = tmp_path / "new" / "out.png"
    assert main([command, str(tmp_path / "nowhere.hea"), "--out", str(out)]) == 1
    assert "nowhere.hea" in capsys.readouterr().err
    assert not out.exists()


def test_it_works_without_a_home_folder(samples: Path, tmp_path: Path) -> None:
    """As in a container that runs under a user id of no user."""
    (tmp_path / "sitecustomize.py").write_text(
        "import pwd\ndef nobody(number): raise KeyError(number)\npwd.getpwuid = nobody\n"
    )
    homes = ("HOME", *HOMES)
    environment = {key: value for key, value in os.environ.items() if key not in homes}
    environment |= {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    environment |= {"TMPDIR": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    for arguments in (
        ["models"],
        ["analyze", str(samples / "00010_hr"), "--model", "cae"],
        ["report", str(samples / "00010_hr"), "--model", "cae", "--out", str(tmp_path / "p.png")],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "ecgviewer", *arguments],
            env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr and "unreadable" not in done.stdout
        assert done.stderr.count("ECGVIEWER_HOME") == 1  # said once, whatever processes there are
    assert (tmp_path / "p.png").stat().st_size > 10_000
    assert not list(tmp_path.glob("ecgviewer-*"))  # nothing was worth keeping


def test_reviews_outlive_a_session_without_a_home_folder(tmp_path: Path) -> None:
    script = (
        "import os; from pathlib import Path; from ecgviewer.core.system import user_dirs as dirs\n"
        "def nobody(): raise RuntimeError('no home')\n"
        "Path.home = nobody; assert 'ECGVIEWER_HOME' in dirs.settle(); assert not dirs.settle()\n"
        "assert not dirs.state_dir().parent.stat().st_mode & 0o077\n"
        "(dirs.data_dir() / 'reviews').mkdir(parents=True); print(dirs.start_dir())\n"
    )
    environment = {key: value for key, value in os.environ.items() if key not in HOMES}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment | {"TMPDIR": str(tmp_path)}, cwd=ROOT,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == str(ROOT)
    assert len(list(tmp_path.glob("ecgviewer-*/data/reviews"))) == 1
