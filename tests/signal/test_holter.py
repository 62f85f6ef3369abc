"""The rhythm summary of long records whose every beat is known."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.cli import main
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from ecgviewer.signal.holter.record_beats import BeatFamily, RecordBeats, find_record_beats
from ecgviewer.signal.holter.summary import summarize
from tests.generators import write_wfdb_16
from tests.signal.long_records import FS_HZ, KnownRecord, compose, median_beat


def known_record(shared_data: Path, minutes: float, irregular: float, seed: int) -> KnownRecord:
    sinus = open_record(RecordRef(shared_data / "cpsc2018" / "A0002.hea"))
    ectopic = open_record(RecordRef(shared_data / "cpsc2018" / "A0012.hea"))
    return compose(
        median_beat(sinus), median_beat(ectopic, other=True), sinus.leads, minutes, seed, irregular
    )


def write(record: KnownRecord, folder: Path) -> Recording:
    counts = np.where(np.isnan(record.signal_mv), -32768, np.round(record.signal_mv * 1000))
    header = write_wfdb_16(folder, "known", counts.astype(np.int64), FS_HZ, record.leads)
    return open_record(RecordRef(header))


def known_runs(record: KnownRecord, kind: str) -> list[int]:
    marks = "".join(np.where(record.kinds == kind, kind, "-"))
    return [len(run) for run in marks.replace("-", " ").split()]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_known_beat_is_counted_for_what_it_is(
    shared_data: Path, tmp_path: Path, seed: int
) -> None:
    record = known_record(shared_data, 20.0, 5.0, seed)
    found = find_record_beats(write(record, tmp_path))
    summary = summarize(found)
    assert abs(summary.beats - record.times_s.size) <= 2
    wide, runs = int((record.kinds == "V").sum()), known_runs(record, "V")
    assert summary.wide.beats == wide
    assert summary.wide.singles == runs.count(1) and summary.wide.pairs == runs.count(2)
    assert summary.wide.runs == sum(run >= 3 for run in runs)
    assert summary.wide.longest_run is not None and summary.wide.longest_run.value == max(runs)
    assert abs(summary.narrow.beats - int((record.kinds == "S").sum())) <= 1
    assert len(summary.pauses) == int((np.diff(record.times_s) >= 2.0).sum())
    assert summary.irregular_s == pytest.approx(record.irregular_s, abs=30.0)
    assert found.families[0].count + found.families[1].count == summary.beats


def test_a_gap_is_no_pause_and_its_neighbours_no_early_beats(
    shared_data: Path, tmp_path: Path
) -> None:
    record = known_record(shared_data, 4.0, 0.0, 3)
    record.signal_mv[:, round(60 * FS_HZ) : round(90 * FS_HZ)] = np.nan
    summary = summarize(find_record_beats(write(record, tmp_path)))
    known = int((np.diff(record.times_s) >= 2.0).sum())
    assert len(summary.pauses) <= known
    assert summary.missing_s == pytest.approx(30.0, abs=1.0)
    assert summary.readable_s == pytest.approx(210.0, abs=2.0)


def test_a_record_without_beats_has_a_summary(tmp_path: Path) -> None:
    nothing = np.zeros((2, 20_000), dtype=np.int64)
    header = write_wfdb_16(tmp_path, "flat", nothing, FS_HZ, ("II", "V1"))
    summary = summarize(find_record_beats(open_record(RecordRef(header))))
    assert summary.beats == 0 and summary.mean_bpm is None and summary.longest_rr_s is None
    assert summary.missing_s == 80.0 and summary.readable_s == 0.0


def test_a_day_is_summed_up_while_one_waits() -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.normal(0.8, 0.03, 108_000))
    times = times[times < 86_400.0]
    family = (rng.random(times.size) < 0.02).astype(np.intp)
    shape = np.zeros((3, 32), dtype=np.float32)
    families = (BeatFamily(1, 0, shape, 0.09, 1.0), BeatFamily(1, 0, shape, 0.16, 0.1))
    quiet = np.zeros(86_400, dtype=np.bool_)
    beats = RecordBeats(times, family, families, 86_400.0, quiet, quiet, ("II", "V1", "V5"))
    start = time.process_time()
    summary = summarize(beats)
    assert time.process_time() - start < 3.0
    assert len(summary.hours) == 24
    assert summary.wide.beats == int(family.sum()) == sum(hour.wide for hour in summary.hours)


def test_the_command_writes_every_figure_with_what_it_covers(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["summary", str(samples / "S0005"), "--out", str(tmp_path / "s.csv")]) == 0
    with (tmp_path / "s.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    figures = {row["figure"]: row for row in rows if row["of"] == "record"}
    assert float(figures["duration"]["value"]) == pytest.approx(115.2)
    assert 40 < float(figures["rate_min"]["value"]) < float(figures["rate_max"]["value"]) < 150
    assert {row["figure"] for row in rows if row["of"] == "hour"} >= {"beats", "rate_mean"}
    assert main(["summary", str(samples / "S0005")]) == 0
    assert capsys.readouterr().out.startswith("of,start_s,stop_s,figure,value,unit")


def test_a_place_that_cannot_be_written_is_named(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("")
    assert main(["summary", str(samples / "S0005"), "--out", str(tmp_path / "taken" / "s.csv")])
    assert "s.csv: it cannot be written" in capsys.readouterr().err
