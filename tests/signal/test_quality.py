"""Bad leads are named, good ones left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.quality import acceptable, quality_words
from ecgviewer.signal.quality import assess, usable_mask

FloatArray = npt.NDArray[np.float32]
MakeEcg = Callable[..., FloatArray]
BEATS_S = np.arange(0.4, 10, 0.83)


def kinds(x: FloatArray, fs_hz: float = 500) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for finding in assess(x, fs_hz, STANDARD_LEADS):
        found.setdefault(finding.lead, set()).add(finding.kind)
    return found


@pytest.mark.parametrize("fs_hz", [100.0, 250.0, 360.0, 500.0, 1000.0])
@pytest.mark.parametrize("factor", [1e-3, 1.0, 200.0])
def test_clean_record_has_no_findings(make_ecg: MakeEcg, fs_hz: float, factor: float) -> None:
    x = make_ecg(BEATS_S, fs_hz=fs_hz, noise_mv=0.01)
    t = np.arange(x.shape[1]) / fs_hz
    x += 0.3 * np.sin(2 * np.pi * 0.25 * t)
    assert kinds(x * np.float32(factor), fs_hz) == {}


def test_fast_and_tall_is_not_noise(make_ecg: MakeEcg) -> None:
    x = make_ecg(np.arange(0.2, 10, 0.36), noise_mv=0.01)
    x[7] *= 4
    assert kinds(x) == {}


def test_a_pause_is_not_a_flat_lead(make_ecg: MakeEcg) -> None:
    x = make_ecg([0.5, 1.3, 2.1, 6.5, 7.3, 8.1, 8.9], noise_mv=0.002)
    assert kinds(x) == {}


def test_every_kind_is_found(make_ecg: MakeEcg) -> None:
    rng = np.random.default_rng(3)
    x = make_ecg(BEATS_S, noise_mv=0.01)
    x[0] = 1.25  # constant
    x[1, 1000:2500] = x[1, 1000]
    x[2, 500:800] = np.nan
    x[3, 42] = np.inf
    x[4] = np.nan
    x[6] = np.clip(x[6] * 4, -2.0, None)
    x[7] += rng.normal(0, 0.4, 5000).astype(np.float32)
    x[8, 2500:] += 4.0
    x[9] = rng.normal(0, 0.0005, 5000)  # an open input
    found = kinds(x)
    assert found == {
        "I": {"flat"},
        "II": {"flat"},
        "III": {"missing"},
        "aVR": {"invalid"},
        "aVL": {"missing"},
        "V1": {"saturated"},
        "V2": {"noisy"},
        "V3": {"noisy"},
        "V4": {"flat"},
    }


def noises(fs_hz: float) -> dict[str, FloatArray]:
    """No heart in it: what an amplifier, the mains and a drifting electrode give, in mV."""
    rng = np.random.default_rng(int(fs_hz))
    t = np.arange(round(10 * fs_hz)) / fs_hz
    white = rng.standard_normal((12, t.size))
    limbs = white.copy()
    i, ii = limbs[:2]
    limbs[2:6] = ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2
    hum = 0.1 * np.sin(2 * np.pi * 50 * t + rng.uniform(0, 6, (12, 1)))
    return {
        "white": 0.01 * white,
        "loud": 5 * white,
        "limb leads computed": 0.03 * limbs,
        "hum": hum + 0.003 * white,
        "hum alone": hum,
        "drift": np.cumsum(0.002 * white, axis=1),
    }


@pytest.mark.parametrize("fs_hz", [100.0, 250.0, 500.0, 1000.0])
@pytest.mark.parametrize("kind", list(noises(100.0)))
def test_noise_alone_is_noisy_in_every_lead(kind: str, fs_hz: float) -> None:
    signal = np.round(noises(fs_hz)[kind], 3)
    findings = assess(signal, fs_hz, STANDARD_LEADS)
    assert {f.lead for f in findings if f.kind == "noisy"} == set(STANDARD_LEADS)
    assert not usable_mask(findings, STANDARD_LEADS, fs_hz, signal.shape[1]).any()
    assert not acceptable(findings, STANDARD_LEADS, 10.0)


@pytest.mark.parametrize("before", ["missing", "zeros", "noise", "a steady level"])
def test_a_bad_start_costs_only_itself(make_ecg: MakeEcg, before: str) -> None:
    good = make_ecg(np.arange(0.4, 120, 0.83), duration_s=120, noise_mv=0.01)
    n = 65 * 500
    rng = np.random.default_rng(1)
    good[:, :n] = {
        "missing": np.nan,
        "zeros": 0.0,
        "noise": 5 * rng.standard_normal((12, n)),
        "a steady level": -32.0,
    }[before]
    findings = assess(good, 500, STANDARD_LEADS)
    usable = usable_mask(findings, STANDARD_LEADS, 500, good.shape[1])
    assert usable[:, 68 * 500 :].all()
    assert not usable[:, : 64 * 500].any()
    assert acceptable(findings, STANDARD_LEADS, 120.0)


def test_one_electrode_off_is_unacceptable_and_late_ones_are_not(make_ecg: MakeEcg) -> None:
    def verdict(x: FloatArray) -> bool:
        return acceptable(assess(x, 500, STANDARD_LEADS), STANDARD_LEADS, 10.0)

    x = make_ecg(BEATS_S, noise_mv=0.01)
    assert verdict(x)
    late = x.copy()
    late[:, :3000] = 0.0
    assert verdict(late)
    off = x.copy()
    off[6] = 0.0
    assert not verdict(off)
    absent = x.copy()
    absent[6] = np.nan  # the file has no V1: that is no fault of the recording
    assert verdict(absent)


def test_brief_noise_is_masked_but_a_readable_record_is_ok(make_ecg: MakeEcg) -> None:
    x = make_ecg(BEATS_S, noise_mv=0.01)
    x[8, 2000:2300] += 15.0
    findings = assess(x, 500, STANDARD_LEADS)
    assert {f.kind for f in findings} == {"disturbed"}
    assert not usable_mask(findings, STANDARD_LEADS, 500, 5000)[8, 2000:2300].any()
    assert acceptable(findings, STANDARD_LEADS, 10.0)
    assert quality_words(findings, STANDARD_LEADS, 10.0) == "ok"


def test_spans_and_mask(make_ecg: MakeEcg) -> None:
    x = make_ecg(BEATS_S, noise_mv=0.01)
    x[1, 1000:2500] = x[1, 1000]
    x[5] = 0.0
    findings = assess(x, 500, STANDARD_LEADS, start_s=60.0)
    flat = next(f for f in findings if f.lead == "II")
    assert flat.start_s == pytest.approx(62.0, abs=0.15)
    assert flat.stop_s == pytest.approx(65.0, abs=0.15)
    whole = next(f for f in findings if f.lead == "aVF")
    assert (whole.start_s, whole.stop_s) == (60.0, 70.0)
    mask = usable_mask(findings, STANDARD_LEADS, 100, 1000, start_s=60.0)
    assert mask.shape == (12, 1000)
    assert not mask[5].any()
    assert not mask[1, 215:485].any()
    assert mask[1, :180].all()
    assert mask[[0, 2, 3]].all()


@pytest.mark.parametrize("n", [0, 1, 7, 60, 499])
def test_short_records_do_not_trip(n: int) -> None:
    x = np.random.default_rng(0).normal(0, 0.1, (12, n)).astype(np.float32)
    assess(x, 500, STANDARD_LEADS)
    assess(np.full((12, n), np.nan, dtype=np.float32), 500, STANDARD_LEADS)


def test_wrong_lead_names_are_refused() -> None:
    with pytest.raises(ValueError):
        assess(np.zeros((3, 100)), 500, STANDARD_LEADS)


def read(path: Path) -> FloatArray:
    wfdb = pytest.importorskip("wfdb")
    signal: FloatArray = wfdb.rdrecord(str(path)).p_signal.T.astype(np.float32)
    return signal


def test_known_flat_leads(shared_data: Path) -> None:
    folder = shared_data / "georgia_chapman"
    six = kinds(read(folder / "JS11438"))
    assert six == {f"V{k}": {"flat"} for k in range(1, 7)}
    three = kinds(read(folder / "JS20004"))
    assert three == {"V2": {"flat"}, "V4": {"flat"}, "V6": {"flat"}}


def test_false_findings_are_rare(shared_data: Path) -> None:
    headers = sorted((shared_data / "ptbxl" / "records500").rglob("*.hea"))[::6]
    touched = sum(bool(kinds(read(header.with_suffix("")))) for header in headers)
    print(f"\n{touched} of {len(headers)} PTB-XL records have a quality finding")
    assert touched <= 0.06 * len(headers)
