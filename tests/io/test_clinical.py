"""SCP-ECG, HL7 aECG, and the XML of GE MUSE, Philips and Mortara."""

from __future__ import annotations

import base64
import struct
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import sierraecg

from ecgviewer.core.errors import CorruptFileError, RecordError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import RecordFailure, find_records, open_record
from tests.generators import LEADS, ecg_mv, ecg_uv
from tests.io.clinical_files import muse_leads_mv, write_mortara, write_scp

DATA = Path(__file__).parent / "data" / "clinical"
PHILIPS = DATA / "1_03_129DYPRG.xml"
MUSE = DATA / "muse_std.xml"


def opened_all(path: Path) -> Iterator[Recording]:
    for found in find_records(path):
        if isinstance(found, RecordFailure):
            raise found.error
        yield open_record(found)


def opened(path: Path) -> Recording:
    return next(opened_all(path))


def whole(recording: Recording) -> np.ndarray:
    return recording.read_samples(0, recording.n_samples)


def notes(recording: Recording) -> str:
    return "; ".join(note.text for note in recording.notes)


def test_philips_ends_before_the_calibration_pulse() -> None:
    recording = opened(PHILIPS)
    assert recording.format == "Philips Sierra XML" and recording.leads == tuple(LEADS)
    assert recording.duration_s == pytest.approx(10.528)
    assert "calibration pulse" in notes(recording)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = sierraecg.read_file(str(PHILIPS))
    for lead in theirs.leads:
        row = recording.read_samples(0, recording.n_samples, [lead.label])[0]
        assert np.abs(row - np.array(lead.samples[: row.size]) * 0.005).max() < 0.0051
    assert recording.facts.statements[0] == "Sinus bradycardia | rate< 50"
    assert recording.facts.confirmed is False and recording.facts.highpass_hz == 0.05
    assert "but for rounding" in notes(recording)  # limb leads are rebuilt from residuals


def test_muse_stores_eight_leads_and_four_are_derived() -> None:
    recording = opened(MUSE)
    assert recording.leads == tuple(LEADS) and "derived from leads I and II" in notes(recording)
    stored = muse_leads_mv(MUSE)
    signal = dict(zip(recording.leads, whole(recording), strict=True))
    assert max(np.abs(signal[name] - row).max() for name, row in stored.items()) < 1e-5
    assert np.abs(signal["aVF"] - (stored["II"] - stored["I"] / 2)).max() < 1e-5
    assert recording.numbering.signal(LEADS.index("III")) is None
    facts = recording.facts
    assert facts.confirmed and facts.confirmed_statements and facts.median is not None
    assert set(facts.confirmed_statements) != set(facts.statements)
    assert np.abs(
        facts.median.samples_mv[0] - muse_leads_mv(MUSE, "Median")["I"]
    ).max() < 1e-5  # fmt: skip


def test_muse_rate_is_the_files_not_a_whole_number(tmp_path: Path) -> None:
    text = MUSE.read_text("latin-1").replace("<SampleBase>500<", "<SampleBase>4995<")
    text = text.replace("<SampleExponent>0<", "<SampleExponent>-1<")
    (tmp_path / "a.xml").write_text(text, "latin-1")
    assert opened(tmp_path / "a.xml").fs_hz == pytest.approx(499.5)


def test_aecg_rate_sets_and_series() -> None:
    assert opened(DATA / "aecg_hz499.5.xml").fs_hz == pytest.approx(499.5005, rel=1e-6)
    (together,) = opened_all(DATA / "aecg_sets4.xml")
    assert together.duration_s == 10.0 and together.leads == tuple(LEADS)
    there = np.isfinite(whole(together))
    for k in range(4):
        assert there[3 * k : 3 * k + 3, 1250 * k : 1250 * (k + 1)].all()
    assert there.sum() == 12 * 1250
    first, second = opened_all(DATA / "aecg_series2.xml")
    assert (second.start_time - first.start_time).total_seconds() == 60  # type: ignore[operator]
    assert (first.name, second.name) == ("aecg_series2#0", "aecg_series2#1")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-16-be"])
def test_xml_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = (DATA / "aecg_hz499.5.xml").read_text("utf-8")
    declared = "utf-16" if encoding.startswith("utf-16") else "utf-8"
    data = text.replace('encoding="UTF-8"', f'encoding="{declared}"').encode(encoding)
    if encoding == "utf-16-be":
        data = b"\xfe\xff" + data
    (tmp_path / "a.xml").write_bytes(data)
    assert np.array_equal(
        whole(opened(tmp_path / "a.xml")), whole(opened(DATA / "aecg_hz499.5.xml"))
    )


def test_scp_leads_and_time() -> None:
    recording = opened(DATA / "ecgtoolkit_example.scp")
    assert set(recording.leads) == set(LEADS) and recording.fs_hz == 500
    assert recording.start.text == "2002-11-22 09:10:00"
    assert recording.facts.median is not None


