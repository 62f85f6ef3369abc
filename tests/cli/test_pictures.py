"""``screenshot`` and ``report`` in processes of their own, as from a shell."""

import os
import re
import shutil
import subprocess
import sys

import pydicom
import pytest

from ecgviewer.cli import main
from ecgviewer.cli.choose import bundle_path
from ecgviewer.cli.parser import SPECIFICITY
from ecgviewer.cli.screening.cached import CachedModels
from ecgviewer.core.flags import derive_flags
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.review.annotations import FlagVerdict, RecordKey, flag_origin, new_id
from ecgviewer.review.edits.editing import judge
from ecgviewer.review.edits.store import ReviewStore
from tests.generators import ecg_uv, write_wfdb_16

ABNORMAL = "00338_hr.hea"


@pytest.fixture
def shell(user_home):
    """Return a function that runs the program without any screen."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "ecgviewer", *map(str, arguments)],
            env=environment | {"ECGVIEWER_HOME": str(user_home)},
            capture_output=True, text=True, timeout=180,
        )  # fmt: skip

    return run


def png_size(path):
    header = path.read_bytes()[:24]
    assert header.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_screenshot_has_the_size_and_theme_asked_for(shell, samples, tmp_path, theme):
    out = tmp_path / "new folder" / f"{theme}.png"
    done = shell(
        "screenshot", samples / ABNORMAL, "--out", out,
        "--model", "cae", "--size", "1280x720", "--theme", theme,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert png_size(out) == (1280, 720)


@pytest.mark.slow
def test_a_report_is_a_dicom_object_that_says_where_it_belongs(shell, samples, tmp_path):
    out = tmp_path / "report.dcm"
    done = shell("report", samples / ABNORMAL, "--out", out, "--model", "cae")
    assert done.returncode == 0
    assert "study of its own: the source names no DICOM study" in done.stderr
    document = pydicom.dcmread(out)
    assert document.SOPClassUID.name == "Encapsulated PDF Storage"
    assert bytes(document.EncapsulatedDocument).startswith(b"%PDF-")


@pytest.mark.slow
def test_a_report_is_a_pdf_or_a_picture(shell, samples, tmp_path):
    pdf, png = tmp_path / "page.pdf", tmp_path / "page.png"
    for out in (pdf, png):
        done = shell("report", samples / ABNORMAL, "--out", out, "--model", "cae")
        assert (done.returncode, done.stderr) == (0, "")
    assert pdf.read_bytes().startswith(b"%PDF")
    width, height = png_size(png)
    assert width > height > 2000


@pytest.mark.slow
@pytest.mark.parametrize("command", ["report", "screenshot"])
def test_a_record_that_no_model_can_judge_still_has_a_picture(shell, tmp_path, command):
    chest = write_wfdb_16(tmp_path, "chest", ecg_uv(10)[6:9], leads=("V1", "V2", "V3"))
    done = shell(command, chest, "--out", tmp_path / "page.png", "--model", "cae")
    assert done.returncode == 0
    assert done.stderr.startswith(f"ecgviewer {command}: without a model: a model needs at least 6")
    assert png_size(tmp_path / "page.png")[0] >= 1600


@pytest.mark.slow
def test_a_size_that_the_window_does_not_take_is_wrong_usage_and_names_one_that_it_does(
    shell, samples, tmp_path
):
    out = tmp_path / "small.png"
    done = shell("screenshot", samples / ABNORMAL, "--out", out, "--model", "cae", "--size", "9x9")
    assert done.returncode == 2 and not out.exists()
    needs = re.fullmatch(r".*--size: the window needs at least (\d+)x(\d+)\n", done.stderr)
    assert needs is not None, done.stderr
    least = f"{needs[1]}x{needs[2]}"
    done = shell("screenshot", samples / ABNORMAL, "--out", out, "--model", "cae", "--size", least)
    assert (done.returncode, done.stderr) == (0, "")
    assert png_size(out) == (int(needs[1]), int(needs[2]))


@pytest.mark.parametrize("size", ["0x600", "600", "99999x99999", "8193x600", "-1x5", "a"])
def test_a_size_that_no_picture_has_is_wrong_usage_at_once(size, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["screenshot", "x.hea", "--out", str(tmp_path / "x.png"), f"--size={size}"])
    assert ended.value.code == 2
    assert f"--size: '{size}' is not WIDTHxHEIGHT" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext on this machine")
@pytest.mark.parametrize("beside", [False, True])
def test_a_report_tells_the_verdicts_of_who_read_the_record(shell, samples, tmp_path, beside):
    for name in ("hea", "dat"):
        shutil.copy(samples / f"{ABNORMAL[:-4]}.{name}", tmp_path)
    recording = open_record(RecordRef(tmp_path / ABNORMAL))
    store = ReviewStore.for_user(beside)
    session = store.open(RecordKey.of(recording), "Ann", recording.path)
    analysis = CachedModels().analyze(recording, bundle_path("cae"))
    for flag in derive_flags(analysis, SPECIFICITY):
        verdict = FlagVerdict(new_id(), "rejected", flag.start_s, flag.stop_s, flag.leads,
                              flag.reason, flag_origin(analysis, flag), "Ann")  # fmt: skip
        session.do(judge(session.review, verdict))
    assert session.close()
    out = tmp_path / "page.pdf"
    done = shell("report", recording.path, "--out", out, "--model", "cae")
    assert (done.returncode, done.stderr) == (0, "")
    words = subprocess.run(["pdftotext", out, "-"], capture_output=True, text=True).stdout
    count = len(session.review.verdicts)
    assert f"Flags of the model ({count}: {count} rejected)" in words
    assert "Reviewer: Ann" in words
