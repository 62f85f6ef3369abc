"""Samples of any record as WFDB: nothing is lost, and what does not read back is not exported."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import find_records, open_record
from ecgviewer.review.errors import ExportError
from ecgviewer.review.exports.digital import grid_of, to_whole
from ecgviewer.review.exports.wfdb import check as wfdb_check
from ecgviewer.review.exports.wfdb import samples as wfdb_samples
from ecgviewer.review.exports.wfdb.codec import Mark, encode
from ecgviewer.review.exports.wfdb.samples import export_samples


class Held:
    """Samples in memory in place of a file."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values.astype(np.float32)

    def read(self, start: int, stop: int, rows: list[int]) -> np.ndarray:
        return self.values[rows, start:stop]

    def content_hash(self) -> str:
        return "0" * 64

    def close(self) -> None:
        pass


def recording_of(values: np.ndarray, like: Recording) -> Recording:
    leads = tuple(f"ch {row}" for row in range(len(values)))
    return replace(
        like, name="made", leads=leads, n_samples=values.shape[1], source=Held(values), fs_hz=250.0
    )


@pytest.fixture
def sample(samples: Path) -> Recording:
    return open_record(RecordRef(samples / "00010_hr.hea"))


def test_a_span_of_some_leads_reads_back_the_same(sample: Recording, tmp_path: Path) -> None:
    done = export_samples(sample, tmp_path, 2.0, 5.0, ["V1", "II"])
    again = open_record(RecordRef(done.files[0]))
    assert again.leads == ("V1", "II") and again.duration_s == 3.0
    np.testing.assert_array_equal(again.read(0.0, 3.0), sample.read(2.0, 5.0, ["V1", "II"]))
    assert again.start_time is None or sample.start_time is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00010_hr.dat", "00010_hr.hea"]


