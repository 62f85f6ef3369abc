"""Valid WFDB and HDF5 files by the dozen, from a seed: what we read is what wfdb and h5py read."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record

SEEDS = range(24)
RATES_HZ = (100, 125, 250, 257, 360, 400, 500, 1000)
HALF_RANGE = {"212": 2000, "16": 32000, "24": 8_000_000, "32": 1_000_000_000, "80": 120}
"""Of the counts that each signal format of WFDB holds, its mark of missing samples left out."""
GAINS = (200.0, 204.8, 1000.0, 1e3 / 4.88)
STORED = ("f4", "f8", "i2", "i4")


def leads_of(rng: np.random.Generator) -> list[str]:
    count = int(rng.integers(1, 13))
    return [str(lead) for lead in rng.permutation(STANDARD_LEADS)[:count]]


def counts_of(rng: np.random.Generator, most: int, shape: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Return slow and fast movement that uses the range but never wraps."""
    t = np.arange(shape[1]) / 100
    rows = [np.sin(t * rng.uniform(1, 9) + rng.uniform(0, 6)) for _ in range(shape[0])]
    noise = 0.2 * rng.standard_normal(shape)
    return np.rint(np.clip(0.7 * np.array(rows) + noise, -1, 1) * most).astype(np.int64)


@pytest.mark.parametrize("seed", SEEDS)
def test_wfdb_files(tmp_path: Path, seed: int) -> None:
    wfdb = pytest.importorskip("wfdb")
    rng = np.random.default_rng(seed)
    leads, fs_hz = leads_of(rng), int(rng.choice(RATES_HZ))
    n = int(rng.integers(fs_hz, 4 * fs_hz)) + 1
    fmt = list(HALF_RANGE)[seed % len(HALF_RANGE)]
    gain = float(rng.choice(GAINS))
    counts = counts_of(rng, min(HALF_RANGE[fmt], round(5 * gain)), (len(leads), n))
    low = int(min(HALF_RANGE[fmt] - np.abs(counts).max(), 100))
    baseline = int(rng.integers(-low, low + 1))
    wfdb.wrsamp(
        "made", fs=fs_hz, units=["mV"] * len(leads), sig_name=leads, fmt=[fmt] * len(leads),
        d_signal=(counts + baseline).T, adc_gain=[gain] * len(leads),
        baseline=[baseline] * len(leads), write_dir=str(tmp_path),
    )  # fmt: skip
    theirs = wfdb.rdrecord(str(tmp_path / "made")).p_signal.T
    recording = open_record(RecordRef(tmp_path / "made.hea"))
    assert list(recording.leads)[: len(leads)] == leads  # computed limb leads follow
    assert (recording.fs_hz, recording.n_samples) == (fs_hz, n)
    np.testing.assert_allclose(recording.read_samples(0, n, leads), theirs, rtol=1e-6, atol=1e-6)
    first, last = sorted(int(k) for k in rng.integers(0, n, 2))
    part = recording.read_samples(first, last, leads[-1:])
    np.testing.assert_allclose(part, theirs[-1:, first:last], rtol=1e-6, atol=1e-6)
    recording.source.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_hdf5_files(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(1000 + seed)
    leads, fs_hz = leads_of(rng), int(rng.choice(RATES_HZ))
    n = int(rng.integers(2 * fs_hz, 4 * fs_hz)) + 20
    kind = STORED[seed % len(STORED)]
    factor = 1000.0 if kind.startswith("i") else 1.0
    signal = counts_of(rng, 1000, (len(leads), n)) / 1000 * factor
    turned = bool(seed // len(STORED) % 2)
    packing = {"chunks": True, "compression": "gzip"} if seed % 3 else {}
    with h5py.File(tmp_path / "made.h5", "w") as file:
        group = file.create_group("study") if seed % 2 else file
        data = group.create_dataset(
            "ecg", data=(signal.T if turned else signal).astype(kind), **packing
        )
        data.attrs["fs"] = fs_hz
        data.attrs["leads"] = leads
        data.attrs["units"] = "uV" if factor == 1000.0 else "mV"
    with h5py.File(tmp_path / "made.h5", "r") as file:
        stored = np.asarray(file["study/ecg" if seed % 2 else "ecg"], dtype=np.float64)
    theirs = (stored.T if turned else stored) / factor
    recording = open_record(RecordRef(tmp_path / "made.h5"))
    assert list(recording.leads)[: len(leads)] == leads  # computed limb leads follow
    assert (recording.fs_hz, recording.n_samples) == (fs_hz, n)
    assert recording.units_known
    np.testing.assert_allclose(recording.read_samples(0, n, leads), theirs, rtol=1e-6, atol=1e-6)
    first, last = sorted(int(k) for k in rng.integers(0, n, 2))
    part = recording.read_samples(first, last, leads[:1])
    np.testing.assert_allclose(part, theirs[:1, first:last], rtol=1e-6, atol=1e-6)
    recording.source.close()
