"""``ecgviewer analyze`` as scripts see it: columns, rows, exit status, files."""

import csv
import io
import json
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import pytest

from ecgviewer.cli import main
from ecgviewer.core.leads import STANDARD_LEADS
from tests.generators import ecg_mv, ecg_uv, write_wfdb_16

COLUMNS = [
    *("path", "record", "model", "score", "raw_score", "p_value", "threshold", "abnormal"),
    *("quality", "worst_lead", "worst_start_s", "worst_end_s", "error", "site_shift"),
]
INVALID = -32768
"""The format-16 sample that stands for a missing value."""
MODELS = ["cae", "vae-bilstm", "vae-bilstm-mha"]


def run_program(*arguments):
    """Run the program as a shell would, in a cache of its own."""
    with tempfile.TemporaryDirectory() as home:
        return subprocess.run(
            [sys.executable, "-m", "ecgviewer", *map(str, arguments)],
            env=os.environ | {"ECGVIEWER_HOME": home}, capture_output=True, text=True, timeout=600,
        )  # fmt: skip


@pytest.fixture
def analyze(capfd):
    """Return a function that runs ``analyze`` and gives (exit status, rows, standard error)."""

    def run(*arguments):
        status = main(["analyze", "--jobs", "1", *map(str, arguments)])
        out, err = capfd.readouterr()
        rows = list(csv.DictReader(io.StringIO(out)))
        if out:
            assert out.splitlines()[0].split(",") == COLUMNS
        return status, rows, err

    return run


