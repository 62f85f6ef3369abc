"""What a bundle was made with is known again under any name, and strangers of its name are not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecgviewer.core.errors import RecordError
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.models.bundle.bundle import MAX_CARD_CHARS, Bundle
from ecgviewer.models.bundle.file import MAX_HEADER_BYTES
from tests.trainer.conftest import schematic_mv
from trainer.datasets import used_records as seen
from trainer.datasets.entries import DataSet, Entry, Index
from trainer.datasets.scan import scan
from trainer.datasets.used_records import UsedRecords, sample_hashes, signals_of
from trainer.fitting.calibration import calibrate
from trainer.fitting.config import Config
from trainer.fitting.engine import Engine
from trainer.fitting.fit import fit
from trainer.judging import evaluate
from trainer.judging.reported_records import left_out, listed_here, report_groups


def quiet(fraction: float, text: str) -> None:
    """Show no progress."""


def bundle_of(path: Path, out: Path, **training: object) -> Bundle:
    """Write a bundle that says this of its training."""
    return replace(Bundle.load(path), training=training).save(out)


def judged(bundle: Bundle, data: Path) -> tuple[list[Entry], list[str]]:
    """Return the records that are reported on for a bundle, and what is told of the others."""
    index, known = scan([data]), UsedRecords.by([bundle])
    listed = listed_here(index, known, quiet)
    groups = report_groups(index, known.sources, listed)
    return [e for group in groups.values() for e in group], left_out(index, known.sources, listed)


@pytest.fixture
def listing(bundle_path: Path, data: Path, tmp_path: Path) -> Bundle:
    """A bundle that says what a training on ``data`` says."""
    listed = signals_of(scan([data]), quiet).listed
    return bundle_of(
        bundle_path, tmp_path / "listing.ecgmodel", records=listed, sources=[data.name]
    )


def test_a_record_is_known_by_its_samples(data: Path, tmp_path: Path) -> None:
    shutil.copy(data / "r03.dat", tmp_path / "patient9.dat")
    header = (data / "r03.hea").read_text().replace("r03", "patient9") + "#Dx: 426783006\n"
    (tmp_path / "patient9.hea").write_text(header)
    refs = [
        RecordRef(path) for path in (data / "r03.hea", tmp_path / "patient9.hea", data / "r04.hea")
    ]
    one, copy, other = sample_hashes(refs, quiet)
    assert one == copy
    assert one != other
    (tmp_path / "patient9.dat").write_bytes(b"")
    assert sample_hashes(refs[1:2], quiet) == [""]


def test_renamed_training_records_are_not_reported(
    listing: Bundle, data: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "hospital_x"
    shutil.copytree(data, elsewhere)
    reported, told = judged(listing, elsewhere)
    assert reported
    index = scan([data])
    assert [e.name for e in reported] == [e.name for e in index.entries if e.split == "report"]
    assert told == [
        f"not reported: {60 - len(reported)} records that a bundle was trained or calibrated with, "
        "or of the same patients"
    ]


def test_other_records_of_a_known_patient_are_not_reported(
    listing: Bundle, data: Path, tmp_path: Path
) -> None:
    trained = next(e for e in scan([data]).entries if e.split == "train")
    clinic = tmp_path / "clinic"
    clinic.mkdir()
    rows = ["record,normal,patient_id", f"{trained.name},1,me", "new,0,me", "else,1,you"]
    for suffix in ("hea", "dat"):
        shutil.copy(data / f"{trained.name}.{suffix}", clinic)
    write(clinic, "new", 501)
    write(clinic, "else", 502)
    (clinic / "labels.csv").write_text("\n".join(rows) + "\n")
    assert [entry.name for entry in judged(listing, clinic)[0]] == ["else"]


def test_another_hospital_of_the_same_name_is_reported_whole(
    listing: Bundle, bundle_path: Path, data: Path, tmp_path: Path
) -> None:
    namesake = tmp_path / "other" / data.name
    namesake.mkdir(parents=True)
    for k in range(12):
        write(namesake, f"q{k}", 900 + k)
    rows = [f"q{k},{k % 2}" for k in range(12)]
    (namesake / "labels.csv").write_text("\n".join(["record,normal", *rows]) + "\n")
    reported, told = judged(listing, namesake)
    assert (len(reported), told) == (12, [])
    # A bundle without a list knows no better; that is told.
    older = bundle_of(bundle_path, tmp_path / "older.ecgmodel", sources=[data.name])
    reported, told = judged(older, namesake)
    assert len(reported) < 12
    assert told == [
        f"not reported: {12 - len(reported)} records of {data.name}, a name that stands in the "
        "training of a bundle without a list of its records"
    ]


def test_a_training_lists_all_normals_that_it_touched(
    tiny_cae: Config, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Normals with another statement calibrate the score, also where a source has no clean ones."""
    index = scan([data])
    (dataset,) = index.datasets
    dataset.entries = [
        replace(entry, source="ward", left_out="normal with another statement")
        if entry.name < "r20" and entry.normal
        else entry
        for entry in dataset.entries
    ]
    monkeypatch.setattr("trainer.fitting.fit.scan", lambda paths: index)
    monkeypatch.setattr(Engine, "_epoch", lambda *a: None)
    bundle = fit(tiny_cae, [data], tmp_path / "m.ecgmodel", device="cpu")
    assert bundle is not None
    assert bundle.training["sources"] == sorted(["ward", data.name])
    known = UsedRecords.by([Bundle.load(tmp_path / "m.ecgmodel")]).among(
        [entry.ref for entry in index.entries], quiet
    )
    assert known == {entry.ref for entry in index.entries if entry.split != "report"}
    assert bundle.training["n_train_records"] == bundle.training["n_train"]


