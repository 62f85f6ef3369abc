"""No mutated file may do more than raise a typed error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecgviewer.core.errors import RecordError
from ecgviewer.core.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.io.wfdb_header import read_header
from tests.generators import ecg_uv, write_wfdb_16
from tests.io.fuzzing import KINDS

ROOT = Path(__file__).resolve().parents[2]
THOUSANDS = int(os.environ.get("ECGVIEWER_FUZZ_THOUSANDS", "1"))
"""Thousands of mutated files of each kind in the slow test; 13 are the long run of 52,000."""


def _fuzz(kind: str, first: int, count: int) -> dict[str, int]:
    """Run mutations in a process of their own; fails with the number of a fatal one."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.io.fuzzing", kind, str(first), str(count)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    report = "\n".join(done.stderr.splitlines()[-25:])
    assert done.returncode == 0, f"{kind} ended with {done.returncode}:\n{report}"
    outcomes: dict[str, int] = json.loads(done.stdout)
    assert sum(outcomes.values()) - outcomes["peak_mb"] == count
    return outcomes


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files_open_or_raise_typed_errors(kind: str) -> None:
    outcomes = _fuzz(kind, 0, 150)
    assert outcomes["opened"] > 0
    assert outcomes["CorruptFileError"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_mutated_files_open_or_raise_typed_errors(kind: str) -> None:
    for thousand in range(1, 1 + THOUSANDS):
        _fuzz(kind, thousand * 1_000, 1_000)


_TOKEN = st.one_of(
    st.sampled_from(
        ["rec", "rec/2", "12", "500", "500/500(0)", "5000", "16", "212x4:3+24", "516", "rec.dat",
         "~", "1000(0)/mV", "1e-9(3)/uV", "0", "-1", "1e308", "nan", "I", "V1", "10:11:12"]
    ),
    st.integers().map(str),
    st.floats().map(str),
    st.text(max_size=8),
)  # fmt: skip
_HEADER = st.lists(st.lists(_TOKEN, max_size=10).map(" ".join), max_size=15).map("\n".join)


def _try_header(folder: Path, text: str) -> None:
    path = folder / "rec.hea"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        read_header(path)
        recording = open_record(RecordRef(path))
        recording.read(0, 1)
    except RecordError as error:
        assert error.path is not None


@given(_HEADER)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_as_header_parses_or_raises(tmp_path: Path, text: str) -> None:
    if not (tmp_path / "rec.dat").exists():
        write_wfdb_16(tmp_path, "rec", ecg_uv(1.0))
    _try_header(tmp_path, text)


@pytest.mark.slow
@given(_HEADER)
@settings(
    max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_much_text_as_header_parses_or_raises(tmp_path: Path, text: str) -> None:
    if not (tmp_path / "rec.dat").exists():
        write_wfdb_16(tmp_path, "rec", ecg_uv(1.0))
    _try_header(tmp_path, text)