def test_every_sample_gets_a_row_from_every_model(analyze, samples):
    status, rows, err = analyze(samples, "--model", "all")
    assert status == 0, [row["error"] for row in rows]
    assert len(rows) >= 6 * len(MODELS)
    assert [row["model"] for row in rows] == MODELS * (len(rows) // 3)
    assert [row["path"] for row in rows] == sorted(row["path"] for row in rows)
    for row in rows:
        assert float(row["score"]) and float(row["raw_score"]) and float(row["threshold"])
        assert 0 <= float(row["p_value"]) <= 1
        assert row["abnormal"] in ("0", "1")
        assert row["worst_lead"] in STANDARD_LEADS
        assert 0 <= float(row["worst_start_s"]) < float(row["worst_end_s"])
        assert not row["error"]
    assert "records" in err, "progress belongs on standard error"


def test_a_record_may_be_named_without_extension_and_the_default_model_is_the_attention_one(
    analyze, samples
):
    header = sorted(samples.glob("*.hea"))[0]
    status, (row, same), _ = analyze(header, header.with_suffix(""))
    assert status == 0
    assert (row["path"], row["record"], row["model"]) == (
        str(header), header.stem, "vae-bilstm-mha"
    )  # fmt: skip
    assert same == row


def test_the_records_of_one_hdf5_file_are_numbered(analyze, samples):
    path = sorted(samples.glob("*.hdf5"))[0]
    status, rows, _ = analyze(path, "--model", "cae", "--fs", "400", "--units", "mV")
    assert status == 0
    assert [row["record"] for row in rows] == [f"{path.stem}#{k}" for k in range(len(rows))]
    assert len(rows) > 1


@pytest.mark.slow
def test_results_do_not_depend_on_the_number_of_processes(samples, tmp_path):
    tables = []
    for jobs in ("1", "2"):
        out = tmp_path / f"{jobs}.csv"
        os.environ["ECGVIEWER_HOME"] = str(tmp_path / jobs)
        assert main(["analyze", str(samples), "--jobs", jobs, "--out", str(out)]) == 0
        tables.append(out.read_text())
    assert tables[0] == tables[1]


def test_json_holds_the_same_as_csv(analyze, samples, tmp_path):
    header = sorted(samples.glob("*.hea"))[0]
    out = tmp_path / "all.json"
    _, rows, _ = analyze(header, "--model", "all")
    status, nothing, _ = analyze(header, "--model", "all", "--out", out)
    assert (status, nothing) == (0, [])
    found = json.loads(out.read_text())
    assert [list(row) for row in found] == [COLUMNS] * 3
    for row, entry in zip(rows, found, strict=True):
        assert entry["score"] == pytest.approx(float(row["score"]), rel=1e-4)
        assert isinstance(entry["abnormal"], int)


def test_maps_are_written_for_every_model(analyze, samples, tmp_path):
    header = sorted(samples.glob("*.hea"))[0]
    status, rows, _ = analyze(header, "--model", "all", "--maps", tmp_path / "maps")
    assert status == 0
    for row in rows:
        model = row["model"]
        path = tmp_path / "maps" / "samples" / f"{header.stem}.{model}.npz"
        with np.load(path, allow_pickle=False) as maps:
            fs, score_map = float(maps["fs"]), maps["score_map"]
            assert score_map.shape == maps["signal_mv"].shape == maps["reconstruction_mv"].shape
            assert score_map.shape[0] == 12
            assert tuple(maps["leads"]) == STANDARD_LEADS
            assert float(maps["record_score"]) == pytest.approx(float(row["score"]), rel=1e-4)
            assert float(maps["threshold_map"]) > 0
            assert ("saliency" in maps) == (model == "cae")
            assert ("attention" in maps) == (model == "vae-bilstm-mha")
            lead = STANDARD_LEADS.index(row["worst_lead"])
            start, stop = (round(float(row[f"worst_{k}_s"]) * fs) for k in ("start", "end"))
            assert np.nanmax(score_map[lead, start:stop]) >= 0.9 * np.nanmax(score_map[lead])


def test_maps_that_have_no_place_are_wrong_usage_before_any_work(samples, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "all.csv"
    for maps in (tmp_path / "file", tmp_path / "file" / "maps"):
        status = main(["analyze", str(samples), "--maps", str(maps), "--out", str(out)])
        assert status == 2
        streams = capsys.readouterr()
        assert streams.out == "" and f"cannot write into {maps}" in streams.err
    assert not out.exists()
    assert (tmp_path / "file").read_text() == "mine"


def test_scores_survive_a_map_that_cannot_be_written(analyze, samples, tmp_path):
    header = sorted(samples.glob("*.hea"))[0]
    (tmp_path / "samples").write_text("where the folder of the record's maps should be")
    _, (whole,), _ = analyze(header, "--model", "cae")
    status, (row,), err = analyze(header, "--model", "cae", "--maps", tmp_path)
    assert status == 1
    assert "cannot write the maps" in row.pop("error") and whole.pop("error") == ""
    assert row == whole
    assert "not readable" not in err and "1 with errors" in err


def test_a_higher_specificity_raises_the_threshold(analyze, samples):
    header = sorted(samples.glob("*.hea"))[0]
    low, high = (
        float(analyze(header, "--specificity", share)[1][0]["threshold"])
        for share in ("0.90", "0.99")
    )
    assert high > low


@pytest.fixture(scope="module")
def ward(tmp_path_factory):
    """A folder of bad, odd and good records: {name of a bad one: a word its error must have}."""
    folder = tmp_path_factory.mktemp("hospital") / "ward"
    folder.mkdir()
    whole = ecg_uv(10)

    def write(name, signal_uv=whole, leads=STANDARD_LEADS, **how):
        return write_wfdb_16(folder, name, signal_uv, leads=leads, **how)

    def change(header, old, new):
        text = header.read_text()
        assert old in text
        header.write_text(text.replace(old, new))

    write("no_dat").with_suffix(".dat").unlink()
    truncated = write("truncated").with_suffix(".dat")
    truncated.write_bytes(truncated.read_bytes()[:50_000])
    (folder / "empty.hea").write_bytes(b"")
    (folder / "renamed.hea").write_text("Dear colleague,\nplease find attached nothing.\n")
    write("fs0", fs_hz=0)
    write("half_second", ecg_uv(0.5))
    write("three_leads", whole[6:9], STANDARD_LEADS[6:9])
    write("all_constant", np.zeros_like(whole))
    write("all_missing", np.full_like(whole, INVALID))
    with h5py.File(folder / "no_ecg.h5", "w") as file:
        file["weights"] = np.zeros((3, 3))
    bad = {
        "no_dat": "no_dat.dat", "truncated": "", "empty": "", "renamed": "", "fs0": "",
        "half_second": "short", "three_leads": "lead", "all_constant": "", "all_missing": "",
        "no_ecg": "",
    }  # fmt: skip

    write("whole")
    with write("checksum").with_suffix(".dat").open("r+b") as samples:
        samples.write(b"\x07")
    write("six_seconds", ecg_uv(6))
    write("a_minute", ecg_uv(61))
    fifteen = np.concatenate([whole, ecg_uv(10, seed=1)[:3]])[::-1]
    write("fifteen_leads", fifteen, (*STANDARD_LEADS, "vx", "vy", "vz")[::-1])
    write("limb_leads", whole[:6], STANDARD_LEADS[:6])
    gaps = whole.copy()
    gaps[8] = 0
    gaps[3, 1000:2000] = INVALID
    write("gaps", gaps)
    change(write("strange_units"), "/mV", "/lightyears")
    return folder, bad


@pytest.fixture(scope="module")
def screened(ward, tmp_path_factory):
    """The ward, screened once with all models: (exit status, rows)."""
    folder, _ = ward
    before = {path: path.read_bytes() for path in folder.iterdir()}
    out = tmp_path_factory.mktemp("out") / "all.csv"
    done = run_program("analyze", folder, "--model", "all", "--jobs", "2", "--out", out)
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in folder.iterdir()} == before, "sources untouched"
    with out.open(newline="") as file:
        return done.returncode, list(csv.DictReader(file))


def of(screened, record, model="vae-bilstm-mha"):
    return next(row for row in screened[1] if (row["record"], row["model"]) == (record, model))


def test_bad_records_get_a_row_with_a_reason_and_the_others_go_on(ward, screened):
    _, bad = ward
    status, rows = screened
    assert status == 1
    errors = {row["record"]: row["error"] for row in rows if row["error"]}
    assert set(errors) == set(bad)
    for name, word in bad.items():
        assert word in errors[name], name
        assert "unexpected" not in errors[name], errors[name]
    names = sorted({row["record"] for row in rows})
    assert len(names) == len(bad) + 8
    for name in names:
        assert [row["model"] for row in rows if row["record"] == name] == MODELS
        scores = [bool(row["score"]) for row in rows if row["record"] == name]
        assert scores == [name not in bad] * 3


def test_what_the_reader_warns_of_stands_in_the_quality_column(screened):
    assert of(screened, "whole")["quality"] == "ok"
    assert "checksum" in of(screened, "checksum")["quality"]


@pytest.mark.parametrize(("record", "seconds"), [("six_seconds", 6), ("a_minute", 61)])
def test_records_of_other_lengths_are_scored_within_themselves(screened, record, seconds):
    assert float(of(screened, record)["worst_end_s"]) <= seconds


def test_fifteen_leads_in_any_order_are_scored_by_the_twelve(screened):
    fifteen, twelve = of(screened, "fifteen_leads"), of(screened, "whole")
    assert float(fifteen["score"]) == pytest.approx(float(twelve["score"]), abs=0.01)


def test_limb_leads_alone_are_judged_and_the_rest_named(screened):
    row = of(screened, "limb_leads")
    assert "missing V1 V2 V3 V4 V5 V6" in row["quality"]
    assert not row["worst_lead"].startswith("V")


def test_a_flat_lead_and_missing_samples_are_named_and_left_out(screened):
    row = of(screened, "gaps")
    assert "V3" in row["quality"] and "aVR" in row["quality"]
    assert row["worst_lead"] != "V3"
    assert np.isfinite(float(row["score"]))


def test_a_file_that_leaves_its_rate_open_names_the_option(analyze, tmp_path):
    path = tmp_path / "silent.h5"
    with h5py.File(path, "w") as file:
        file["waveform"] = ecg_mv(10).astype(np.float32)
    status, rows, _ = analyze(path)
    assert status == 1
    assert rows[0]["error"] == (
        "the file does not say the sampling frequency (--fs) and the lead names (--leads) "
        "and the unit (--units)"
    )
    status, rows, _ = analyze(
        path, "--fs", "500", "--units", "mV", "--leads", ",".join(STANDARD_LEADS)
    )
    assert status == 0, rows


def test_what_is_not_there_gets_a_row_too(analyze, tmp_path):
    (tmp_path / "empty").mkdir()
    status, rows, _ = analyze(tmp_path / "nowhere", tmp_path / "empty", "--model", "cae")
    assert status == 1
    assert len(rows) == 2 and all(row["error"] for row in rows)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--model", "resnet", "x"],
        ["--model", "missing.ecgmodel", "x"],
        ["--specificity", "95", "x"],
        ["--jobs", "0", "x"],
        ["--out", "all.xlsx", "x"],
        ["--device", "tpu", "x"],
        [],
    ],
)
def test_wrong_usage_ends_with_2_before_any_work(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    try:
        status = main(["analyze", *arguments])
    except SystemExit as ended:
        status = ended.code
    assert status == 2
    streams = capsys.readouterr()
    assert streams.out == "" and streams.err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_bundle_is_refused_with_a_reason(tmp_path, capsys, samples):
    path = tmp_path / "broken.ecgmodel"
    path.write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00not a model")
    assert main(["analyze", str(samples), "--model", str(path)]) == 2
    assert "broken.ecgmodel" in capsys.readouterr().err


def test_a_reader_that_stops_listening_ends_the_run_quietly(samples):
    command = f"{sys.executable} -m ecgviewer analyze '{samples}' --model all | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == ",".join(COLUMNS)
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
