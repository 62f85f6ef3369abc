"""Segments that differ from their record, or from each other: in units, rates, order, names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.errors import CorruptFileError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from tests.generators import ecg_uv
from tests.io.encoders import encode, write_record

MV = "1000(0)/mV"
N = 1000
"""Samples of every segment here: 2 s."""


def _segment(folder: Path, name: str, leads: tuple[str, ...], gain: str = MV) -> np.ndarray:
    """Write a segment whose row k counts in thousands of k + 1; returns it in whole units."""
    signal = (np.arange(len(leads))[:, None] + 1) * 1000 + np.arange(N) % 100
    write_record(folder, name, "16", signal, leads, gain=gain)
    return signal


def _joined(folder: Path, *names: str, n_signals: int = 2, fs_hz: float = 500.0) -> Path:
    """Write a record of these segments; "lay" is the layout of a variable one."""
    lengths = [0 if name == "lay" else N for name in names]
    lines = [f"all/{len(names)} {n_signals} {fs_hz:g} {sum(lengths)}"]
    lines += [f"{name} {length}" for name, length in zip(names, lengths, strict=True)]
    header = folder / "all.hea"
    header.write_text("\n".join(lines) + "\n")
    return header


def _layout(folder: Path, leads: tuple[str, ...], gain: str = "1000/mV") -> None:
    lines = [f"lay {len(leads)} 500 0", *(f"~ 0 {gain} 16 0 0 0 0 {lead}" for lead in leads)]
    (folder / "lay.hea").write_text("\n".join(lines) + "\n")


def _texts(recording: Recording, level: str) -> str:
    return "\n".join(note.text for note in recording.notes if note.level == level)


@pytest.mark.parametrize(("gain", "what"), [("0", "no gain"), ("1000(0)/NU", "no known unit")])
@pytest.mark.parametrize("variable", [False, True])
def test_a_later_segment_without_a_unit_leaves_the_record_uncalibrated(
    tmp_path: Path, gain: str, what: str, variable: bool
) -> None:
    signal = _segment(tmp_path, "a", ("II", "V1"))
    _segment(tmp_path, "b", ("II", "V1"), gain)
    _layout(tmp_path, ("II", "V1"))
    header = _joined(tmp_path, *(("lay",) if variable else ()), "a", "b")
    recording = open_record(RecordRef(header))
    assert not recording.units_known
    told = _texts(recording, "warning")
    assert f"{what} " in told and "for II, V1 in 1 of 2 segments" in told
    answered = open_record(RecordRef(header, options=ReadOptions(units="uV")))
    assert answered.units_known
    assert "unit uV as given in 1 of 2 segments" in _texts(answered, "assumed")
    np.testing.assert_allclose(answered.read(0, 2), signal / 1000, rtol=1e-6)
    steps = 200 if gain == "0" else 1000  # the format's default gain
    np.testing.assert_allclose(answered.read(2, 4), signal / steps / 1000, rtol=1e-6)


def test_the_unit_of_a_single_lead_in_a_single_segment_counts(tmp_path: Path) -> None:
    _segment(tmp_path, "a", ("II", "V1"))
    _segment(tmp_path, "b", ("II", "V1"))
    text = (tmp_path / "b.hea").read_text()
    (tmp_path / "b.hea").write_text("1000(0)/adu".join(text.rsplit(MV, 1)))
    recording = open_record(RecordRef(_joined(tmp_path, "a", "b")))
    assert not recording.units_known
    assert "(adu) for V1 in 1 of 2 segments" in _texts(recording, "warning")


def test_segments_in_different_units_of_voltage_are_all_in_mv(tmp_path: Path) -> None:
    signal = _segment(tmp_path, "a", ("II", "V1"))
    _segment(tmp_path, "b", ("II", "V1"), "1(0)/uV")
    recording = open_record(RecordRef(_joined(tmp_path, "a", "b")))
    assert recording.units_known
    np.testing.assert_allclose(recording.read(0, 2), signal / 1000, rtol=1e-6)
    np.testing.assert_allclose(recording.read(2, 4), signal / 1000, rtol=1e-6)


def test_what_a_layout_leaves_open_its_segments_may_say(tmp_path: Path) -> None:
    _segment(tmp_path, "a", ("II", "V1"))
    _layout(tmp_path, ("II", "V1"), "0")
    assert open_record(RecordRef(_joined(tmp_path, "lay", "a"))).units_known


def test_a_fixed_segment_in_another_order_is_taken_by_its_names(tmp_path: Path) -> None:
    order = [2, 0, 1, 3]
    whole = ecg_uv(4.0)[:4]
    names = ("II", "V1", "V2", "V3")
    write_record(tmp_path, "a", "16", whole[:, :N], names, gain=MV)
    moved = tuple(f"Lead {names[k]}" for k in order)
    write_record(tmp_path, "b", "16", whole[order, N:], moved, gain=MV)
    recording = open_record(RecordRef(_joined(tmp_path, "a", "b", n_signals=4)))
    assert recording.leads == names
    np.testing.assert_allclose(recording.read(0, 4), whole / 1000, atol=1e-6)
    assert "another order in segment b" in _texts(recording, "assumed")


def test_a_fixed_segment_in_the_same_order_may_spell_names_or_leave_them_out(
    tmp_path: Path,
) -> None:
    signal = _segment(tmp_path, "a", ("II", "V1"))
    _segment(tmp_path, "b", ("Lead II", ""))
    recording = open_record(RecordRef(_joined(tmp_path, "a", "b")))
    np.testing.assert_allclose(recording.read(2, 4), signal / 1000, rtol=1e-6)
    assert not [note for note in recording.notes if "amplitudes" not in note.text]


def test_a_fixed_segment_with_other_signals_is_refused(tmp_path: Path) -> None:
    _segment(tmp_path, "a", ("II", "V1"))
    _segment(tmp_path, "b", ("II", "V5"))
    header = _joined(tmp_path, "a", "b")
    with pytest.raises(CorruptFileError, match=r"b\.hea: has other signals .*\(V5 for V1\)"):
        open_record(RecordRef(header))


@pytest.mark.parametrize("variable", [False, True])
def test_signals_of_one_name_stay_apart_in_segments(tmp_path: Path, variable: bool) -> None:
    signal = _segment(tmp_path, "a", ("II", "II", "V1"))
    _segment(tmp_path, "b", ("V1", "II", "II"))
    _layout(tmp_path, ("II", "II", "V1"))
    header = _joined(tmp_path, *(("lay",) if variable else ()), "a", "b", n_signals=3)
    recording = open_record(RecordRef(header))
    assert recording.leads == ("II", "II (2)", "V1")
    np.testing.assert_allclose(recording.read(0, 2), signal / 1000, rtol=1e-6)
    np.testing.assert_allclose(recording.read(2, 4), signal[[1, 2, 0]] / 1000, rtol=1e-6)


@pytest.mark.parametrize("variable", [False, True])
def test_a_segment_at_a_lower_rate_is_interpolated_and_it_is_said(
    tmp_path: Path, variable: bool
) -> None:
    for name, rate in (("a", 4), ("b", 1)):
        (tmp_path / f"{name}.dat").write_bytes(encode("16", np.arange(N * (rate + 1))))
        (tmp_path / f"{name}.hea").write_text(
            f"{name} 2 125 {N}\n"
            f"{name}.dat 16x{rate} {MV} 16 0 0 0 0 II\n{name}.dat 16 {MV} 16 0 0 0 0 V1\n"
        )
    _layout(tmp_path, ("II", "V1"))
    (tmp_path / "lay.hea").write_text((tmp_path / "lay.hea").read_text().replace("500", "125"))
    header = _joined(tmp_path, *(("lay",) if variable else ()), "a", "b", fs_hz=125.0)
    recording = open_record(RecordRef(header))
    assert recording.fs_hz == 500.0
    told = _texts(recording, "assumed")
    assert "II (in some segments), V1: recorded at 125 Hz, interpolated linearly to 500" in told
    late = recording.read_samples(4 * N, 4 * N + 8, ["II"])[0]
    np.testing.assert_allclose(late, np.arange(8) / 2 / 1000, atol=1e-6)
