"""A site's bundle: which records gave its thresholds, and what it may still say of itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.models.bundle.bundle import Bundle, shipped_bundle
from ecgviewer.models.bundle.card import FIGURES, SHIPPED_NOTE, SITE, SITE_NOTE, THRESHOLDS
from tests.generators import ecg_uv, write_wfdb_16
from trainer.fitting.calibration import calibrate
from trainer.fitting.calibration.calibrate import SiteScores, _normal_refs, for_site

SCORES = SiteScores([float(k) for k in range(40)], [float(k) for k in range(40)], [])


def records(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        write_wfdb_16(folder, name, ecg_uv(0.2))
    return folder


def with_parts(bundle: Bundle) -> Bundle:
    """Return the bundle with figures by part and by lesion, as an evaluation gives them."""
    parts = {"alone": {"residual": 0.8}, "without": {"residual": 0.9}, "all": 0.95}
    lesion = {"n": 40, "point_auroc": 0.9, "dice": 0.5, "flagged": 0.8, "top_hits": 0.7}
    *sets, lesions = bundle.metrics
    return replace(
        bundle,
        metrics=(
            *({**metric, "parts": parts} for metric in sets),
            {**lesions, "kinds": {"wide_qrs": lesion}},
        ),
    )


def test_figures_of_the_former_thresholds_go_and_the_others_stay() -> None:
    shipped = with_parts(Bundle.load(shipped_bundle("cae")))
    site = for_site(shipped, SCORES, "a clinic")
    for before, after in zip(shipped.metrics, site.metrics, strict=True):
        assert not {"recall_at_95", "specificity_at_95", "dice", "flagged", "top_hits"} & set(after)
        for key in set(after) - {"kinds"}:
            assert after[key] == before[key]
        for lesion in after.get("kinds", {}).values():
            assert set(lesion) == {"n", "point_auroc"}
        assert {"data", "n", "auroc" if "auroc" in before else "point_auroc"} <= set(after)
    card = site.card
    assert card.count(THRESHOLDS) == 1
    assert f"{site.thresholds['0.95']:.2f} at 95% specificity" in card
    assert f"{shipped.thresholds['0.95']:.2f} at 95% specificity" not in card
    assert SHIPPED_NOTE in shipped.card
    for gone in (SHIPPED_NOTE, "| recall |", "false alarms |", "Dice", "top flag hits"):
        assert gone not in card
    for kept in (
        f"{shipped.metrics[0]['auroc']:.3f} (",
        "point AUROC",
        "What each part of the score adds",
        "## Data",
    ):
        assert kept in card
    header, rule, row = (
        next(line for line in card.splitlines() if line.startswith(begin))
        for begin in ("| records (normal", "|---", f"| {shipped.metrics[0]['data']}")
    )
    assert header.count("|") == rule.count("|") == row.count("|") == 5


def test_a_second_calibration_and_an_evaluation_leave_one_note() -> None:
    shipped = Bundle.load(shipped_bundle("cae"))
    first = for_site(shipped, SCORES, "a clinic")
    second = for_site(first, SCORES, "b clinic")
    assert second.card == first.card.replace("a clinic", "b clinic")
    assert first.card.count(SITE) == 1
    assert first.card.index(SITE) < first.card.index(FIGURES)
    # Measured anew with the site's thresholds, the figures are back and the note stays.
    again = replace(first, metrics=shipped.metrics).card
    assert "| recall |" in again and SITE_NOTE not in again and "a clinic" in again


def test_a_bundle_that_appears_meanwhile_is_not_replaced(
    bundle_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, out = records(tmp_path / "ours", "r0"), tmp_path / "site.ecgmodel"

    def scoring(*_: object) -> SiteScores:
        out.write_text("mine")
        return SCORES

    monkeypatch.setattr(calibrate, "score_site", scoring)
    with pytest.raises(EcgViewerError, match="--overwrite"):
        calibrate.run(bundle_path, ours, out, "cpu", False)
    assert out.read_text() == "mine"


def test_without_labels_it_is_said_that_all_are_taken(tmp_path: Path) -> None:
    ours = records(tmp_path / "ours", "r0", "r1")
    refs, told = _normal_refs(ours)
    assert len(refs) == 2
    assert told == ["there are no labels here: all 2 records are taken as normals"]


def test_a_table_in_a_folder_above_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    deep = records(tmp_path / "ptbxl" / "records500" / "00000", "r0")
    (tmp_path / "ptbxl" / "ptbxl_database.csv").write_text("ecg_id\n")
    _, told = _normal_refs(deep)
    assert "warning: ptbxl_database.csv lies in the folder ptbxl above and is not used" in told[1]


def test_records_that_no_label_describes_are_counted(tmp_path: Path) -> None:
    ours = records(tmp_path / "ours", *(f"r{k}" for k in range(5)))
    for name, code in (("r0", "426783006"), ("r1", "164889003")):
        header = ours / f"{name}.hea"
        header.write_text(header.read_text() + f"#Dx: {code}\n")
    refs, told = _normal_refs(ours)
    assert [ref.path.stem for ref in refs] == ["r0"]
    assert told[0].startswith("ours: WFDB records with #Dx in their headers, 2 records, 1 normal")
    assert told[1:] == [
        "1 records are taken as normals, by these labels",
        "1 records are not normal by their labels and were left out",
        "3 records are not described by these labels and were left out",
    ]


def test_the_command_says_by_which_rule(
    bundle_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = records(tmp_path / "ours", "r0")
    with pytest.raises(EcgViewerError, match="0 normal records could be analysed"):
        calibrate.run(bundle_path, ours, tmp_path / "site.ecgmodel", "cpu", False)
    told = capsys.readouterr().err
    assert "all 1 records are taken as normals" in told
    assert "not used: r0" in told
