"""Evaluation of a small bundle on real samples: the report, its figures, its honesty."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.bundle.card import FIGURES
from ecgviewer.models.run.analyser import Detector
from trainer.datasets.entries import DataSet, Entry, Index
from trainer.judging import evaluate, protocol, report
from trainer.judging.baselines import PcaReconstruction
from trainer.judging.localisation import lesions_in_time
from trainer.judging.localisation.lesions import KINDS
from trainer.judging.localisation.localise import judge, localise, with_lesion

NORMAL = {"00010_hr": 1, "00330_hr": 0, "00338_hr": 0, "00414_hr": 0, "00436_hr": 0}


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten labelled records of a hospital nobody trained on (five samples, twice)."""
    samples = Path(__file__).resolve().parents[2] / "resources" / "samples"
    folder = tmp_path_factory.mktemp("clinic")
    rows = []
    for copy in "ab":
        for name, normal in NORMAL.items():
            shutil.copy(samples / f"{name}.dat", folder / f"{name}.dat")
            header = (samples / f"{name}.hea").read_text()
            (folder / f"{name}{copy}.hea").write_text(header.replace(name, f"{name}{copy}", 1))
            rows.append([f"{name}{copy}", normal])
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["record", "normal"], *rows])
    return folder


@pytest.fixture(scope="module")
def result(bundle_path: Path, clinic: Path) -> protocol.Json:
    return evaluate.evaluate([bundle_path], [clinic], "cpu")


def test_figures_of_every_kind(result: protocol.Json) -> None:
    (group,) = result["groups"]
    assert (group["normal"], group["abnormal"], group["prevalence"]) == (2, 8, 0.8)
    model = group["models"]["cae"]
    assert 0.0 <= model["calibrated"]["auroc"] <= 1.0
    low, high = model["calibrated"]["auroc_ci"]
    assert low <= model["calibrated"]["auroc"] <= high
    assert set(model["operating"]) == {"0.90", "0.95", "0.99"}
    assert {"95th percentile", "peaks over threshold"} <= set(model["rules"])
    assert set(model["without_part"]) == set(model["parts_alone"])
    # All records are 10 s long: a score of the length knows nothing.
    assert group["baselines"]["length"]["auroc"] == 0.5


def test_scores_are_those_of_the_viewer(
    result: protocol.Json, bundle_path: Path, clinic: Path
) -> None:
    detector = Detector(Bundle.load(bundle_path), "cpu")
    analysis = detector.analyze(open_record(RecordRef(clinic / "00330_hra.hea")))
    assert any(
        s == pytest.approx(analysis.score) for s in result["groups"][0]["models"]["cae"]["scores"]
    )


