"""The quality verdict against the labels of the PhysioNet/CinC Challenge 2011, as a table."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.quality import acceptable, quality_words
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io.registry import open_record
from ecgviewer.models.run.windows import LeadPlan
from ecgviewer.signal.quality import assess

pytestmark = pytest.mark.slow


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def judged(path: Path) -> tuple[bool, bool]:
    """Return whether the first ten seconds can be judged, and whether nothing is said of them."""
    recording = open_record(RecordRef(path))
    plan = LeadPlan.of(recording)
    stop_s = min(recording.duration_s, 10.0)
    findings = assess(
        plan.standard(recording.read(0.0, stop_s, plan.read)), recording.fs_hz, STANDARD_LEADS
    )
    return (
        acceptable(findings, STANDARD_LEADS, stop_s),
        quality_words(findings, STANDARD_LEADS, stop_s) == "ok",
    )


def test_the_verdict_agrees_with_the_challenges_readers(shared_data: Path) -> None:
    folder = shared_data / "cinc2011"
    rows = table(folder / "quality.csv")
    found = np.array([judged(folder / f"{row['record']}.hea") for row in rows])
    good = np.array([row["quality"] == "acceptable" for row in rows])
    print(f"\n{len(rows)} records of CinC 2011 set A (development figures)")
    for name, column in (("verdict", found[:, 0]), ("nothing said", found[:, 1])):
        print(
            f"{name}: accuracy {np.mean(column == good):.3f}, unacceptable named "
            f"{_share(~column[~good])}, acceptable left alone {_share(column[good])}"
        )
    assert np.mean(found[:, 0] == good) >= 0.94
    assert np.mean(found[good, 0]) >= 0.95
    assert np.mean(found[:, 1] == good) >= 0.93


def test_real_records_of_other_sites_remain_judged(shared_data: Path) -> None:
    rows = table(shared_data / "labels.csv")
    counts: Counter[tuple[str, str]] = Counter()
    refused = []
    for row in rows:
        path = shared_data / f"{row['relpath']}.hea"
        if not path.exists() or row["relpath"].startswith("cinc2011"):
            continue
        counts[row["source"], row["normal"]] += 1
        if not judged(path)[0]:
            refused.append((row["source"], row["normal"], row["relpath"]))
    for path in sorted((shared_data / "athletes").glob("*.hea")):
        counts["athletes", "1"] += 1
        if not judged(path)[0]:
            refused.append(("athletes", "1", path.stem))
    print()
    for (source, normal), count in sorted(counts.items()):
        names = [name for s, label, name in refused if (s, label) == (source, normal)]
        print(f"{source} normal={normal or '?'}: {len(names)} of {count} not judged {names}")
    normals = sum(count for (_, normal), count in counts.items() if normal == "1")
    assert sum(1 for _, normal, _ in refused if normal == "1") <= 0.005 * normals
    assert len(refused) <= 0.01 * counts.total()


def _share(values: npt.NDArray[np.bool_]) -> str:
    return f"{values.sum()} of {values.size} ({values.mean():.3f})"
