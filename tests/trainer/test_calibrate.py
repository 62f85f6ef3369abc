"""Thresholds from a site's own normals."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.models.bundle.bundle import Bundle
from tests.generators import ecg_uv, write_wfdb_16
from trainer.fitting.calibration.calibrate import (
    CalibrationError,
    SiteScores,
    _normal_refs,
    for_site,
    normals_needed,
    run,
    shortage,
)


def test_how_many_normals_a_specificity_needs() -> None:
    # 0.95^59 = 0.0485 <= 0.05 < 0.95^58.
    assert [normals_needed(s) for s in (0.90, 0.95, 0.99)] == [29, 59, 299]
    assert normals_needed(0.5, 0.5) == 1
    with pytest.raises(ValueError, match="between 0 and 1"):
        normals_needed(1.0)


def test_shortage_is_told_per_specificity() -> None:
    assert shortage(300) == []
    assert len(shortage(100)) == 1
    assert "59 are needed" in shortage(40)[0]


def test_site_scores_become_thresholds_and_p_values(bundle_path: Path, tmp_path: Path) -> None:
    bundle = Bundle.load(bundle_path)
    rng = np.random.default_rng(0)
    scores = SiteScores(rng.exponential(1.0, 400).tolist(), rng.normal(3, 1, 400).tolist(), [])
    for_site(bundle, scores, "a clinic").save(tmp_path / "site.ecgmodel")
    site = Bundle.load(tmp_path / "site.ecgmodel")
    # The 95th percentile of an exponential is ln 20.
    assert site.thresholds["0.95"] == pytest.approx(np.log(20), rel=0.15)
    assert site.scorer().record_reference.p_value(np.log(20)) == pytest.approx(0.05, rel=0.3)
    assert site.training["site_normals"] == 400
    assert "a clinic" in site.card
    for name, tensor in bundle.network_tensors.items():
        np.testing.assert_array_equal(site.network_tensors[name], tensor)


def test_too_few_normals_say_how_many_are_needed(bundle_path: Path) -> None:
    with pytest.raises(CalibrationError, match="59 for 95%"):
        for_site(Bundle.load(bundle_path), SiteScores([1.0] * 5, [1.0] * 5, []), "a clinic")


def test_command_scores_a_folder_and_never_overwrites(
    bundle_path: Path, samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, ours = tmp_path / "site.ecgmodel", tmp_path / "ours"
    ours.mkdir()
    for file in [*samples.glob("*_hr.*"), samples / "code_layout.hdf5"]:
        shutil.copy(file, ours)
    assert run(bundle_path, ours, out, "cpu", False) == 0
    printed = capsys.readouterr()
    assert "59 normals needed, 9 given" in printed.out
    assert "too few for a threshold" in printed.err
    assert Bundle.load(out).training["site"] == "ours"
    with pytest.raises(EcgViewerError, match="--overwrite"):
        run(bundle_path, ours, out, "cpu", False)


def test_folder_without_records_is_refused(bundle_path: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(EcgViewerError, match="no normal record"):
        run(bundle_path, empty, tmp_path / "site.ecgmodel", "cpu", False)
    assert not (tmp_path / "site.ecgmodel").exists()


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (b"record,normal,comment\nr0,1,\nr1,0,M\xfcller\n", r"line 3 is not UTF-8"),
        (b"record;normal\nr0;1\nr1;0\n", r"line 1: .*separated by commas"),
        (b"record,normal\nr0,1\nr1,no\n", r"line 3: normal is 1 or 0, not 'no'"),
        ("record,normal\nr0,1\nr1,0\n".encode("utf-16"), r"line 1"),
        (b"record,normal\nr0,\nr1,\n", "none of the 2 records here has a label"),
        (b"record,normal\nR-0,1\nR-1,0\n", "none of its rows names a record"),
        (b"", "line 1"),
    ],
)  # fmt: skip
def test_abnormal_records_never_pass_as_normals_for_want_of_a_readable_table(
    tmp_path: Path, table: bytes, reason: str
) -> None:
    for name in ("r0", "r1"):
        write_wfdb_16(tmp_path, name, ecg_uv(0.2))
    assert len(_normal_refs(tmp_path)[0]) == 2, "without a table all are normals"
    (tmp_path / "labels.csv").write_bytes(table)
    with pytest.raises(EcgViewerError, match=reason):
        _normal_refs(tmp_path)


def test_a_reference_table_that_cannot_be_understood_is_no_reason_to_take_all(
    tmp_path: Path,
) -> None:
    write_wfdb_16(tmp_path, "r0", ecg_uv(0.2))
    (tmp_path / "REFERENCE.csv").write_text("Recording;First_label\nr0;5\n")
    with pytest.raises(EcgViewerError, match="no column Recording"):
        _normal_refs(tmp_path)
