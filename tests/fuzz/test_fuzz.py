"""No damaged file may do more than raise a typed error; see ``tests/fuzz/__main__.py``."""

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
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.io.wfdb.header import read_header
from tests.fuzz.kinds import KINDS, MODULES
from tests.generators import ecg_uv, write_wfdb_16

ROOT = Path(__file__).resolve().parents[2]
HUNDREDS = int(os.environ.get("ECGVIEWER_FUZZ_HUNDREDS", "1"))
"""Hundreds of damaged files of each kind in the slow test; 27 are a run of 51,300."""
SHORT = {"records": 30, "hospital": 8, "reviews": 30, "own": 30, "tables": 30}
"""Of each kind in the short form, some seconds together; the bundles' is in tests/models."""


def _fuzz(kinds: tuple[str, ...], first: int, count: int) -> dict[str, dict[str, int]]:
    """Run mutations in a process of their own; fails with what got through, or killed it."""
    what = (",".join(kinds), str(first), str(count))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.fuzz", *what],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    report = "\n".join(done.stderr.splitlines()[-40:])
    assert done.returncode == 0, f"{kinds} ended with {done.returncode}:\n{report}"
    outcomes = {k: one["outcomes"] for k, one in json.loads(done.stdout)["kinds"].items()}
    assert all(sum(found.values()) == count for found in outcomes.values())
    return outcomes


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measures memory as Linux does")
@pytest.mark.parametrize("module", SHORT)
def test_damaged_files_are_read_or_refused_with_a_reason(module: str) -> None:
    outcomes = _fuzz(MODULES[module], 0, SHORT[module])
    if module == "records":
        assert outcomes["wfdb-header"]["opened"] > 0
        assert outcomes["wfdb-header"]["CorruptFileError"] > 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measures memory as Linux does")
@pytest.mark.parametrize("kind", KINDS)
def test_many_damaged_files_are_read_or_refused(kind: str) -> None:
    for hundred in range(1, 1 + HUNDREDS):
        _fuzz((kind,), hundred * 1_000, 100)


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
    max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_much_text_as_header_parses_or_raises(tmp_path: Path, text: str) -> None:
    if not (tmp_path / "rec.dat").exists():
        write_wfdb_16(tmp_path, "rec", ecg_uv(1.0))
    _try_header(tmp_path, text)
