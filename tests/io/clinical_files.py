"""Writes MUSE and Mortara XML and SCP-ECG for the tests, and reads MUSE without any library."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from pathlib import Path

import numpy as np

from tests.generators import LEADS


def write_mortara(path: Path, ecg_mv: np.ndarray, fs_hz: float = 1000) -> Path:
    """Write twelve leads in microvolts."""
    channels = "".join(
        f'<CHANNEL NAME="{lead.upper()}" SAMPLE_FREQ="{fs_hz:g}" UNITS_PER_MV="1000" BITS="16" '
        f'FORMAT="SIGNED" ENCODING="BASE64" OFFSET="0" DURATION="{row.size}" '
        f'DATA="{base64.b64encode(np.round(row * 1000).astype("<i2").tobytes()).decode()}"/>'
        for lead, row in zip(LEADS, ecg_mv, strict=True)
    )
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><!-- Generated --><ECG '
        'ACQUISITION_TIME="20240304131415" ACQUISITION_TIME_XML="2024-03-04T13:14:15" AGE="61" '
        'AGE_UNITS="YEARS" VENT_RATE="66"><SUBJECT LAST_NAME="Doe" FIRST_NAME="Jane" ID="000123" '
        'GENDER="Female" DOB="19620506"/><SOURCE TYPE="ELI250" MANUFACTURER="MORTARA" '
        'MODEL="ELI 250"/><AUTOMATIC_INTERPRETATION><STATEMENT TEXT="SINUS RHYTHM" '
        f'REASON="normal P axis"/></AUTOMATIC_INTERPRETATION>{channels}</ECG>'
    )
    return path


def muse_leads_mv(path: Path, kind: str = "Rhythm") -> dict[str, np.ndarray]:
    """Return the stored leads of a MUSE export, decoded here."""
    text = path.read_text("latin-1")
    (waveform,) = (
        one for one in re.findall(r"<Waveform>.*?</Waveform>", text, re.DOTALL)
        if f"<WaveformType>{kind}<" in one
    )  # fmt: skip
    found = {}
    for lead in re.findall(r"<LeadData>.*?</LeadData>", waveform, re.DOTALL):
        name = re.findall(r"<LeadID>(.*?)<", lead)[0]
        scale = float(re.findall(r"<LeadAmplitudeUnitsPerBit>(.*?)<", lead)[0])
        data = base64.b64decode(re.findall(r"<WaveFormData>(.*?)<", lead, re.DOTALL)[0])
        found[name] = np.frombuffer(data, "<i2") * scale / 1000
    return found


def write_scp(
    path: Path, ecg_uv: np.ndarray, flags: int = 0, tags: dict[int, bytes] | None = None
) -> Path:
    """Write sections 0, 3 and 6 (and 1, of these tags) of uncompressed leads at 500 Hz."""
    codes = {"I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8}
    names = list(codes)[: ecg_uv.shape[0]]
    n = ecg_uv.shape[1]
    leads = bytes([len(names), flags | 0x04]) + b"".join(
        struct.pack("<IIB", 1, n, codes[name]) for name in names
    )
    rows = [row.astype("<i2").tobytes() for row in ecg_uv]
    data = struct.pack("<HHBB", 1000, 2000, 0, 0)
    data += b"".join(struct.pack("<H", len(row)) for row in rows) + b"".join(rows)
    bodies = {3: leads, 6: data}
    if tags:
        pairs = [struct.pack("<BH", tag, len(value)) + value for tag, value in tags.items()]
        bodies = {1: b"".join(pairs) + b"\xff\0\0", **bodies}
    head = 16 + 10 * 12
    at = 6 + head
    pointers = struct.pack("<HII", 0, head, 7)
    for number in range(1, 12):
        length = 16 + len(bodies[number]) if number in bodies else 0
        pointers += struct.pack("<HII", number, length, at + 1 if length else 0)
        at += length
    out = b"".join(_section(number, body) for number, body in ((0, pointers), *bodies.items()))
    size = 6 + len(out)
    whole = struct.pack("<I", size) + out
    path.write_bytes(struct.pack("<H", binascii.crc_hqx(whole, 0xFFFF)) + whole)
    return path


def _section(number: int, body: bytes) -> bytes:
    rest = (
        struct.pack("<HIBB", number, 16 + len(body), 20, 20)
        + (b"SCPECG" if number == 0 else bytes(6))
        + body
    )
    return struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest
