"""Writes ISHNE files and Schiller exports for the tests."""

from __future__ import annotations

import binascii
import struct
from pathlib import Path

import numpy as np

CODES = {"I": 5, "II": 6, "III": 7, "aVR": 8, "aVL": 9, "aVF": 10,
         "V1": 11, "V2": 12, "V3": 13, "V4": 14, "V5": 15, "V6": 16}  # fmt: skip


def ishne_header(leads: tuple[str, ...], fs_hz: int, count: int, comment: bytes = b"") -> bytes:
    """Return magic number, checksum, header and text of a file at 5 uV."""
    head = bytearray(512)

    def put(at: int, *values: int) -> None:
        struct.pack_into(f"<{len(values)}h", head, at - 10, *values)

    def text(at: int, value: str) -> None:
        head[at - 10 : at - 10 + len(value)] = value.encode("latin-1")

    struct.pack_into("<iiii", head, 0, len(comment), count, 522, 522 + len(comment))
    put(26, 1)
    text(28, "Ann")
    text(68, "Müller")
    text(108, "P42")
    put(128, 2, 1)
    put(132, 2, 5, 1951)
    put(138, 3, 3, 2024)
    put(150, 13, 14, 15)
    put(156, len(leads))
    put(158, *(CODES.get(lead, -9) for lead in leads), *[-9] * (12 - len(leads)))
    put(206, *[5000] * len(leads), *[-9] * (12 - len(leads)))
    text(232, "digital")
    put(272, fs_hz)
    checked = bytes(head) + comment
    return b"ISHNE1.0" + struct.pack("<H", binascii.crc_hqx(checked, 0xFFFF)) + checked


def write_ishne(
    path: Path, ecg_mv: np.ndarray, leads: tuple[str, ...], fs_hz: int = 500, **more: object
) -> Path:
    """Write samples at 5 uV."""
    count = int(more.pop("count", ecg_mv.shape[1]))  # type: ignore[call-overload]
    head = ishne_header(leads, fs_hz, count, **more)  # type: ignore[arg-type]
    path.write_bytes(head + np.round(ecg_mv * 200).astype("<i2").T.tobytes())
    return path


def write_schiller(
    path: Path, ecg_mv: np.ndarray, leads: tuple[str, ...], exponent: int = 1
) -> Path:
    """Write rhythm leads in microvolts at 500 Hz."""
    channels = "".join(
        f"<channel><name>{lead.upper()}</name><data>{','.join(f'{v:.0f}' for v in row * 1000)},"
        f"</data><datastype>COMMASEPARATE</datastype><samplecount>{row.size}</samplecount></channel>"
        for lead, row in zip(leads, ecg_mv, strict=True)
    )
    path.write_text(
        '<?xml version="1.0"?><com.xiriuz.sema.xml.schillerEDI.SchillerEDI><patdata><id>S7</id>'
        "<lastname>Doe</lastname><firstname>Jane</firstname><birthdate>19620506</birthdate>"
        "<gender>FEMALE</gender></patdata><examdescript><startdatetime><date>20240304</date>"
        "<time>131415250</time></startdatetime><aquiringdevice><hardware><vendor>Schiller</vendor>"
        "<model>AT-10</model></hardware></aquiringdevice></examdescript><eventdata><event>"
        "<wavedata><type>ECG_RHYTHMS</type><resolution><samplerate>"
        f"<exponent>{exponent}</exponent><value>500</value></samplerate><yres>"
        f"<unitperbit>1.0</unitperbit><units>UV</units></yres></resolution>{channels}</wavedata>"
        "<annotation_global><name>QRS</name><value>94</value></annotation_global><filters_data>"
        "<filter><name>HIGHPASS_CUTOFF_FREQ</name><value>0.05</value></filter></filters_data>"
        "<textdata><type>INTERPRETATION</type><textdata>sinus rhythm\nnormal ECG</textdata>"
        "</textdata></event></eventdata></com.xiriuz.sema.xml.schillerEDI.SchillerEDI>"
    )
    return path
