"""Copies of a record, under whatever name, stay on one side of every split."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ecgviewer.core.progress import no_progress
from tests.generators import ecg_uv, write_wfdb_16
from trainer.datasets.copies import keep_copies_together
from trainer.datasets.scan import scan


def test_copied_records_are_on_one_side(tmp_path: Path) -> None:
    rows = ["record,normal"]
    for k in range(12):
        signal = ecg_uv(0.2) + np.int16(k)
        for name in (f"a{k}", f"b{k}"):
            write_wfdb_16(tmp_path, name, signal)
            rows.append(f"{name},1")
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n")
    before = {entry.name: entry.split for entry in scan([tmp_path]).entries}
    after = {e.name: e.split for e in keep_copies_together(scan([tmp_path]), no_progress).entries}
    assert len(after) == 24
    crossing = [n for n in after if n.startswith("a") and before[n] != before["b" + n[1:]]]
    assert crossing, "without it some pairs are torn apart"
    assert all(after[n] == after["b" + n[1:]] for n in after if n.startswith("a"))


def test_records_of_their_own_stay_as_they_are(tmp_path: Path) -> None:
    for k in range(3):
        write_wfdb_16(tmp_path, f"r{k}", ecg_uv(0.2) + np.int16(k))
    (tmp_path / "labels.csv").write_text("record,normal\nr0,1\nr1,1\nr2,0\n")
    index = scan([tmp_path])
    assert keep_copies_together(index, no_progress).entries == index.entries