def test_command_writes_report_and_card(
    bundle_path: Path, clinic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "cae.ecgmodel"
    shutil.copy(bundle_path, model)
    assert evaluate.run([model], [clinic], tmp_path / "out" / "report.md", "cpu", True) == 0
    text = (tmp_path / "out" / "report.md").read_text()
    assert "calibrated AUROC" in text
    assert "What each part of the score adds" in text
    figures = json.loads((tmp_path / "out" / "report.json").read_text())
    assert figures["groups"][0]["n"] == 10
    for kind in ("roc", "precision_recall", "calibration", "classes", "histograms"):
        assert (tmp_path / "out" / f"report_{kind}.png").read_bytes()[:4] == b"\x89PNG"
        assert f"report_{kind}.png" in text
    bundle = Bundle.load(model)
    assert bundle.metrics[0]["abnormal"] == 8
    assert bundle.card.count(FIGURES) == 1
    assert "wrote" in capsys.readouterr().out
    with pytest.raises(EcgViewerError, match=r"\.md or \.json"):
        evaluate.run([model], [clinic], tmp_path / "report.txt", "cpu")


def entry(name: str, source: str, fold: int | None, normal: bool | None = True) -> Entry:
    return Entry(RecordRef(Path(name)), name, source, name, fold, normal, "")


def test_seeds_of_one_architecture_stand_side_by_side(
    bundle_path: Path, result: protocol.Json
) -> None:
    first = Bundle.load(bundle_path)
    (group,) = result["groups"]
    other = {
        kind: {**group["models"]["cae"][kind], "auroc": auroc}
        for kind, auroc in (("calibrated", 0.9), ("raw", 0.8))
    }
    figures = [{**group, "models": {"one": group["models"]["cae"], "two": other}}]
    spread = protocol.seed_spread({"one": first, "two": first}, figures)
    calibrated = spread["cae"][group["name"]]["calibrated"]
    assert calibrated["auroc"] == [group["models"]["cae"]["calibrated"]["auroc"], 0.9]
    assert calibrated["spread"] == pytest.approx(abs(calibrated["auroc"][0] - 0.9))
    assert "0.800" in report.markdown({**result, "seeds": spread}, {})


def test_only_records_no_model_has_seen_are_reported() -> None:
    folds = [entry(f"p{k}", "PTB-XL", k) for k in range(1, 11)]
    other = [entry(f"c{k}", "CPSC 2018", None) for k in range(40)]
    unlabelled = entry("u", "CPSC 2018", None, None)
    index = Index((
        DataSet("PTB-XL", Path("ptbxl"), folds),
        DataSet("CPSC 2018", Path("cpsc2018"), [*other, unlabelled]),
    ))  # fmt: skip
    groups = evaluate.report_groups(index, frozenset())
    assert [e.name for e in groups["PTB-XL fold 10"]] == ["p10"]
    assert len(groups["cpsc2018"]) == 40
    assert [e.name for e in evaluate.tuning_entries(index)] == ["p9"]
    seen = evaluate.report_groups(index, frozenset({"CPSC 2018"}))
    assert {e.split for e in seen["cpsc2018"]} == {"report"}


def test_localisation_of_every_kind(bundle_path: Path, samples: Path) -> None:
    detector = Detector(Bundle.load(bundle_path), "cpu")
    normal = replace(entry("00010_hr", "clinic", None), ref=RecordRef(samples / "00010_hr.hea"))
    abnormal = replace(normal, normal=False)
    found = localise([normal, abnormal], detector, lambda fraction, text: None)
    kinds = [*KINDS, *lesions_in_time.KINDS, "other_heart"]
    assert [f.kind for f in found] == kinds
    table = protocol.localisation_figures(found)
    assert table["all"]["n"] == len(kinds)
    assert table["all drawn"]["n"] == len(KINDS)
    assert table["all drawn"]["point_auroc"] > 0.6


def test_a_perfect_map_is_judged_perfect(bundle_path: Path, samples: Path) -> None:
    recording = open_record(RecordRef(samples / "00010_hr.hea"))
    changed, lesion = with_lesion(recording, "st_shift", np.random.default_rng(0))
    analysis = Detector(Bundle.load(bundle_path), "cpu").analyze(changed)
    truth = lesion.mask[:, ::5]
    level = analysis.map_threshold(0.95)
    perfect = np.where(truth, 2 * level, 0).astype(np.float32)
    found = judge(replace(analysis, score_map=perfect), lesion, recording.fs_hz)
    assert found.hit
    assert found.flagged
    assert found.dice > 0.9
    assert found.point_auroc > 0.95
    upside_down = judge(replace(analysis, score_map=2 * level - perfect), lesion, recording.fs_hz)
    assert upside_down.point_auroc < 0.05


def test_pca_reconstructs_what_it_was_fitted_on() -> None:
    rng = np.random.default_rng(0)
    basis = rng.standard_normal((4, 1200))

    def trace() -> np.ndarray:
        pieces = rng.standard_normal((10, 4)) @ basis
        return pieces.reshape(10, 12, 100).transpose(1, 0, 2).reshape(12, 1000)

    pca = PcaReconstruction.fit([trace().astype(np.float32) for _ in range(12)], 100.0)
    assert pca is not None
    strange = rng.standard_normal((12, 1000)).astype(np.float32)
    assert pca.score(trace().astype(np.float32), 100.0) < 0.5 * pca.score(strange, 100.0)
    assert PcaReconstruction.fit([strange], 100.0) is None
