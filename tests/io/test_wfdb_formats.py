"""Every signal format, against wfdb as the reference and range by range."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from tests.generators import ecg_uv
from tests.io.encoders import FLAC, PACKED, VALUE_RANGE, write_record

LEADS = ("II", "V1", "V5")


def _write(folder: Path, fmt: str, n: int) -> Path:
    rng = np.random.default_rng(int(fmt))
    low, high = VALUE_RANGE[fmt]
    if fmt == "8":
        signal = np.cumsum(rng.integers(-100, 100, size=(3, n)), axis=1)
    else:
        signal = rng.integers(low + 1, high, size=(3, n), endpoint=True)
    if fmt in FLAC:
        wfdb.wrsamp(
            "rec", fs=500, units=["mV"] * 3, sig_name=list(LEADS), d_signal=signal.T,
            fmt=[fmt] * 3, adc_gain=[200.0] * 3, baseline=[0] * 3, write_dir=str(folder),
        )  # fmt: skip
        return folder / "rec.hea"
    return write_record(folder, "rec", fmt, signal, LEADS)


@pytest.mark.parametrize("fmt", [*PACKED, *FLAC])
@pytest.mark.parametrize("n", [1001, 1000])
def test_samples_equal_those_of_wfdb(tmp_path: Path, fmt: str, n: int) -> None:
    header = _write(tmp_path, fmt, n)
    reference = wfdb.rdrecord(str(header.with_suffix(""))).p_signal.T
    recording = open_record(RecordRef(header))
    ours = recording.read(0, recording.duration_s)
    assert recording.format == f"WFDB ({fmt})"
    assert ours.dtype == np.float32
    assert ours.shape == reference.shape == (3, n)
    np.testing.assert_allclose(ours, reference, rtol=1e-6, equal_nan=True)
    assert not [note for note in recording.notes if "checksum" in note.text]


@pytest.mark.parametrize("fmt", [*PACKED, *FLAC])
def test_any_range_equals_that_part_of_the_whole(tmp_path: Path, fmt: str) -> None:
    recording = open_record(RecordRef(_write(tmp_path, fmt, 1001)))
    whole = recording.read_samples(0, 1001)
    rng = np.random.default_rng(1)
    for _ in range(60):
        start, stop = np.sort(rng.integers(0, 1001, size=2, endpoint=True))
        part = recording.read_samples(int(start), int(stop), ["V5", "II"])
        np.testing.assert_array_equal(part, whole[[2, 0], start:stop])


@pytest.mark.parametrize("fmt", [one for one in PACKED if one != "8"])
def test_the_value_for_missing_samples_becomes_nan(tmp_path: Path, fmt: str) -> None:
    signal = np.full((3, 20), 5)
    signal[1, 7] = VALUE_RANGE[fmt][0]
    recording = open_record(RecordRef(write_record(tmp_path, "rec", fmt, signal, LEADS)))
    missing = np.isnan(recording.read(0, 1))
    assert np.argwhere(missing).tolist() == [[1, 7]]


def test_differences_are_summed_across_checkpoints(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    signal = np.cumsum(rng.integers(-9, 10, size=(2, 200_003)), axis=1)
    header = write_record(tmp_path, "rec", "8", signal, ("II", "V1"))
    late = open_record(RecordRef(header)).read_samples(199_000, 200_003)
    np.testing.assert_allclose(late, signal[:, 199_000:] / 200, rtol=1e-6)
    again = open_record(RecordRef(header))
    for start in (131_070, 65_536, 10, 65_535, 131_072, 199_999):
        part = again.read_samples(start, start + 5)
        np.testing.assert_allclose(part, signal[:, start : start + 5][:, : part.shape[1]] / 200)


def test_matlab_4_signal_files_are_samples_after_an_offset(tmp_path: Path) -> None:
    signal = ecg_uv(10.0)
    leads = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    header = write_record(
        tmp_path, "E00001", "16", signal, leads, gain="1000/mV", offset=24, suffix=".mat"
    )
    # The PhysioNet challenge names the record like its file, which wfdb refuses.
    header.write_text(header.read_text().replace("E00001 12", "E00001.mat 12", 1))
    recording = open_record(RecordRef(header))
    np.testing.assert_allclose(recording.read(0, 10), signal / 1000, atol=1e-6)
    assert recording.name == "E00001"


def test_gain_baseline_and_unit_are_each_signals_own(tmp_path: Path) -> None:
    signal = np.tile(np.arange(100, 300), (5, 1))
    header = write_record(tmp_path, "rec", "16", signal, ("II", "V1", "V2", "V3", "V4"))
    gains = ("2(100)/uV", "1e6(-50)/V", "0.5(0)/nV", "-400(7)/mV", "200/µV")
    lines = header.read_text().splitlines()
    for k, gain in enumerate(gains):
        lines[k + 1] = lines[k + 1].replace("200(0)/mV", gain)
    header.write_text("\n".join(lines), encoding="utf-8")
    ours = open_record(RecordRef(header)).read(0, 1)
    counts = np.arange(100, 300)
    expected = [
        (counts - 100) / 2 / 1e3,
        (counts + 50) / 1e6 * 1e3,
        counts / 0.5 / 1e6,
        (counts - 7) / -400,
        counts / 200 / 1e3,
    ]
    np.testing.assert_allclose(ours, expected, rtol=1e-6)


@pytest.mark.parametrize("fmt", ["16", "24", "32", "80", "212", *FLAC])
@pytest.mark.parametrize("unit", ["uV", "mV", "V"])
def test_leads_that_a_writer_spread_over_all_bits_open(tmp_path: Path, fmt: str, unit: str) -> None:
    """wfdb chooses the gains: the smaller the lead and the wider the samples, the larger."""
    per_mv = {"uV": 1e3, "mV": 1.0, "V": 1e-3}[unit]
    written = ecg_uv(2.0)[:6] / 1000
    written[1] *= 1e-4
    written[2] = (written[0] + 0.1) - 0.1 - written[0]  # what rounding leaves of a difference
    assert 0 < np.ptp(written[2]) < 1e-15
    written[3, 100:200] = np.nan
    written[4] = 0.0
    written[5] += 300.0
    wfdb.wrsamp(
        "rec", fs=500, units=[unit] * 6, sig_name=[*"abcdef"], p_signal=written.T * per_mv,
        fmt=[fmt] * 6, write_dir=str(tmp_path),
    )  # fmt: skip
    reference = wfdb.rdrecord(str(tmp_path / "rec")).p_signal.T / per_mv
    ours = open_record(RecordRef(tmp_path / "rec.hea")).read(0, 2)
    np.testing.assert_allclose(ours, reference, rtol=1e-6, equal_nan=True)
    span = np.nanmax(written, axis=1) - np.nanmin(written, axis=1)
    if fmt in ("24", "32", "524"):
        off = np.nanmax(np.abs(ours - written), axis=1)
        assert (off <= span * 1e-6 + np.abs(written[:, 0]) * 1e-7).all()


def test_only_the_range_is_read_from_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = write_record(tmp_path, "rec", "16", np.zeros((3, 400_000), int), LEADS)
    recording = open_record(RecordRef(header))
    real, read = np.fromfile, []

    def counting(*args: object, **kwargs: object) -> np.ndarray:
        data = real(*args, **kwargs)
        read.append(data.nbytes)
        return data

    monkeypatch.setattr(np, "fromfile", counting)
    recording.read_samples(300_000, 301_000)
    assert sum(read) <= 1001 * 3 * 2


@pytest.mark.parametrize("written", ["1000/mV 8 1024", "1000(1024)/mV 8 1024", "1000/mV 8 1024 0"])
def test_differences_without_an_initial_value_start_at_the_adc_zero(
    tmp_path: Path, written: str
) -> None:
    """The format defines it; an initial value of 0 that is written is one."""
    counts = 1024 + np.cumsum([0, 3, -2, 5, 1, 0, -4] * 40)
    (tmp_path / "r.dat").write_bytes(np.diff(counts, prepend=1024).astype("i1").tobytes())
    (tmp_path / "r.hea").write_text(f"r 1 500 280\nr.dat 8 {written}\n")
    recording = open_record(RecordRef(tmp_path / "r.hea"))
    start_mv = -1.024 if written.endswith(" 0") else 0.0
    expected = (counts - 1024) / 1000 + start_mv
    np.testing.assert_allclose(recording.read_samples(0, 280)[0], expected, atol=1e-6)
