"""Names, times and tables as pandas, PyTables, MNE, numpy and OpenSignals leave them in HDF5."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ecgviewer.core.errors import UnansweredError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from ecgviewer.io.hdf5.locate.layout import inspect, preview
from tests.generators import LEADS, ecg_mv

N, FS_HZ = 2000, 500.0
SIGNAL = ecg_mv(N / FS_HZ, FS_HZ)
TIME_S = np.arange(N) / FS_HZ
ORDER = ("V1", "V2", "V3", "V4", "V5", "V6", "I", "II", "III", "aVR", "aVL", "aVF")
ORDERED = SIGNAL[[LEADS.index(lead) for lead in ORDER]]


def made(folder: Path, fill: Callable[[h5py.File], object], **options: Any) -> Recording:
    with h5py.File(folder / "r.h5", "w") as file:
        fill(file)
    return open_record(RecordRef(folder / "r.h5", options=ReadOptions(**options)))


def texts(recording: Recording) -> str:
    return "\n".join(note.text for note in recording.notes)


def is_the_ecg(recording: Recording, leads: tuple[str, ...] = LEADS) -> bool:
    """Return whether every lead has its samples, under its name, at the right rate."""
    assert (set(recording.leads), recording.fs_hz) == (set(leads), FS_HZ)
    for lead in leads:
        read = recording.read_samples(0, N, [lead])[0]
        np.testing.assert_allclose(read, SIGNAL[LEADS.index(lead)], atol=2e-5)
    return True


def pandas_fixed(file: h5py.File, values: np.ndarray, names: list[str], **attrs: object) -> Any:
    """``DataFrame.to_hdf(format="fixed")`` of one block."""
    group = file.create_group("ecg")
    group.attrs.update({"pandas_type": "frame", "encoding": "UTF-8", **attrs})
    stored = np.array([name.encode() for name in names])
    group["axis0"] = group["block0_items"] = stored
    group["axis1"] = np.arange(len(values))
    group["block0_values"] = values
    return group


def pandas_table(file: h5py.File, values: np.ndarray, names: list[str], kind: bytes) -> Any:
    """``DataFrame.to_hdf(format="table")``; ``kind`` is that of the index."""
    table = np.zeros(len(values), [("index", "<i8"), ("values_block_0", "<f8", len(names))])
    start = np.datetime64("2020-02-01T10:00:00", "ns").astype("i8") if b"date" in kind else 0
    table["index"] = start + np.arange(len(values)) * (2_000_000 if start else 1)
    table["values_block_0"] = values
    item = file.create_dataset("ecg/table", data=table)
    pickled = "(lp0\n" + "".join(f"V{n}\np{k}\na" for k, n in enumerate(names, 1)) + "."
    item.attrs["values_block_0_kind"] = np.bytes_(pickled.encode())
    item.attrs["index_kind"] = np.bytes_(kind)
    index = file.create_group("ecg/_i_table/index")  # PyTables keeps sorted copies here
    index["sorted"] = np.zeros((2, 4096))
    for lead in LEADS:
        file[f"ecg/_i_table/{lead}/sortedLR"] = np.sort(values[:, 0])
    return item


@pytest.mark.parametrize("key", ["ch_names", "channel_labels", "Lead Labels", "columns"])
def test_names_under_other_keys(tmp_path: Path, key: str) -> None:
    def fill(file: h5py.File) -> None:
        group = file.create_group("rec")
        group["ecg"] = ORDERED.T / 1000
        group.attrs.update({"sfreq": FS_HZ, key: ORDER, "unit": "V"})

    assert is_the_ecg(made(tmp_path, fill))


def test_a_frame_of_pandas(tmp_path: Path) -> None:
    recording = made(
        tmp_path, lambda f: pandas_fixed(f, ORDERED.T, list(ORDER), fs=500, units="mV")
    )
    assert is_the_ecg(recording)
    assert recording.units_known


def test_a_frame_with_a_column_of_time(tmp_path: Path) -> None:
    values = np.vstack([TIME_S, ORDERED]).T
    recording = made(tmp_path, lambda f: pandas_fixed(f, values, ["time", *ORDER]), units="mV")
    assert is_the_ecg(recording)
    assert recording.numbering.signals == tuple(range(1, 13))
    assert "'time' is the time, not a lead" in texts(recording)
    assert "sampling frequency 500 Hz, from the times in 'time'" in texts(recording)


def test_a_frame_whose_time_is_of_another_type(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        group = pandas_fixed(file, ORDERED.T.astype("f4"), list(ORDER), units="mV")
        group["block1_items"] = np.array([b"time_ms"])
        group["block1_values"] = TIME_S[:, None] * 1000

    assert is_the_ecg(made(tmp_path, fill))


def test_a_frame_with_dates_for_an_index(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        group = pandas_fixed(file, ORDERED.T, list(ORDER), units="mV")
        del group["axis1"]
        start = np.datetime64("2020-02-01T10:00:00", "us").astype("i8")
        group["axis1"] = start + np.arange(N) * 2000
        group["axis1"].attrs["kind"] = np.bytes_(b"datetime64[us]")

    recording = made(tmp_path, fill)
    assert is_the_ecg(recording)
    assert recording.start.text == "2020-02-01 10:00:00 UTC"


def test_a_table_of_pandas(tmp_path: Path) -> None:
    recording = made(
        tmp_path, lambda f: pandas_table(f, ORDERED.T, list(ORDER), b"integer"),
        fs_hz=500.0, units="mV",
    )  # fmt: skip
    assert is_the_ecg(recording)
    part = recording.read_samples(700, 900, ["V1"])[0]
    np.testing.assert_allclose(part, SIGNAL[6, 700:900], atol=1e-6)


def test_a_table_of_pandas_with_dates(tmp_path: Path) -> None:
    recording = made(
        tmp_path, lambda f: pandas_table(f, ORDERED.T, list(ORDER), b"datetime64[ns]"), units="mV"
    )
    assert is_the_ecg(recording)
    assert recording.start.date_text == "2020-02-01"


def test_a_structured_array(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        table = np.zeros(N, [("t", "f8"), *((lead, "f4") for lead in LEADS), ("RESP", "f4")])
        table["t"] = TIME_S
        for lead, row in zip(LEADS, SIGNAL, strict=True):
            table[lead] = row
        file.create_dataset("ecg", data=table).attrs["units"] = "mV"

    recording = made(tmp_path, fill)
    assert is_the_ecg(recording)
    assert "not shown, no ECG: RESP" in texts(recording)
    np.testing.assert_allclose(
        preview(tmp_path / "r.h5", "ecg", 100)[1], SIGNAL[0, :100], atol=1e-6
    )


def test_rows_of_their_own_lengths(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        item = file.create_dataset("ecg", (12,), dtype=h5py.vlen_dtype(np.float32))
        item.attrs.update({"fs": 500, "leads": LEADS, "units": "mV"})
        for k in range(12):
            item[k] = SIGNAL[k, : N - 100 * (k == 11)]

    recording = made(tmp_path, fill)
    np.testing.assert_allclose(recording.read_samples(0, N)[:11], SIGNAL[:11], atol=1e-6)
    assert np.isnan(recording.read_samples(N - 100, N, ["V6"])).all()


def test_a_row_of_time_between_named_leads(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        item = file.create_dataset("ecg", data=np.vstack([TIME_S, SIGNAL]))
        item.attrs.update({"units": ["s", *["mV"] * 12], "leads": ["time", *LEADS]})

    recording = made(tmp_path, fill)
    assert is_the_ecg(recording)
    assert recording.units_known


def test_a_first_row_that_counts_evenly_is_the_time(tmp_path: Path) -> None:
    names = tuple(ORDER)
    recording = made(
        tmp_path, lambda f: f.create_dataset("ecg", data=np.vstack([TIME_S, ORDERED])),
        leads=names, units="mV",
    )  # fmt: skip
    assert is_the_ecg(recording)
    assert "row 1, which counts evenly, is the time, not a lead" in texts(recording)
    ref = RecordRef(tmp_path / "r.h5", options=ReadOptions(leads=("t", *names), units="mV"))
    assert open_record(ref).leads == names


def test_times_beside_the_array(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file.create_dataset("signals", data=SIGNAL).attrs.update({"units": "mV", "leads": LEADS})
        file["time"] = 1.58e9 + TIME_S

    recording = made(tmp_path, fill)
    assert is_the_ecg(recording)
    assert recording.start.text == "2020-01-26 00:53:20 UTC"


def test_times_that_contradict_the_rate_are_told(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        item = file.create_dataset("ecg", data=SIGNAL)
        item.attrs.update({"units": "mV", "leads": LEADS, "fs": 500})
        file["time"] = TIME_S / 2

    assert "its times in 'time' say 1000 Hz: the first was taken" in texts(made(tmp_path, fill))


def test_row_numbers_are_no_times(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file.create_dataset("ecg", data=SIGNAL).attrs.update({"units": "mV", "leads": LEADS})
        file["t"] = np.arange(N)

    with pytest.raises(UnansweredError) as caught:
        made(tmp_path, fill)
    assert caught.value.missing == ("fs",)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("sampling_interval_ms", 2.0, "from sampling_interval_ms = 2"),
        ("dt", 0.002, "from dt = 0.002 s"),
        ("SamplingInterval", 2, "from SamplingInterval = 2 ms"),
        ("sample_period_us", 2000, "from sample_period_us = 2000"),
    ],
)
def test_an_interval_instead_of_a_rate(tmp_path: Path, key: str, value: float, told: str) -> None:
    def fill(file: h5py.File) -> None:
        item = file.create_dataset("ecg", data=SIGNAL)
        item.attrs.update({"units": "mV", "leads": LEADS, key: value})

    recording = made(tmp_path, fill)
    assert is_the_ecg(recording)
    assert told in texts(recording)


def test_the_least_whole_number_is_no_sample(tmp_path: Path) -> None:
    counts = np.round(SIGNAL * 1000).astype("i2")
    counts[:, 800:900] = -32768

    def fill(file: h5py.File) -> None:
        item = file.create_dataset("ecg", data=counts)
        item.attrs.update({"units": "uV", "leads": LEADS, "fs": 500})

    recording = made(tmp_path, fill)
    assert np.isnan(recording.read_samples(800, 900)).all()
    assert not np.isnan(recording.read_samples(900, N)).any()
    assert "the stored value -32768 is taken for no sample" in texts(recording)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"start_time": "2020-02-01T10:00:00Z"}, "2020-02-01 10:00:00 UTC"),
        ({"date": "2019-3-26", "time": "14:24:57.620"}, "2019-03-26 14:24:57"),
        ({"recording_date": "26.03.2019"}, "2019-03-26"),
        ({"meas_date": 1.58e9}, "2020-01-26 00:53:20 UTC"),
        ({"time": "14:24"}, "14:24:00 (no date)"),
        ({}, ""),
    ],
)
def test_the_start_as_attributes_say_it(
    tmp_path: Path, said: dict[str, object], shown: str
) -> None:
    def fill(file: h5py.File) -> None:
        item = file.create_dataset("ecg", data=SIGNAL)
        item.attrs.update({"units": "mV", "leads": LEADS, "fs": 500, **said})

    assert made(tmp_path, fill).start.text == shown


def opensignals(file: h5py.File, sensors: tuple[bytes, ...]) -> None:
    group = file.create_group("00:07:80:3B:46:61")
    group.attrs.update(
        {"sampling rate": 1000, "date": "2019-3-26", "time": "14:24:57.620",
         "sensor": np.array(sensors), "channels": np.arange(1, len(sensors) + 1)}
    )  # fmt: skip
    for k in range(len(sensors)):
        counts = np.round(SIGNAL[k] * 5000 + 32768).astype("u2")
        group[f"raw/channel_{k + 1}"] = counts[:, None]
    group["raw/nSeq"] = np.arange(N)[:, None] % 16


def test_the_ecg_of_opensignals_is_offered_and_read(tmp_path: Path) -> None:
    with pytest.raises(UnansweredError, match=r"channel_2 \(ECG, 2000 samples\)") as caught:
        made(tmp_path, lambda f: opensignals(f, (b"RESPIRATION", b"ECG")))
    assert caught.value.missing == ("dataset",)
    (offered,) = inspect(tmp_path / "r.h5")
    assert (offered.dataset, offered.fs_hz, offered.leads, offered.n_samples) == (
        "00:07:80:3B:46:61/raw/channel_2", 1000.0, ("ECG",), N,
    )  # fmt: skip
    ref = RecordRef(tmp_path / "r.h5", options=ReadOptions(dataset=offered.dataset))
    recording = open_record(ref)
    assert (recording.leads, recording.fs_hz, recording.units_known) == (("ECG",), 1000.0, False)
    assert recording.start.text == "2019-03-26 14:24:57"
    np.testing.assert_allclose(
        recording.read_samples(0, N)[0], np.round(SIGNAL[1] * 5000 + 32768), atol=0.5
    )


def test_columns_without_a_sensor_of_ecg_are_all_offered(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        opensignals(file, (b"EDA", b"EMG"))

    with pytest.raises(UnansweredError):
        made(tmp_path, fill)
    assert len(inspect(tmp_path / "r.h5")) == 2


def test_a_pickled_attribute_is_never_run(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        item = pandas_table(file, ORDERED.T, list(ORDER), b"integer")
        item.attrs["values_block_0_kind"] = np.bytes_(b"cos\nsystem\n(S'touch hacked'\ntR.")
        item.attrs["fs"] = 500

    with pytest.raises(Exception, match=r"no ECG|may be|does not say"):
        made(tmp_path, fill)
    assert not list(Path().glob("hacked"))
