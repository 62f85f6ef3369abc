"""Two limb leads give six: they are computed where the file leaves them out, and said so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.review.exports.wfdb.samples import export_samples
from tests.generators import LEADS, ecg_uv, write_wfdb_16

SIGNAL = ecg_uv(4.0)


def stored(folder: Path, *leads: str, gain: str = "1000(0)/mV") -> Path:
    rows = SIGNAL[[LEADS.index(lead) for lead in leads]]
    header = write_wfdb_16(folder, "r", rows, leads=leads)
    header.write_text(header.read_text().replace("1000(0)/mV", gain))
    return header


@pytest.mark.parametrize("pair", [("I", "II"), ("I", "III"), ("II", "III")])
def test_two_limb_leads_and_v5_give_seven(tmp_path: Path, pair: tuple[str, str]) -> None:
    recording = open_record(RecordRef(stored(tmp_path, *pair, "V5")))
    assert set(recording.leads) == {"I", "II", "III", "aVR", "aVL", "aVF", "V5"}
    assert recording.leads[:3] == (*pair, "V5")
    for lead in recording.leads:
        read = recording.read_samples(300, 1700, [lead])[0]
        np.testing.assert_allclose(read, SIGNAL[LEADS.index(lead), 300:1700] / 1000, atol=1e-6)
    together = recording.read_samples(10, 20, ["aVF", "V5", "aVR"])
    np.testing.assert_allclose(together, SIGNAL[[5, 10, 3], 10:20] / 1000, atol=1e-6)
    assert recording.numbering.signals == (0, 1, 2, None, None, None, None)
    (note,) = [one.text for one in recording.notes if "computed" in one.text]
    assert note.startswith(f"computed from {pair[0]} and {pair[1]}: ")


def test_eight_stored_leads_are_a_whole_ecg(tmp_path: Path) -> None:
    header = stored(tmp_path, "I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
    recording = open_record(RecordRef(header))
    assert recording.missing_standard_leads == ()
    assert len(recording.leads) == 12


@pytest.mark.parametrize("leads", [("II", "V5"), ("aVR", "V1"), LEADS])
def test_nothing_is_computed_from_less_or_beside_what_is_there(
    tmp_path: Path, leads: tuple[str, ...]
) -> None:
    recording = open_record(RecordRef(stored(tmp_path, *leads)))
    assert recording.leads == leads
    assert "computed" not in "".join(note.text for note in recording.notes)


def test_leads_without_a_unit_are_not_added(tmp_path: Path) -> None:
    recording = open_record(RecordRef(stored(tmp_path, "I", "II", gain="1000(0)/adu")))
    assert recording.leads == ("I", "II")


def test_missing_samples_of_one_are_missing_in_what_is_computed(tmp_path: Path) -> None:
    header = stored(tmp_path, "I", "II")
    counts = np.fromfile(header.with_suffix(".dat"), "<i2").reshape(-1, 2)
    counts[100:200, 1] = -32768
    counts.tofile(header.with_suffix(".dat"))
    recording = open_record(RecordRef(header))
    missing = np.isnan(recording.read(0, 4))
    assert missing[1:, 100:200].all()
    assert not missing[0].any()
    assert not missing[:, 200:].any()


def test_converted_records_hold_the_leads_of_the_file(tmp_path: Path) -> None:
    recording = open_record(RecordRef(stored(tmp_path, "I", "II", "V5")))
    done = export_samples(recording, tmp_path / "out")
    assert "r.dat" in done.files[0].read_text()
    assert done.files[0].read_text().splitlines()[0].split()[1] == "3"
