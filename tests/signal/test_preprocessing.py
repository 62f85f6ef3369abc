"""What a model is given is the same whatever rate, chunk or gap the record comes with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import butter, resample_poly, sosfiltfilt

from ecgviewer.core.errors import AnalysisError
from ecgviewer.signal.preprocessing import Preprocessing
from ecgviewer.signal.resample import resample, to_time_base

FloatArray = npt.NDArray[np.float32]
MakeEcg = Callable[..., FloatArray]
RATES_HZ = (250.0, 360.0, 400.0, 1000.0)


def published_procedure(x: FloatArray) -> npt.NDArray[np.float64]:
    """Filter, z-score over 10 s, then decimate from 500 to 100 Hz."""
    sos = butter(4, [0.5, 40], "bandpass", fs=500, output="sos")
    y = sosfiltfilt(sos, x, axis=1)
    z = (y - y.mean(axis=1, keepdims=True)) / y.std(axis=1, keepdims=True)
    result: npt.NDArray[np.float64] = resample_poly(z, 1, 5, axis=1)
    return result


def test_default_equals_the_published_procedure(make_ecg: MakeEcg) -> None:
    x = make_ecg(np.arange(0.4, 10, 0.83))
    spec = Preprocessing()
    prepared = spec.scale(spec.filter(x, 500))
    assert prepared.shape == (12, 1000)
    assert prepared.dtype == np.float32
    assert np.abs(prepared - published_procedure(x))[:, 1:-1].max() < 0.02


def test_default_equals_the_published_procedure_on_ptbxl(shared_data: Path) -> None:
    wfdb = pytest.importorskip("wfdb")
    spec = Preprocessing()
    headers = sorted((shared_data / "ptbxl" / "records500").rglob("*.hea"))[::40]
    for header in headers:
        x = wfdb.rdrecord(str(header.with_suffix(""))).p_signal.T.astype(np.float32)
        difference = spec.scale(spec.filter(x, 500)) - published_procedure(x)
        assert np.abs(difference[:, 1:-1]).max() < 0.03, header.name
        assert np.sqrt(np.mean(difference**2)) < 2e-3, header.name


@pytest.mark.parametrize("fs_hz", RATES_HZ)
@pytest.mark.parametrize(
    "spec",
    [Preprocessing(), Preprocessing(fs_hz=500, high_hz=40, notch_hz=50)],
    ids=["default", "paper"],
)
def test_same_record_at_another_rate(make_ecg: MakeEcg, fs_hz: float, spec: Preprocessing) -> None:
    x = make_ecg(np.arange(0.4, 10, 0.83))
    at_500 = spec.filter(x, 500)
    other = spec.filter(resample(x, 500, fs_hz), fs_hz)
    assert other.shape == at_500.shape
    difference = np.abs(other - at_500)
    last = round(0.5 * spec.fs_hz)
    assert difference[:, :-last].max() < 0.008  # mV; half a percent of a 1.5-mV R wave
    assert difference[:, -last:].max() < 0.03  # the odd extension hangs on the last sample


def test_chunks_with_margin_equal_the_whole(make_ecg: MakeEcg) -> None:
    x = make_ecg(np.arange(0.4, 60, 0.83), duration_s=60) + np.linspace(0, 2, 30_000)
    spec = Preprocessing()
    whole = spec.filter(x, 500)
    margin = round(spec.margin_s)
    chunk = spec.filter(x[:, (20 - margin) * 500 : (40 + margin) * 500], 500)
    part = chunk[:, margin * 100 : -margin * 100]
    assert np.abs(part - whole[:, 2000:4000]).max() < 1e-4


def test_gaps_and_infinities_stay_masked_and_local(make_ecg: MakeEcg) -> None:
    x = make_ecg(np.arange(0.4, 10, 0.83))
    spec = Preprocessing()
    clean = spec.filter(x, 500)
    x[3, 2000:2100] = np.nan
    x[4, 100] = np.inf
    x[5] = np.nan
    y = spec.filter(x, 500)
    assert np.isnan(y[3, 400:420]).all()
    assert np.isnan(y[3]).sum() <= 21
    assert np.isnan(y[4]).sum() == 1
    assert np.isnan(y[5]).all()
    assert np.isfinite(y[[0, 1, 2, 6]]).all()
    assert np.abs(y[3, :300] - clean[3, :300]).max() < 0.1
    z = spec.scale(y)
    assert np.array_equal(np.isnan(z), np.isnan(y))


def test_flat_lead_is_not_blown_up() -> None:
    spec = Preprocessing()
    z = spec.scale(spec.filter(np.full((1, 5000), 0.37, dtype=np.float32), 500))
    assert np.abs(z).max() < 0.1


@pytest.mark.parametrize("n", [500, 501, 777, 1250])
def test_short_records_are_filtered_without_padding(make_ecg: MakeEcg, n: int) -> None:
    x = make_ecg([0.4, 1.2, 2.0])[:, :n]
    assert Preprocessing().filter(x, 500).shape == (12, -(-n // 5))


@pytest.mark.parametrize("n", [0, 1, 30, 250, 499])
def test_too_short_is_said(n: int) -> None:
    with pytest.raises(AnalysisError, match="too short"):
        Preprocessing().filter(np.zeros((12, n), dtype=np.float32), 500)


def test_too_slow_is_said() -> None:
    with pytest.raises(AnalysisError, match="sampling rate"):
        Preprocessing().filter(np.zeros((12, 600), dtype=np.float32), 60)


@pytest.mark.parametrize(
    "spec",
    [
        Preprocessing(),
        Preprocessing(scaling="fixed", lead_scale_mv=tuple(0.1 + 0.01 * k for k in range(12))),
    ],
    ids=["zscore", "fixed"],
)
def test_unscale_undoes_scale(make_ecg: MakeEcg, spec: Preprocessing) -> None:
    y = spec.filter(make_ecg(np.arange(0.4, 10, 0.83)), 500)
    assert np.abs(spec.unscale(spec.scale(y), like=y) - y).max() < 1e-5


def test_specification_survives_json() -> None:
    spec = Preprocessing(
        fs_hz=500, high_hz=100, notch_hz=50, scaling="fixed", lead_scale_mv=(0.1, 0.2)
    )
    assert Preprocessing.from_json(spec.to_json()) == spec
    assert Preprocessing.from_json(spec.to_json()).sha256() == spec.sha256()
    assert spec.sha256() != Preprocessing().sha256()


@pytest.mark.parametrize(
    "text",
    ['{"fs_hz": -1}', '{"speed": 3}', '{"scaling": "fixed"}', "[]", '{"fs_hz": "100"}', '{"x'],
)
def test_hostile_specification_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Preprocessing.from_json(text)


def test_time_base_round_trip(make_ecg: MakeEcg) -> None:
    spec = Preprocessing()
    y = spec.filter(make_ecg(np.arange(0.4, 10, 0.83)), 500)
    dense = to_time_base(y, 100, 500, 4999)
    assert dense.shape == (12, 4999)
    assert np.abs(dense[:, ::5] - y).max() < 0.01


def test_map_time_base_stays_within_its_neighbours() -> None:
    values = np.zeros((1, 100), dtype=np.float32)
    values[0, 50] = 1.0
    values[0, 80:82] = np.nan
    dense = to_time_base(values, 100, 500, 500, kind="map")
    assert np.nanmin(dense) == 0.0
    assert np.nanmax(dense) == 1.0
    assert np.isnan(dense[0, 400:408]).all()
    assert np.isfinite(dense[0, :395]).all()
