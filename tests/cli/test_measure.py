"""``ecgviewer measure`` as scripts see it: columns, rows, reasons, exit status, clock."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from ecgviewer.app.evidence.measurements import gather
from ecgviewer.cli import main
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from tests.generators import write_wfdb_16
from tests.signal.hearts import FS_HZ, heart

COLUMNS = [
    *("path", "record", "start_s", "stop_s", "n_beats", "rate_bpm", "rate_min_bpm"),
    *("rate_max_bpm", "rr_mean_s", "rr_sd_s", "irregular", "paced", "p_present"),
    *("pr_s", "qrs_s", "qt_s", "qtc_bazett_s", "qtc_fridericia_s"),
    *("axis_p_deg", "axis_qrs_deg", "axis_t_deg", "highpass_hz"),
    *("electrodes", "quality", "reasons", "error"),
]
REGULAR_S = np.arange(0.4, 9.7, 0.9)
Rows = list[dict[str, str]]
Measure = Callable[..., tuple[int, Rows]]


@pytest.fixture
def measure(capfd: pytest.CaptureFixture[str]) -> Measure:
    """Run ``measure`` and return the exit status and the rows."""

    def run(*arguments: object) -> tuple[int, Rows]:
        status = main(["measure", *map(str, arguments)])
        out, _ = capfd.readouterr()
        rows = list(csv.DictReader(io.StringIO(out)))
        assert out.splitlines()[0].split(",")[: len(COLUMNS)] == COLUMNS
        return status, rows

    return run


def record(folder: Path, name: str, signal_mv: np.ndarray, **how: object) -> Path:
    whole = np.round(np.nan_to_num(signal_mv, nan=-32.768) * 1000).astype(np.int64)
    return write_wfdb_16(folder, name, whole, FS_HZ, **how)  # type: ignore[arg-type]


def test_a_row_per_record_and_the_others_go_on(measure: Measure, tmp_path: Path) -> None:
    record(tmp_path, "a", heart(REGULAR_S))
    (tmp_path / "b.hea").write_text("b 12 500 5000\nb.dat 16 1000/mV 16 0 0 0 0 I\n")
    record(tmp_path, "c", heart(REGULAR_S, p_mv=0.0))
    status, (a, b, c) = measure(tmp_path)
    assert status == 1
    assert list(a) == COLUMNS
    assert float(a["rate_bpm"]) == pytest.approx(66.7, abs=0.1)
    assert (a["n_beats"], a["irregular"], a["paced"], a["p_present"]) == ("11", "0", "0", "1")
    assert float(a["pr_s"]) == pytest.approx(0.111, abs=0.012)
    assert float(a["qrs_s"]) == pytest.approx(0.105, abs=0.012)
    assert float(a["axis_qrs_deg"]) == pytest.approx(47, abs=3)
    assert (a["electrodes"], a["quality"], a["reasons"], a["error"]) == ("ok", "ok", "", "")
    assert b["error"] and not b["rate_bpm"]
    assert c["pr_s"] == "" and c["p_present"] == "0"
    assert "pr_s: no P wave" in c["reasons"]


def test_all_read_is_0_and_nothing_found_is_1(measure: Measure, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    header = record(tmp_path, "a", heart(REGULAR_S))
    assert measure(header)[0] == 0
    assert measure(header.with_suffix(""))[0] == 0
    status, (row,) = measure(tmp_path / "empty")
    assert (status, row["error"]) == (1, "no ECG record found here")
    with pytest.raises(SystemExit) as stop:
        main(["measure", str(header), "--every", "-3"])
    assert stop.value.code == 2


def test_a_row_per_so_many_seconds(measure: Measure, tmp_path: Path) -> None:
    fast = np.arange(20.3, 39.8, 0.5)
    signal = heart(np.concatenate([np.arange(0.4, 19.8, 1.0), fast]), 40.4, qt_s=0.30)
    header = record(tmp_path, "a", signal, comments=())
    _, rows = measure(header, "--every", "20")
    assert [(row["start_s"], row["stop_s"]) for row in rows] == [("0", "20"), ("20", "40.4")]
    assert [round(float(row["rate_bpm"])) for row in rows] == [60, 120]


def test_the_same_numbers_as_on_the_card(measure: Measure, samples: Path) -> None:
    header = samples / "00010_hr.hea"
    _, (row,) = measure(header, "--per-lead")
    recording = open_record(RecordRef(header))
    card = gather(recording, None, 0.0, recording.duration_s).intervals
    recording.source.close()
    for name in ("pr_s", "qrs_s", "qt_s", "qtc_bazett_s", "qtc_fridericia_s"):
        assert float(row[name]) == pytest.approx(getattr(card, name).value, abs=1e-5)
    assert float(row["rate_bpm"]) == pytest.approx(card.rate.bpm, abs=1e-3)
    assert float(row["V5_r_mv"]) == pytest.approx(card.waves["V5"].r, abs=1e-4)
    assert float(row["V2_st_60_mv"]) == pytest.approx(card.waves["V2"].st_60, abs=1e-4)
    assert float(row["axis_qrs_deg"]) == pytest.approx(card.axes.qrs_deg, abs=1e-3)


def test_json_says_null_where_nothing_is_measured(tmp_path: Path) -> None:
    noise = 0.03 * np.random.default_rng(0).standard_normal((12, 5000))
    header = record(tmp_path, "noise", noise)
    assert main(["measure", str(header), "--out", str(tmp_path / "out.json")]) == 0
    (row,) = json.loads((tmp_path / "out.json").read_text())
    assert list(row) == COLUMNS
    assert row["rate_bpm"] is None and row["qrs_s"] is None
    assert row["reasons"].startswith("rate_bpm: ")
    assert row["quality"] != "ok"


def test_exchanged_arms_and_late_electrodes_are_told(measure: Measure, tmp_path: Path) -> None:
    x = heart(REGULAR_S)
    i, ii = -x[0], x[2]
    x[:6] = [i, ii, ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2]
    record(tmp_path, "arms", x)
    late = heart(REGULAR_S)
    late[:, :2500] = np.nan
    record(tmp_path, "late", late)
    _, (arms, late_row) = measure(tmp_path)
    assert "arm" in arms["electrodes"]
    assert late_row["electrodes"] == "ok"
    assert late_row["quality"].startswith("missing 0.0-5.0 s")
    assert float(late_row["rate_bpm"]) == pytest.approx(66.7, abs=0.1)


def test_a_high_pass_is_a_column_and_a_reason(measure: Measure, tmp_path: Path) -> None:
    from ecgviewer.signal.device_filter import DeviceFilter

    record(tmp_path, "filtered", DeviceFilter(0.5, 2)(heart(REGULAR_S), FS_HZ))
    _, (row,) = measure(tmp_path, "--per-lead")
    assert float(row["highpass_hz"]) == pytest.approx(0.5, rel=0.5)
    assert "Hz: ST levels cannot be judged" in row["reasons"]
    assert row["V2_st_j_mv"] == "" and row["V2_r_mv"] != ""


def test_padding_and_clock_are_columns_on_request(measure: Measure, tmp_path: Path) -> None:
    tracings = np.zeros((1, 4096, 12), np.float32)
    tracings[0, 648 : 648 + 2800] = heart(np.arange(0.6, 6.5, 0.8), 7.0, fs_hz=400.0).T
    with h5py.File(tmp_path / "code.hdf5", "w") as file:
        file["tracings"] = tracings
    _, (row,) = measure(tmp_path / "code.hdf5")
    assert "second 0 is stored sample 648: padding was cut off" in row["reasons"]
    _, (row,) = measure(tmp_path / "code.hdf5", "--clock")
    assert (row["offset_samples"], row["start_clock"]) == ("648", "")
    header = record(tmp_path, "a", heart(REGULAR_S))
    lines = header.read_text().splitlines()
    header.write_text("\n".join([f"{lines[0]} 23:59:55 31/12/2020", *lines[1:]]) + "\n")
    _, (row,) = measure(header, "--clock")
    assert row["offset_samples"] == "0"
    assert row["start_clock"] == "2020-12-31T23:59:55.000"
    assert row["stop_clock"] == "2021-01-01T00:00:05.000"
