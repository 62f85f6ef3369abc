"""``ecgviewer compare``: a page and words for two recordings of one patient."""

import subprocess
import sys

import pytest

from ecgviewer.cli.compare import same_patient_text
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from tests.generators import ecg_uv, write_wfdb_16

WHO = ("Patient name: Erika Mustermann", "Patient ID: 4711-0815")


@pytest.fixture
def two(tmp_path):
    before = write_wfdb_16(tmp_path, "before", ecg_uv(10.0), comments=WHO)
    after = write_wfdb_16(tmp_path, "after", ecg_uv(10.0, heart_rate_bpm=110), comments=WHO)
    return before, after


@pytest.mark.parametrize("suffix", ["pdf", pytest.param("png", marks=pytest.mark.slow)])
def test_the_page_is_written_and_what_differs_is_said(two, tmp_path, suffix):
    out = tmp_path / "new" / f"page.{suffix}"
    done = subprocess.run(
        [sys.executable, "-m", "ecgviewer", "compare", *two, "--out", out],
        capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0
    assert "the same patient" in done.stderr
    assert "Rate: +40 /min" in done.stdout
    assert out.read_bytes().startswith(b"%PDF" if suffix == "pdf" else b"\x89PNG")
    assert "Mustermann" not in done.stdout + done.stderr
    assert [path.name for path in out.parent.iterdir()] == [out.name], "nothing half-written"


def test_nobody_is_matched_by_accident(two, tmp_path):
    def text(comments):
        path = write_wfdb_16(tmp_path, "other", ecg_uv(10.0), comments=comments)
        return same_patient_text(open_record(RecordRef(two[0])), open_record(RecordRef(path)))

    assert "the same patient" in text(("Patient ID: 4711 0815",))
    assert "WARNING: the files name different patients" in text(("Patient ID: 4711-0816",))
    assert "do not tell" in text(("Patient name: Erika Mustermann",))
    assert "do not tell" in text(("Patient ID: unknown",))
