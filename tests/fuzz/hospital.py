"""The hospital's own formats: EDF, BDF, DICOM, SCP-ECG, XML of five makers, ISHNE, text."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.fuzz import mutations
from tests.fuzz.records import opened
from tests.fuzz.target import Target
from tests.generators import LEADS, ecg_mv, ecg_uv
from tests.io.clinical_files import write_mortara, write_scp
from tests.io.dicom_files import group, write
from tests.io.holter_files import write_ishne, write_schiller

Rng = np.random.Generator
DATA = Path(__file__).resolve().parents[1] / "io" / "data"
LONG_RUN = re.compile(rb"[A-Za-z0-9+/= ,\-\n]{400,}")
"""Samples as text: damage among them alone would tell little."""


def _copies(*names: str) -> Callable[[Path], list[Path]]:
    def seeds(folder: Path) -> list[Path]:
        return [Path(shutil.copy(DATA / name, folder)) for name in names]

    return seeds


def _dicom_seeds(folder: Path) -> list[Path]:
    ecg = ecg_mv(1.0)
    found = [
        write(folder / "a.dcm", group(ecg), group(ecg, MultiplexGroupTimeOffset=60_000)),
        write(folder / "b.dcm", group(ecg), syntax="1.2.840.10008.1.2"),
        write(folder / "c.dcm", group(ecg), syntax="1.2.840.10008.1.2.1.99"),
    ]
    return [*found, *_copies("dicom/own_general4x3.dcm", "dicom/own_scpecg.dcm")(folder)]


def _scp_seeds(folder: Path) -> list[Path]:
    made = write_scp(folder / "a.scp", ecg_uv(1.0)[:8])
    return [made, *_copies("clinical/ecgtoolkit_example.scp")(folder)]


def _scp_damaged(_: Path, data: bytes, rng: Rng) -> bytes:
    """Damage, mostly with a checksum that fits: what lies behind it is to be reached."""
    import binascii

    out = bytearray(mutations.bytes_changed(data, rng))
    if rng.random() < 0.8 and len(out) > 6:
        out[2:6] = len(out).to_bytes(4, "little")
        out[:2] = binascii.crc_hqx(bytes(out[2:]), 0xFFFF).to_bytes(2, "little")
    return bytes(out)


def _ishne_seeds(folder: Path) -> list[Path]:
    ecg = ecg_mv(1.0)
    return [
        write_ishne(folder / "a.ecg", ecg[:3], ("I", "II", "V1"), comment=b"a comment"),
        write_ishne(folder / "b.ecg", ecg, tuple(LEADS)),
    ]


def _ishne_damaged(_: Path, data: bytes, rng: Rng) -> bytes:
    out = bytearray(mutations.bytes_changed(data, rng))
    if rng.random() < 0.8:
        out[8:10] = b"\0\0"  # not computed
    return bytes(out)


def _xml_changed(_: Path, data: bytes, rng: Rng) -> bytes:
    """Change words and numbers, mostly between the long runs of samples."""
    if rng.random() < 0.15:
        return mutations.bytes_changed(data, rng)
    if rng.random() < 0.02:
        return data[:500] + b"<a>" * 50_000 + data[500:]
    if rng.random() < 0.75:
        return _values_changed(data, rng)
    runs: list[bytes] = []

    def keep(match: re.Match[bytes]) -> bytes:
        runs.append(match[0])
        return b"@@%d@@" % (len(runs) - 1)

    short = LONG_RUN.sub(keep, data).replace(b">", b">\n")
    changed = mutations.text_changed(short, rng).replace(b">\n", b">")
    return re.sub(
        rb"@@(\d{1,3})@@",
        lambda match: runs[int(match[1])] if int(match[1]) < len(runs) else b"",
        changed,
    )


def _values_changed(data: bytes, rng: Rng) -> bytes:
    """Replace values, repeat or drop whole elements: the text stays sound XML."""
    for _ in range(int(rng.integers(1, 5))):
        values = list(re.finditer(rb">([^<>]{1,60})<|=\"([^\"<>]{0,60})\"", data))
        if not values:
            return data
        found = mutations.pick(rng, values)
        group = 1 if found[1] is not None else 2
        new = mutations.pick(rng, mutations.NUMBERS if rng.random() < 0.6 else mutations.WORDS)
        clean = re.sub(r"[<>&\"\0]", "", new).encode("utf-8", "ignore")
        data = data[: found.start(group)] + clean + data[found.end(group) :]
        if rng.random() < 0.3:
            elements = list(re.finditer(rb"<([A-Za-z]\w*)[^<>]*>[^<>]*</\1>", data))
            one = mutations.pick(rng, elements) if elements else None
            if one is not None:
                repeated = one[0] * 2 if rng.random() < 0.5 else b""
                data = data[: one.start()] + repeated + data[one.end() :]
    return data


def _mortara_seeds(folder: Path) -> list[Path]:
    return [write_mortara(folder / "a.xml", ecg_mv(1.0))]


def _schiller_seeds(folder: Path) -> list[Path]:
    return [write_schiller(folder / "a.xml", ecg_mv(1.0), tuple(LEADS))]


def _text_seeds(folder: Path) -> list[Path]:
    ecg = ecg_mv(0.5)
    times = np.arange(ecg.shape[1]) / 500
    rows = "\n".join(",".join(f"{v:.4f}" for v in row) for row in np.vstack([times, ecg]).T)
    names = "time (s)," + ",".join(f"{lead} (mV)" for lead in LEADS)
    (folder / "a.csv").write_text(f"{names}\n{rows}\n")
    semicolons = rows.replace(",", ";").replace(".", ",")
    (folder / "b.csv").write_text(f"# fs: 500 Hz\n{names.replace(',', ';')}\n{semicolons}\n")
    return [folder / "a.csv", folder / "b.csv"]


def _read(_: Path, changed: Path) -> str:
    return opened(changed)


def _bytes(_: Path, data: bytes, rng: Rng) -> bytes:
    return mutations.bytes_changed(data, rng)


def _csv(_: Path, data: bytes, rng: Rng) -> bytes:
    return mutations.csv_changed(data, rng)


_AECG = tuple(f"clinical/aecg_{name}.xml" for name in ("sets4", "series2", "hz499.5"))
_EDF = tuple(f"edf/{name}" for name in (
    "plusC.edf", "plusD.edf", "mixed_rates.edf", "cardio_sample.edf", "plusC.bdf"))  # fmt: skip

TARGETS = {
    "edf": Target(_copies(*_EDF), _bytes, _read),
    "dicom": Target(_dicom_seeds, _bytes, _read),
    "scp-ecg": Target(_scp_seeds, _scp_damaged, _read),
    "aecg": Target(_copies(*_AECG), _xml_changed, _read),
    "muse": Target(_copies("clinical/muse_std.xml"), _xml_changed, _read),
    "philips": Target(_copies("clinical/1_03_129DYPRG.xml"), _xml_changed, _read),
    "mortara": Target(_mortara_seeds, _xml_changed, _read),
    "schiller": Target(_schiller_seeds, _xml_changed, _read),
    "ishne": Target(_ishne_seeds, _ishne_damaged, _read),
    "text": Target(_text_seeds, _csv, _read),
}
