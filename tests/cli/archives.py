"""Folders of many records, and Parquet tables as lists of rows to compare."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"
NAMES = ("00010_hr", "00330_hr", "00338_hr", "00414_hr", "00436_hr")


def write_records(folder, n, first=0):
    """Write ``n`` copies of shipped records, each with samples (by a whole offset) of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(first, first + n):
        original, name = NAMES[k % len(NAMES)], f"r{k:05d}"
        counts = np.fromfile(SAMPLES / f"{original}.dat", "<i2").reshape(-1, 12)
        counts = (counts + 1 + k // len(NAMES)).astype("<i2")
        first_line, *lines = (SAMPLES / f"{original}.hea").read_text().splitlines()
        written = [first_line.replace(original, name)]
        for lead, line in enumerate(lines[:12]):
            words = line.replace(original, name).split()
            words[5:7] = [str(counts[0, lead]), str(int(counts[:, lead].sum()) & 0xFFFF)]
            written.append(" ".join(words))
        (folder / f"{name}.hea").write_text("\n".join([*written, *lines[12:]]) + "\n")
        counts.tofile(folder / f"{name}.dat")


def table_of(path):
    """Return the rows of an archive, in their order."""
    from pyarrow import parquet

    parts = sorted(path.glob("part-*.parquet")) if path.is_dir() else [path]
    return [row for part in parts for row in parquet.read_table(part).to_pylist()]