def test_scp_written_here_is_read_to_the_microvolt(tmp_path: Path) -> None:
    ecg = ecg_uv(4.0)[[0, 1, 6, 7, 8, 9, 10, 11]]
    recording = opened(write_scp(tmp_path / "a.scp", ecg))
    assert recording.leads == tuple(LEADS)  # four of them derived
    rows = [LEADS.index(lead) for lead in ("I", "II", "V1", "V6")]
    assert np.abs(whole(recording)[rows] - ecg[[0, 1, 2, 7]] / 1000).max() < 1e-5


def test_mortara_is_experimental(tmp_path: Path) -> None:
    ecg = ecg_mv(2.0)
    recording = opened(write_mortara(tmp_path / "a.xml", ecg, 499.5))
    assert recording.leads == tuple(LEADS) and recording.fs_hz == 499.5
    assert np.abs(whole(recording) - ecg).max() <= 0.00051
    assert "experimental" in notes(recording) and recording.patient.name == "Jane Doe"


def test_parsers_run_in_threads_with_their_warnings_apart(tmp_path: Path) -> None:
    paths = [DATA / "muse_std.xml", DATA / "aecg_sets4.xml", PHILIPS] * 4
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(opened, paths))
    assert [notes(one) for one in found] == [notes(opened(path)) for path in paths]


def refused(path: Path) -> RecordError:
    with pytest.raises(RecordError) as caught:
        opened(path)
    return caught.value


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    text = MUSE.read_text("latin-1")
    cases = {
        "cut.xml": (text[:90_000], CorruptFileError, "no sound XML: damaged or cut off"),
        "count.xml": (
            text.replace("SampleCountTotal>5000<", "SampleCountTotal>6000<"),
            CorruptFileError, "6000",
        ),
        "other.xml": ("<?xml version='1.0'?><invoice/>", UnsupportedFormatError, "root element"),
        "entity.xml": (
            '<?xml version="1.0"?><!DOCTYPE RestingECG [<!ENTITY a "b">]>'
            "<RestingECG>&a;</RestingECG>",
            CorruptFileError, "entities",
        ),
        "zip.xml": ("PK\x03\x04", UnsupportedFormatError, "ZIP archive"),
    }  # fmt: skip
    for name, (content, kind, reason) in cases.items():
        (tmp_path / name).write_text(content, "latin-1")
        error = refused(tmp_path / name)
        assert isinstance(error, kind) and reason in str(error), error


def test_leads_of_different_length_are_refused(tmp_path: Path) -> None:
    text = (DATA / "aecg_hz499.5.xml").read_text("utf-8")
    start = text.index("<digits>") + len("<digits>")
    for _ in range(3):
        text = text[:start] + text[text.index(" ", start) + 1 :]
    (tmp_path / "a.xml").write_text(text, "utf-8")
    assert "differ in length (1247 and 1250 samples)" in str(refused(tmp_path / "a.xml"))


def test_scp_damage_and_unknown_compression_are_named(tmp_path: Path) -> None:
    data = bytearray((DATA / "ecgtoolkit_example.scp").read_bytes())
    (tmp_path / "cut.scp").write_bytes(data[:20_000])
    assert "truncated" in str(refused(tmp_path / "cut.scp"))
    data[30_000] ^= 0xFF
    (tmp_path / "crc.scp").write_bytes(data)
    assert "checksum is wrong" in str(refused(tmp_path / "crc.scp"))
    write_scp(tmp_path / "ref.scp", ecg_uv(1.0)[:2], flags=1)
    assert "reference-beat subtraction: not supported" in str(refused(tmp_path / "ref.scp"))


def test_a_waveform_that_would_grow_without_end_is_refused(tmp_path: Path) -> None:
    """LZW codes that repeat the longest string: 100 KB would become 70 MB."""
    # The code for the string not yet known grows it by one byte each time.
    codes = [0] + list(range(256, 1022)) + [1021] * 80_000
    codes += [0] * (-len(codes) % 4)
    chunk = b"".join(
        ((a << 30) | (b << 20) | (c << 10) | d).to_bytes(5, "big")
        for a, b, c, d in zip(*[iter(codes)] * 4, strict=True)
    )
    packed = base64.b64encode(struct.pack("<iHh", len(chunk), 0, 0) + chunk)
    text = PHILIPS.read_bytes()
    start = text.index(b">", text.index(b"<parsedwaveforms")) + 1
    end = text.index(b"<", start)
    (tmp_path / "a.xml").write_bytes(text[:start] + packed + text[end:])
    assert "grow beyond any ECG" in str(refused(tmp_path / "a.xml"))


def test_listing_a_folder_reads_first_bytes_only(tmp_path: Path) -> None:
    (tmp_path / "cut.xml").write_text(MUSE.read_text("latin-1")[:5000], "latin-1")
    (tmp_path / "invoice.xml").write_text("<invoice/>")
    (found,) = find_records(tmp_path)
    assert isinstance(found, RecordRef) and found.path.name == "cut.xml"
