"""What CPSC 2018's labels say against what is measured; ``pytest -m slow -s`` prints the tables.

The labels were looked at during development. They name no interval: that a bundle branch block is
complete is not said, so the records under 120 ms are listed one by one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.signal.heartbeats.beats import detect_r_peaks
from ecgviewer.signal.measures.intervals import Intervals, measure
from tests.tables import labelled_records

RBBB, AF, PVC, NORMAL = "59118001", "164889003", "164884008", "normal"
NARROW = {
    "A0006": "R' in V1 and V2 ends at 62 ms after R, all leads quiet then: incomplete block",
    "A0053": "small r' in V2 alone, no slow forces: narrow",
    "A0068": "S in I and R' in V1 end together at 84 ms: 112 ms, just under",
    "A0079": "S and r' small and quick: incomplete block",
    "A0083": "r' in V2 alone: incomplete block",
    "A0085": "no late forces in any lead: narrow",
    "A0087": "r' in V1 alone ends at 48 ms: incomplete block",
    "A0095": "slow S in I, V5 and V6 up to 72 ms: 114 ms, just under",
    "A0098": "no late forces in any lead: narrow",
    "A0114": "R' in V1 and III ends at 62 ms: 106 ms, incomplete block",
    "A0127": "r' in V1 does not rise above the line: narrow",
    "A0135": "S in I and V6, r' in V1 end at 70 ms: 110 ms, incomplete block",
    "A0138": "R' in V1 ends at 75 ms: 116 ms, just under",
}
"""What the median beats of the records under 120 ms show, looked at one by one."""
Measured = dict[str, Intervals]


@pytest.fixture(scope="module")
def by_label(shared_data: Path) -> dict[str, Measured]:
    paths = {code: labelled_records(shared_data, f"cpsc2018 {code}")
             for code in (RBBB, AF, PVC, NORMAL)}  # fmt: skip
    return {code: {path.stem: of_record(path) for path in some} for code, some in paths.items()}


def of_record(path: Path) -> Intervals:
    recording = open_record(RecordRef(path))
    try:
        signal = recording.read(0.0, 60.0, STANDARD_LEADS)
    finally:
        recording.source.close()
    return measure(signal, 500.0, STANDARD_LEADS, detect_r_peaks(signal, 500.0))


def ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1e3 * seconds:.0f}"


@pytest.mark.slow
def test_right_bundle_branch_blocks(by_label: dict[str, Measured]) -> None:
    found = by_label[RBBB]
    narrow = {name for name, one in found.items() if (one.qrs_s.value or 0.0) < 0.1195}
    print(f"\nCPSC, RBBB: QRS of 120 ms and more in {len(found) - len(narrow)} of {len(found)}")
    for name in sorted(narrow):
        qrs = found[name].qrs_s
        print(f"  {name}  {ms(qrs.value)} ± {ms(qrs.uncertainty)} ms   {NARROW.get(name, '?')}")
    assert len(found) == 32
    assert narrow <= set(NARROW)


@pytest.mark.slow
def test_atrial_fibrillation(by_label: dict[str, Measured]) -> None:
    found = by_label[AF]
    print(f"\nCPSC, atrial fibrillation, {len(found)} records: rate, PR")
    for name, one in found.items():
        print(f"  {name}  {one.rate.words():42s} PR {ms(one.pr_s.value)}  {one.pr_s.reason}")
    with_pr = [name for name, one in found.items() if one.pr_s.value is not None]
    regular = [name for name, one in found.items() if not one.rate.irregular]
    print(f"  PR given in {with_pr}, not called irregular {regular}")
    assert len(with_pr) <= 0.1 * len(found)
    assert len(regular) <= 0.1 * len(found)
    assert not [n for n, one in found.items() if one.rate.irregular and one.pr_s.value is not None]


@pytest.mark.slow
def test_premature_ventricular_beats(by_label: dict[str, Measured]) -> None:
    found = by_label[PVC]
    print(f"\nCPSC, ventricular premature beats, {len(found)} records: measured of all beats, QRS")
    for name, one in found.items():
        print(f"  {name}  {one.n_beats:3d} of {one.rate.n_beats:3d}  QRS {ms(one.qrs_s.value)}  "
              f"{one.rate.words()}")  # fmt: skip
    for name, one in found.items():
        assert one.rate.bpm is not None, name
        assert 2 <= one.n_beats < one.rate.n_beats, name
    wide = [name for name, one in found.items() if (one.qrs_s.value or 0.0) >= 0.1195]
    assert len(wide) <= 0.15 * len(found), "the sinus beats are the ones to measure"


@pytest.mark.slow
def test_normals(by_label: dict[str, Measured]) -> None:
    found = by_label[NORMAL]
    qrs = np.array([1e3 * (one.qrs_s.value or np.nan) for one in found.values()])
    pr = np.array([1e3 * (one.pr_s.value or np.nan) for one in found.values()])
    print(f"\nCPSC, {len(found)} normals: QRS {np.nanmin(qrs):.0f}-{np.nanmax(qrs):.0f} ms, "
          f"PR {np.nanmin(pr):.0f}-{np.nanmax(pr):.0f} ms in {np.isfinite(pr).sum()}")  # fmt: skip
    assert np.nanmax(qrs) < 119.5
    assert np.isfinite(pr).all()
