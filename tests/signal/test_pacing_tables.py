"""Pacing in LUDB's records and synthetic stimuli; ``pytest -m slow -s`` prints the tables."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.signal.heartbeats.beats import detect_r_peaks
from ecgviewer.signal.heartbeats.pacing import find_stimuli
from ecgviewer.signal.measures.intervals import measure

MakeEcg = Callable[..., npt.NDArray[np.float32]]
HEIGHTS_MV = (0.3, 1.0, 3.0, 10.0)
DISTANCES_S = (0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.16, 0.20, 0.25, 0.30, 0.40, 0.50)
RATES_HZ = (125.0, 250.0, 500.0, 1000.0)
BEATS_S = np.arange(0.7, 9.6, 0.9)
NO_STIMULUS_LEFT = {93}
"""Paced by their label, with no spike of one to three samples in any lead."""


@pytest.mark.slow
def test_records_of_people_with_pacemakers(shared_data: Path) -> None:
    with (shared_data / "ludb" / "ludb.csv").open(encoding="utf-8", newline="") as stream:
        labels = {int(row["ID"]): row["Cardiac pacing"] for row in csv.DictReader(stream)}
    print("\nLUDB 1-100: record, label, what is said")
    said_paced = []
    for number in range(1, 101):
        recording = open_record(RecordRef(shared_data / "ludb" / f"{number}.hea"))
        found = measure(recording.read(0.0, 10.0), 500.0, recording.leads)
        recording.source.close()
        words = found.pacing.words()
        if found.pacing.paced:
            said_paced.append(number)
            assert found.pr_s.value is None
        if labels[number] or words:
            label = " / ".join(labels[number].split("\n"))
            print(f"  {number:3d}  {label:75s} {words or '-'} ({found.pacing.stimuli.size})")
    paced = [number for number, label in labels.items() if label and number <= 100]
    print(f"  {len(set(said_paced) & set(paced))} of {len(paced)} told, "
          f"{len(set(said_paced) - set(paced))} of {100 - len(paced)} falsely")  # fmt: skip
    assert set(said_paced) <= set(paced)
    assert set(paced) - set(said_paced) <= NO_STIMULUS_LEFT


@pytest.mark.slow
@pytest.mark.parametrize("fs_hz", RATES_HZ)
def test_stimuli_of_any_height_at_any_distance(make_ecg: MakeEcg, fs_hz: float) -> None:
    """Each height and distance: stimuli found, and beats counted, of ten."""
    dipole = np.array([0.5, 1, 0.5, -0.75, 0, 0.75, 0.1, -0.2, 0.3, 0.5, 0.6, 0.4])
    clean = make_ecg(BEATS_S, fs_hz=fs_hz)
    print(f"\n{fs_hz:g} Hz, distance to R in s: " + " ".join(f"{d:5.2f}" for d in DISTANCES_S))
    wrong = []
    for height in HEIGHTS_MV:
        cells = []
        for distance in DISTANCES_S:
            x = clean.copy()
            at = np.rint((BEATS_S - distance) * fs_hz).astype(int)
            for start in at:
                x[:, start : start + max(round(0.002 * fs_hz), 1)] += height * dipole[:, None]
            n_found, beats = find_stimuli(x, fs_hz).size, detect_r_peaks(x, fs_hz) / fs_hz
            hit = sum(bool((np.abs(beats - one) < 0.03).any()) for one in BEATS_S)
            cells.append(f"{n_found:2d}/{hit:2d}" + ("+" if beats.size > BEATS_S.size else ""))
            if hit < BEATS_S.size or beats.size > BEATS_S.size:
                wrong.append((height, distance, beats.size))
        print(f"  {height:4.1f} mV  found/beats    " + " ".join(f"{one:>5s}" for one in cells))
    assert not wrong, "stimuli were counted as beats, or beats lost"
