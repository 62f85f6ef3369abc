"""Which of the further real records the printed tables are about."""

from __future__ import annotations

import csv
from pathlib import Path


def labelled_records(data: Path, group: str) -> list[Path]:
    """Return the headers of ``SOURCE``, ``SOURCE normal`` or ``SOURCE other``, as labels.csv says.

    A SNOMED code instead of the second word takes the records that carry it.
    """
    source, _, kind = group.partition(" ")
    with (data / "labels.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    wanted = {"": lambda row: True, "normal": lambda row: row["normal"] == "1",
              "other": lambda row: row["normal"] == "0"}  # fmt: skip
    keep = wanted.get(
        kind, lambda row: kind in row["dx"].replace(";", " ").replace(",", " ").split()
    )
    return [
        data / f"{row['relpath']}.hea"
        for row in rows
        if row["source"] == source and keep(row) and "." not in row["relpath"]
    ]
