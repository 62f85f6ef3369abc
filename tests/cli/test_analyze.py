"""``ecgviewer analyze`` as scripts see it: columns, rows, exit status, files."""

import csv
import io
import json
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest

from ecgviewer.cli import main
from ecgviewer.core.leads import STANDARD_LEADS

COLUMNS = [
    *("path", "record", "model", "score", "raw_score", "p_value", "threshold", "abnormal"),
    *("quality", "worst_lead", "worst_start_s", "worst_end_s", "error"),
]
MODELS = ["cae", "vae-bilstm", "vae-bilstm-mha"]


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


def test_the_default_model_is_the_attention_one(analyze, samples):
    header = sorted(samples.glob("*.hea"))[0]
    status, rows, _ = analyze(header)
    assert status == 0
    assert [(row["path"], row["record"], row["model"]) for row in rows] == [
        (str(header), header.stem, "vae-bilstm-mha")
    ]


def test_a_record_may_be_named_without_extension(analyze, samples):
    header = sorted(samples.glob("*.hea"))[0]
    _, with_extension, _ = analyze(header, "--model", "cae")
    _, without, _ = analyze(header.with_suffix(""), "--model", "cae")
    assert without == with_extension


def test_the_records_of_one_hdf5_file_are_numbered(analyze, samples):
    path = sorted(samples.glob("*.hdf5"))[0]
    status, rows, _ = analyze(path, "--model", "cae", "--fs", "400", "--units", "mV")
    assert status == 0
    assert [row["record"] for row in rows] == [f"{path.stem}#{k}" for k in range(len(rows))]
    assert len(rows) > 1


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


def test_a_higher_specificity_raises_the_threshold(analyze, samples):
    header = sorted(samples.glob("*.hea"))[0]
    low, high = (
        float(analyze(header, "--specificity", share)[1][0]["threshold"])
        for share in ("0.90", "0.99")
    )
    assert high > low


def bad_inputs(folder, write_record, heart_like):
    """Write one bad record of each kind; return {name: a word its error must contain}."""
    whole = heart_like(10)
    write_record(folder, "no_dat", whole).with_suffix(".dat").unlink()
    truncated = write_record(folder, "truncated", whole).with_suffix(".dat")
    truncated.write_bytes(truncated.read_bytes()[:50_000])
    (folder / "empty.hea").write_bytes(b"")
    (folder / "renamed.hea").write_text("Dear colleague,\nplease find attached nothing.\n")
    write_record(folder, "fs0", whole, fs="0")
    write_record(folder, "half_second", heart_like(0.5))
    write_record(folder, "three_leads", whole[6:9], leads=STANDARD_LEADS[6:9])
    write_record(folder, "all_constant", np.zeros((12, 5000)))
    write_record(folder, "all_missing", np.full((12, 5000), np.nan))
    with h5py.File(folder / "no_ecg.h5", "w") as file:
        file["weights"] = np.zeros((3, 3))
    return {
        "no_dat": "no_dat.dat", "truncated": "", "empty": "",
        "renamed": "", "fs0": "", "half_second": "short", "three_leads": "lead",
        "all_constant": "", "all_missing": "", "no_ecg": "",
    }  # fmt: skip


def test_bad_records_get_a_row_with_a_reason_and_the_others_go_on(
    analyze, tmp_path, write_record, heart_like
):
    folder = tmp_path / "ward"
    expected = bad_inputs(folder, write_record, heart_like)
    write_record(folder, "whole", heart_like(10))
    write_record(folder, "checksum", heart_like(10), checksum=12345)
    before = {path: path.read_bytes() for path in folder.iterdir()}

    status, rows, err = analyze(folder, "--model", "all")

    assert status == 1
    errors = {row["record"]: row["error"] for row in rows if row["error"]}
    assert set(errors) == set(expected)
    for name, word in expected.items():
        assert word in errors[name], name
        assert "unexpected" not in errors[name], errors[name]
        assert [row["model"] for row in rows if row["record"] == name] == MODELS
    assert "Traceback" not in err
    scored = {row["record"]: row["quality"] for row in rows if row["score"]}
    assert set(scored) == {"whole", "checksum"}
    assert scored["whole"] == "ok"
    assert "checksum" in scored["checksum"]
    assert {path: path.read_bytes() for path in folder.iterdir()} == before, "sources untouched"


@pytest.mark.parametrize("seconds", [6, 61])
def test_records_of_other_lengths_are_scored(analyze, tmp_path, write_record, heart_like, seconds):
    header = write_record(tmp_path / "ward", "r", heart_like(seconds))
    status, rows, _ = analyze(header)
    assert status == 0, rows
    assert float(rows[0]["worst_end_s"]) <= seconds


def test_fifteen_leads_are_scored_by_the_twelve(analyze, tmp_path, write_record, heart_like):
    signal = np.concatenate([heart_like(10), heart_like(10, n_leads=3, seed=1)])[::-1]
    leads = (*STANDARD_LEADS, "vx", "vy", "vz")[::-1]
    fifteen = write_record(tmp_path / "a", "r", signal, leads=leads)
    twelve = write_record(tmp_path / "b", "r", heart_like(10))
    (row,), (reference,) = (analyze(path)[1] for path in (fifteen, twelve))
    assert row["error"] == ""
    assert float(row["score"]) == pytest.approx(float(reference["score"]), abs=0.05)


def test_limb_leads_alone_are_judged_and_the_rest_named(
    analyze, tmp_path, write_record, heart_like
):
    limb = write_record(tmp_path / "ward", "r", heart_like(10, n_leads=3), leads=STANDARD_LEADS[:3])
    status, rows, _ = analyze(limb)
    assert status == 0
    assert "missing V1 V2 V3 V4 V5 V6" in rows[0]["quality"]
    assert not rows[0]["worst_lead"].startswith("V")


def test_a_flat_lead_and_missing_samples_are_named_and_left_out(
    analyze, tmp_path, write_record, heart_like
):
    signal = heart_like(10)
    signal[8] = 0.0
    signal[3, 1000:2000] = np.nan
    status, rows, _ = analyze(write_record(tmp_path / "ward", "r", signal))
    assert status == 0
    assert "V3" in rows[0]["quality"] and "aVR" in rows[0]["quality"]
    assert rows[0]["worst_lead"] != "V3"
    assert np.isfinite(float(rows[0]["score"]))


def test_unknown_units_are_told_and_can_be_given(analyze, tmp_path, write_record, heart_like):
    header = write_record(tmp_path / "ward", "r", heart_like(10), units="lightyears")
    assert analyze(header)[1][0]["path"] == str(header)
    status, rows, _ = analyze(header, "--units", "mV")
    assert status == 0, rows


def test_a_file_that_leaves_its_rate_open_names_the_option(analyze, tmp_path, heart_like):
    path = tmp_path / "silent.h5"
    with h5py.File(path, "w") as file:
        file["waveform"] = heart_like(10).astype(np.float32)
    status, rows, _ = analyze(path)
    assert status == 1
    assert "--fs" in rows[0]["error"]
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