def test_whatever_the_amplitudes_nothing_is_lost(sample: Recording, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    n = 1000
    counts = rng.integers(-32000, 32000, n)
    values = np.stack(
        [
            np.full(n, np.nan),  # all missing
            np.where(np.arange(n) % 7 == 0, np.nan, counts / 204.8),  # some missing, an odd gain
            counts * 0.00488,  # a step that is no short number per mV
            rng.normal(0.0, 1e-5, n),  # on no grid, tiny
            rng.normal(0.0, 1e3, n),
            np.zeros(n),
        ]
    )
    done = export_samples(recording_of(values, sample), tmp_path)
    again = open_record(RecordRef(done.files[0])).read_samples(0, n)
    for read, meant in zip(again, values.astype(np.float32), strict=True):
        top = np.nanmax(np.abs(meant), initial=0.0)
        np.testing.assert_allclose(read, meant, rtol=2.0**-22, atol=5e-9 * top)


def test_the_lowest_value_of_the_format_is_never_an_amplitude() -> None:
    values = np.array([-32768.0, 0.0, 1.0, 32767.0], np.float32) / 1000
    grid = grid_of(values)
    assert grid.fmt == "32"  # in 16 bits the lowest would read as missing
    np.testing.assert_array_equal(to_whole(values, grid.gain, "32"), [-32768, 0, 1, 32767])
    assert grid_of(values[1:]).fmt == "16"


def test_a_start_is_moved_with_the_span(tmp_path: Path, samples: Path) -> None:
    source = (samples / "00010_hr.hea").read_text().splitlines()
    source[0] = "rec 12 500 5000 23:59:58 31/12/2020"
    (tmp_path / "rec.hea").write_text("\n".join(source) + "\n")
    (tmp_path / "00010_hr.dat").write_bytes((samples / "00010_hr.dat").read_bytes())
    done = export_samples(open_record(RecordRef(tmp_path / "rec.hea")), tmp_path / "out", 3.0)
    assert str(open_record(RecordRef(done.files[0])).start_time) == "2021-01-01 00:00:01"


@pytest.mark.parametrize(
    ("span", "leads", "reason"),
    [
        ((5.0, 3.0), (), "not within the record, which has 10 s"),
        ((0.0, 11.0), (), "not within the record"),
        ((0.0, None), ("V9",), "no lead V9; its leads are I, II"),
    ],
)
def test_what_is_not_there_is_named(
    sample: Recording, tmp_path: Path, span: tuple[float, float | None], leads: tuple[str, ...],
    reason: str,
) -> None:  # fmt: skip
    with pytest.raises(ExportError, match=reason):
        export_samples(sample, tmp_path, *span, leads)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_left_alone(sample: Recording, tmp_path: Path) -> None:
    (tmp_path / "00010_hr.dat").write_text("mine")
    with pytest.raises(ExportError, match="exists already"):
        export_samples(sample, tmp_path)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_full_disk_leaves_nothing(
    sample: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wfdb

    def full(*_: object, write_dir: str, **__: object) -> None:
        (Path(write_dir) / "00010_hr.dat").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wfdb, "wrsamp", full)
    with pytest.raises(ExportError, match="No space left on device"):
        export_samples(sample, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_difference_is_an_error_that_names_it(
    sample: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = wfdb_samples._write

    def wrong(folder: Path, name: str, fields: dict) -> None:  # type: ignore[type-arg]
        fields["d_signal"][1234, 6] += 1
        write(folder, name, fields)

    monkeypatch.setattr(wfdb_samples, "_write", wrong)
    with pytest.raises(ExportError, match=r"reads V1 at sample 1234 as"):
        export_samples(sample, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_annotations_that_read_back_otherwise_are_not_exported(tmp_path: Path) -> None:
    marks = [Mark(10, "N"), Mark(20, '"', 3, "a note", 1)]
    path = tmp_path / "r.ecgreview"
    path.write_bytes(encode(marks, 500.0))
    wfdb_check.check_annotations(path, marks, 500.0)
    for other, what in (
        ([marks[0], Mark(21, '"', 3, "a note", 1)], "sample of mark 2 as 20 instead of 21"),
        ([marks[0], Mark(20, '"', 3, "a nose", 1)], "note of mark 2"),
        (marks[:1], "2 marks instead of 1"),
    ):
        with pytest.raises(ExportError, match=what):
            wfdb_check.check_annotations(path, other, 500.0)


def test_the_command_says_what_it_compared(samples: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ecgviewer", "convert", str(samples / "S0005.hea")]
    command += ["--to", "wfdb", "--out", str(tmp_path), "--to-time", "2", "--only", "I,V2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "largest difference" in done.stdout and (tmp_path / "S0005.hea").exists()


def test_wfdb_is_imported_when_something_is_written_and_not_before() -> None:
    code = (
        "import sys, ecgviewer.cli.export, ecgviewer.cli.convert;"
        "print(any(name in sys.modules for name in ('wfdb', 'pandas', 'fsspec')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_wfdb_does_without_what_the_installed_program_leaves_out(tmp_path: Path) -> None:
    code = """
import sys
class LeftOut:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("matplotlib", "aiohttp", "requests", "jinja2", "IPython"):
            raise ImportError(name)
sys.meta_path.insert(0, LeftOut())
import numpy as np, wfdb
wfdb.wrsamp("a", fs=100, units=["mV"], sig_name=["I"], d_signal=np.arange(9).reshape(-1, 1),
            fmt=["16"], adc_gain=[200.0], baseline=[0], write_dir=sys.argv[1])
print(wfdb.rdrecord(sys.argv[1] + "/a").sig_len)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path)], capture_output=True, text=True
    )
    assert done.stdout.strip() == "9", done.stderr


@pytest.mark.slow
def test_every_record_makes_the_round_trip(
    samples: Path, shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    largest, done, left = 0.0, 0, []
    for folder in (samples, shared_data):
        for item in find_records(folder):
            if not isinstance(item, RecordRef):
                continue
            try:
                recording = open_record(item)
            except EcgViewerError as error:
                left.append(f"{item.path.name}: {error.reason}")
                continue
            try:
                seconds = min(recording.duration_s, 600.0)
                out = export_samples(recording, tmp_path / str(done), 0.0, seconds)
                stop = round(seconds * recording.fs_hz)
                again = open_record(RecordRef(out.files[0]))
                meant = recording.read_samples(0, stop)
                top = np.nanmax(np.abs(meant), initial=0.0)
                np.testing.assert_allclose(
                    again.read_samples(0, stop), meant, rtol=2.0**-22, atol=5e-9 * top
                )
                largest, done = max(largest, out.largest_difference_mv), done + 1
            finally:
                recording.source.close()
            for path in out.files:
                path.unlink()
    with capsys.disabled():
        print(f"\n{done} records to WFDB and back, largest difference {largest:.3g} mV; {left}")
    assert done > 500
