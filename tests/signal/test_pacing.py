"""Stimuli are recognised, told apart from beats, and never counted as such."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.signal.heartbeats.beats import detect_r_peaks
from ecgviewer.signal.heartbeats.pacing import find_stimuli, pacing_of, without_stimuli

FloatArray = npt.NDArray[np.float32]
MakeEcg = Callable[..., FloatArray]
BEATS_S = np.arange(0.6, 9.6, 0.9)
DIPOLE = np.array([0.5, 1, 0.5, -0.75, 0, 0.75, 0.1, -0.2, 0.3, 0.5, 0.6, 0.4], dtype=np.float32)


def paced(
    make_ecg: MakeEcg, at_s: npt.ArrayLike, fs_hz: float, height_mv: float, width: int
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    x = make_ecg(BEATS_S, fs_hz=fs_hz)
    at = np.rint(np.asarray(at_s) * fs_hz).astype(np.int64)
    for start in at:
        x[:, start : start + width] += height_mv * DIPOLE[:, np.newaxis]
    return x, at


@pytest.mark.parametrize("fs_hz", [250.0, 500.0, 1000.0])
@pytest.mark.parametrize(("height_mv", "width"), [(0.4, 1), (3.0, 2), (10.0, 3)])
@pytest.mark.parametrize("before_s", [0.06, 0.18, 0.38])
def test_stimuli_are_found_and_are_not_beats(
    make_ecg: MakeEcg, fs_hz: float, height_mv: float, width: int, before_s: float
) -> None:
    x, at = paced(make_ecg, BEATS_S - before_s, fs_hz, height_mv, width)
    found = find_stimuli(x, fs_hz)
    assert found.size == at.size
    assert np.abs(found - at).max() <= 1
    beats = detect_r_peaks(x, fs_hz) / fs_hz
    assert beats.size == BEATS_S.size
    assert np.abs(beats - BEATS_S).max() < 0.02


def test_a_pacemaker_that_ignores_the_heart(make_ecg: MakeEcg) -> None:
    x, at = paced(make_ecg, np.arange(0.25, 9.8, 0.77), 500, 8.0, 1)
    beats = detect_r_peaks(x, 500)
    assert beats.size == BEATS_S.size
    pacing = pacing_of(find_stimuli(x, 500), beats, 500, -0.04)
    assert pacing.stimuli.size == at.size
    assert not pacing.paced
    assert pacing.words() == f"{at.size} pacing stimuli"


@pytest.mark.parametrize(
    ("before_s", "words"), [(0.08, "paced (ventricles)"), (0.20, "paced (atria)")]
)
def test_which_chamber_is_driven(make_ecg: MakeEcg, before_s: float, words: str) -> None:
    x, _ = paced(make_ecg, BEATS_S - before_s, 500, 3.0, 1)
    beats = detect_r_peaks(x, 500)
    assert pacing_of(find_stimuli(x, 500), beats, 500, -0.04).words() == words


@pytest.mark.parametrize("fs_hz", [100.0, 250.0, 500.0, 1000.0])
def test_beats_noise_and_pops_are_no_stimuli(make_ecg: MakeEcg, fs_hz: float) -> None:
    x = make_ecg(BEATS_S, fs_hz=fs_hz, noise_mv=0.03)
    assert find_stimuli(x, fs_hz).size == 0
    x[4, 300:302] += 3.0  # one lead
    x[:, 700:703] = np.nan
    assert find_stimuli(x, fs_hz).size == 0


def test_taken_out_the_trace_is_as_it_was(make_ecg: MakeEcg) -> None:
    clean = make_ecg(BEATS_S)
    x, _ = paced(make_ecg, BEATS_S - 0.2, 500, 6.0, 2)
    assert np.abs(without_stimuli(x, 500, find_stimuli(x, 500)) - clean).max() < 0.05
