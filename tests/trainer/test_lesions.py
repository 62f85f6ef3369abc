"""Injected lesions: where they say they are, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.leads import STANDARD_LEADS, limb_identity_errors
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from ecgviewer.signal.heartbeats.beats import detect_r_peaks
from trainer.judging.localisation import lesions_in_time
from trainer.judging.localisation.lesion import VISIBLE_MV, Lesion, inject
from trainer.judging.localisation.lesions import KINDS
from trainer.judging.localisation.localise import with_lesion


@pytest.fixture(scope="module")
def recording() -> Recording:
    samples = Path(__file__).resolve().parents[2] / "resources" / "samples"
    return open_record(RecordRef(samples / "00010_hr.hea"))


@pytest.fixture(scope="module")
def signal(recording: Recording) -> np.ndarray:
    return recording.read(0.0, recording.duration_s)


IN_ONE_LEAD = ("single_lead_artefact", "electrode_pop", "loose_electrode")
EVERY = KINDS | lesions_in_time.KINDS


def lesion(kind: str, signal: np.ndarray, seed: int = 0) -> Lesion:
    peaks = detect_r_peaks(signal, 500.0)
    return inject(kind, signal, 500.0, peaks, np.random.default_rng(seed), EVERY)


@pytest.mark.parametrize("kind", EVERY)
def test_the_mask_is_where_the_trace_changed(kind: str, signal: np.ndarray) -> None:
    changed = lesion(kind, signal)
    difference = np.abs(changed.signal_mv - signal)
    assert changed.mask.any()
    assert difference[~changed.mask].max() <= VISIBLE_MV + 1e-5
    assert (difference[changed.mask] > VISIBLE_MV).mean() > 0.5
    assert np.isfinite(changed.signal_mv).all()


@pytest.mark.parametrize("kind", [k for k in EVERY if k not in IN_ONE_LEAD])
def test_limb_leads_stay_consistent(kind: str, signal: np.ndarray) -> None:
    # The check removes each lead's median, which alone moves it by some percent.
    changed = lesion(kind, signal)
    assert max(limb_identity_errors(changed.signal_mv, STANDARD_LEADS).values()) < 0.12


def test_each_kind_is_what_it_says(signal: np.ndarray) -> None:
    peaks = detect_r_peaks(signal, 500.0)
    since_r = np.arange(5000) - peaks[np.clip(np.searchsorted(peaks, np.arange(5000)) - 1, 0, None)]
    before_r = peaks[np.clip(np.searchsorted(peaks, np.arange(5000)), 0, len(peaks) - 1)]
    st = lesion("st_shift", signal).mask.any(axis=0) & (np.arange(5000) > peaks[0])
    assert (since_r[st] > 20).all()
    p_wave = lesion("missing_p", signal).mask.any(axis=0)
    assert (before_r - np.arange(5000))[p_wave].min() > 20
    artefact = lesion("single_lead_artefact", signal).mask
    assert artefact.any(axis=1).sum() == 1
    early = lesion("premature_wide_beat", signal)
    assert early.mask.any(axis=1).sum() >= 8
    assert 0.2 < early.mask.any(axis=0).sum() / 500 < 2.0


def test_a_dropped_beat_and_a_pause_have_no_beats(signal: np.ndarray) -> None:
    whole = detect_r_peaks(signal, 500.0).size
    assert detect_r_peaks(lesion("dropped_beat", signal).signal_mv, 500.0).size == whole - 1
    longest = np.diff(detect_r_peaks(lesion("pause", signal).signal_mv, 500.0)).max()
    assert longest >= 2 * 500


def test_same_seed_same_lesion(signal: np.ndarray) -> None:
    a, b = lesion("st_shift", signal, 5), lesion("st_shift", signal, 5)
    np.testing.assert_array_equal(a.signal_mv, b.signal_mv)
    assert not np.array_equal(a.signal_mv, lesion("st_shift", signal, 6).signal_mv)


def test_a_changed_recording_reads_like_any_other(recording: Recording) -> None:
    changed, truth = with_lesion(recording, "wide_qrs", np.random.default_rng(0))
    assert changed.leads == STANDARD_LEADS
    np.testing.assert_allclose(changed.read(1.0, 2.0, ["II"])[0], truth.signal_mv[1, 500:1000])


def test_impossible_requests_are_refused(signal: np.ndarray) -> None:
    with pytest.raises(ValueError, match="unknown lesion"):
        inject("tumour", signal, 500.0, np.arange(9) * 500, np.random.default_rng(0), EVERY)
    with pytest.raises(ValueError, match="too few"):
        inject("st_shift", signal, 500.0, np.array([100, 600]), np.random.default_rng(0), EVERY)
