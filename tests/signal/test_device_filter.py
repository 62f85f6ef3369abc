"""The high-pass of the device: told where the trace tells it, and ST levels left alone then.

``pytest -m slow -s`` prints how often it is told, of filtered records and of records as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.signal.device_filter import DeviceFilter, HighPass
from ecgviewer.signal.measures.intervals import measure
from ecgviewer.signal.measures.limits import statements
from tests.tables import labelled_records

FloatArray = npt.NDArray[np.float32]
MakeEcg = Callable[..., FloatArray]
FS_HZ = 500.0
FACTOR = 1.5
FILTERS = (
    DeviceFilter(),
    DeviceFilter(0.05, 1),
    DeviceFilter(0.5, 1),
    DeviceFilter(0.67, 1),
    DeviceFilter(0.3, 2),
    DeviceFilter(0.5, 2),
    DeviceFilter(0.67, 2),
    DeviceFilter(0.5, 2, zero_phase=True),
)


def read(header: Path) -> FloatArray:
    recording = open_record(RecordRef(header))
    try:
        return recording.read(0.0, 10.0)
    finally:
        recording.source.close()


def told(signal: npt.ArrayLike, device: DeviceFilter) -> HighPass | None:
    x = np.asarray(signal, dtype=np.float64)
    if device != DeviceFilter():
        x = device(x, FS_HZ)
    return measure(x, FS_HZ, STANDARD_LEADS).highpass


@pytest.mark.parametrize("poles", [1, 2])
def test_a_high_pass_is_measured_and_st_is_left_out(make_ecg: MakeEcg, poles: int) -> None:
    x = make_ecg(np.arange(0.6, 9.6, 0.9))
    assert told(x, DeviceFilter()) is None
    filtered = DeviceFilter(0.5, poles)(x, FS_HZ)
    m = measure(filtered, FS_HZ, STANDARD_LEADS)
    assert m.highpass is not None
    assert 0.5 / FACTOR < m.highpass.corner_hz < 0.5 * FACTOR
    words = f"high-pass of about {m.highpass.corner_hz:.1g} Hz: ST levels cannot be judged"
    assert {one.reason for one in m.st_mv.values()} == {words}
    assert {one.st_j for one in m.waves.values()} == {None}
    said = statements(m, "M", 50.0)
    assert words in said
    assert not [one for one in said if one.startswith("ST ")]


def test_what_the_file_states_takes_precedence(make_ecg: MakeEcg) -> None:
    filtered = DeviceFilter(0.5, 2)(make_ecg(np.arange(0.6, 9.6, 0.9)), FS_HZ)
    m = measure(filtered, FS_HZ, STANDARD_LEADS, stated_highpass_hz=0.05)
    assert m.highpass == HighPass(0.05)
    assert m.st_mv["V2"].value is not None
    plain = make_ecg(np.arange(0.6, 9.6, 0.9))
    m = measure(plain, FS_HZ, STANDARD_LEADS, stated_highpass_hz=0.5)
    assert m.st_mv["V2"].reason == "high-pass of 0.5 Hz: ST levels cannot be judged"


def test_without_rest_between_t_and_p_nothing_is_told(make_ecg: MakeEcg) -> None:
    x = make_ecg(np.arange(0.4, 9.8, 0.4))
    assert told(x, DeviceFilter(0.5, 2)) is None


@pytest.mark.slow
def test_how_often_it_is_told(shared_data: Path) -> None:
    print("\nhigh-pass      records                  told  within a factor of 1.5")
    share = {}
    for group, most in (("ptbxl normal", 95), ("ptbxl other", 67), ("ludb", 100)):
        records = labelled_records(shared_data, group)[1 :: 3 if group != "ludb" else 1][:most]
        signals = [np.nan_to_num(read(one)) for one in records]
        for device in FILTERS:
            found = [told(x, device) for x in signals]
            corners = np.array([one.corner_hz for one in found if one is not None])
            near = np.abs(np.log(corners / max(device.highpass_hz, 1e-3))) < np.log(FACTOR)
            share[group, device] = (corners.size / len(signals), near.mean() if near.size else 1.0)
            kind = "zero phase" if device.zero_phase else f"{device.poles} pole(s)"
            name = f"{device.highpass_hz:.2f} Hz {kind}" if device.highpass_hz else "as it is"
            within = f"{share[group, device][1]:.2f}" if device.highpass_hz else ""
            print(f"{name:20s} {group:14s} {len(signals):4d}  {corners.size / len(signals):.2f}"
                  f"  {within}")  # fmt: skip
    as_it_is, two_poles = FILTERS[0], DeviceFilter(0.5, 2)
    assert share["ptbxl normal", as_it_is][0] == 0.0
    assert share["ptbxl other", as_it_is][0] <= 0.05
    assert share["ludb", as_it_is][0] <= 0.03
    assert share["ptbxl normal", two_poles][0] >= 0.65
    assert share["ptbxl normal", two_poles][1] >= 0.85
    assert share["ptbxl normal", DeviceFilter(0.5, 1)][0] >= 0.45
    assert share["ptbxl normal", DeviceFilter(0.5, 2, zero_phase=True)][0] == 0.0