def test_a_list_is_small_and_names_nobody(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = scan([data])
    listed = signals_of(index, quiet).listed
    parts = [e for e in index.entries if e.split != "report"]
    assert len(listed) == seen.DIGITS * len(parts)
    assert set(listed) <= set("0123456789abcdef")
    assert seen.DIGITS * seen.MAX_RECORDS + MAX_CARD_CHARS < MAX_HEADER_BYTES
    whole = signals_of(index, quiet)
    monkeypatch.setattr(seen, "MAX_RECORDS", 10)
    without = signals_of(index, quiet)
    assert without.listed == ""
    assert without.normals_sha256 == whole.normals_sha256


def test_lesions_are_put_into_reported_records_only(
    listing: Bundle, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Entry] = []

    def localise(entries: list[Entry], *_: object) -> list[object]:
        given.extend(entries)
        return []

    monkeypatch.setattr(evaluate, "localise", localise)
    evaluate.evaluate([listing.path], [data], "cpu")
    assert given
    assert {entry.split for entry in given} == {"report"}


def test_lesions_stay_out_of_the_folds_for_training_and_calibration() -> None:
    folds = [
        Entry(RecordRef(Path(f"p{k}")), f"p{k}", "PTB-XL", f"p{k}", k, True, "")
        for k in range(1, 11)
    ]
    groups = report_groups(Index((DataSet("PTB-XL", Path("ptbxl"), folds),)), frozenset())
    assert [e.fold for group in groups.values() for e in group] == [10]


def test_a_site_is_not_calibrated_on_training_records(
    listing: Bundle, bundle_path: Path, data: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Errors on them are smaller than on anything new: their thresholds would be too low."""
    site = tmp_path / "site"
    shutil.copytree(data, site)
    (site / "labels.csv").unlink()
    for k in range(8):
        write(site, f"new{k}", 700 + k)
    index = scan([data])
    n_seen = sum(entry.split != "report" for entry in index.entries)
    out = tmp_path / "site.ecgmodel"
    assert calibrate.run(listing.path, site, out, "cpu", False) == 0
    told = capsys.readouterr().err
    assert f"{n_seen} records were left out: the model was trained or calibrated with" in told
    assert Bundle.load(out).training["site_normals"] == 68 - n_seen

    for name in [entry.name for entry in index.entries if entry.split == "report"]:
        (site / f"{name}.hea").unlink()
    for k in range(8):
        (site / f"new{k}.hea").unlink()
    with pytest.raises(RecordError, match=r"(?s)no normal record .* trained or calib"):
        calibrate.run(listing.path, site, tmp_path / "none.ecgmodel", "cpu", False)

    older = bundle_of(bundle_path, tmp_path / "older.ecgmodel", sources=[data.name])
    refs, told_of = calibrate._normal_refs(data, UsedRecords.by([older]).sources)
    assert {entry.split for entry in index.entries if entry.ref in refs} == {"report"}
    assert any("of a source that the model was trained on" in line for line in told_of)


def write(folder: Path, name: str, seed: int) -> None:
    """Write a schematic normal record."""
    wfdb.wrsamp(
        name, fs=100, units=["mV"] * 12, sig_name=list(STANDARD_LEADS),
        p_signal=np.ascontiguousarray(schematic_mv(seed).T), fmt=["16"] * 12, write_dir=str(folder),
    )  # fmt: skip
