"""How far two recordings of one healthy person differ: ``python -m tests.perf.repeat_variation``.

Patients of PTB-XL with several records called normal. Prints 2.77 within-person standard
deviations (Bland and Altman 1999) of every quantity that is compared, with the degrees of freedom.
"""

from __future__ import annotations

import ast
import csv
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.signal.measures.comparison import global_values, st_levels
from ecgviewer.signal.measures.intervals import measure

NORMAL_FROM = 50.0
"""Likelihood of the statement NORM, in percent."""
REPEATABILITY = 1.96 * 2**0.5


def values_of(path: Path) -> dict[str, float]:
    recording = open_record(RecordRef(path))
    signal_mv = recording.read(0.0, recording.duration_s)
    found = measure(signal_mv, recording.fs_hz, recording.leads)
    values = {name: value for name, _, value in global_values(found) if value is not None}
    levels = {f"ST {lead}": value for lead, value in st_levels(found).items() if value is not None}
    return values | levels


def main() -> None:
    root = Path(sys.argv[1])
    patients: dict[str, list[Path]] = defaultdict(list)
    with (root / "ptbxl_database.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            path = root / f"{row['filename_hr']}.hea"
            normal = ast.literal_eval(row["scp_codes"]).get("NORM", 0.0) >= NORMAL_FROM
            if normal and path.exists():
                patients[row["patient_id"]].append(path)
    several = {who: paths for who, paths in patients.items() if len(paths) > 1}
    print(f"{len(several)} patients, {sum(map(len, several.values()))} records")
    squares: dict[str, list[float]] = defaultdict(list)
    freedom: dict[str, int] = defaultdict(int)
    for paths in several.values():
        measured = [values_of(path) for path in paths]
        for name in {name for values in measured for name in values}:
            found = np.array([values[name] for values in measured if name in values])
            if found.size < 2:
                continue
            if name.endswith("axis"):
                found = np.degrees(np.unwrap(np.radians(found)))
            quantity = "ST" if name.startswith("ST ") else name
            squares[quantity].append(float(((found - found.mean()) ** 2).sum()))
            freedom[quantity] += found.size - 1
    for name in sorted(squares):
        within = (sum(squares[name]) / freedom[name]) ** 0.5
        print(f"{name:18} {REPEATABILITY * within:8.3f}  ({freedom[name]} degrees of freedom)")


if __name__ == "__main__":
    main()
