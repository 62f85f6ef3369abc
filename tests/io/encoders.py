"""Integer samples to the bytes of every packed WFDB format, written from the specification."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

VALUE_RANGE = {
    "8": (-(2**15), 2**15 - 1), "16": (-(2**15), 2**15 - 1), "24": (-(2**23), 2**23 - 1),
    "32": (-(2**31), 2**31 - 1), "61": (-(2**15), 2**15 - 1), "80": (-(2**7), 2**7 - 1),
    "160": (-(2**15), 2**15 - 1), "212": (-(2**11), 2**11 - 1), "310": (-(2**9), 2**9 - 1),
    "311": (-(2**9), 2**9 - 1), "508": (-(2**7), 2**7 - 1), "516": (-(2**15), 2**15 - 1),
    "524": (-(2**23), 2**23 - 1),
}  # fmt: skip
PACKED = ("8", "16", "24", "32", "61", "80", "160", "212", "310", "311")
FLAC = ("508", "516", "524")


def encode(fmt: str, samples: npt.NDArray[np.int64]) -> bytes:
    """Encode interleaved samples [n] (for format 8: their differences)."""
    x = np.asarray(samples, dtype=np.int64)
    if fmt == "8":
        return x.astype("i1").tobytes()
    if fmt == "16":
        return x.astype("<i2").tobytes()
    if fmt == "24":
        return x.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    if fmt == "32":
        return x.astype("<i4").tobytes()
    if fmt == "61":
        return x.astype(">i2").tobytes()
    if fmt == "80":
        return (x + 128).astype("u1").tobytes()
    if fmt == "160":
        return (x + 32768).astype("<u2").tobytes()
    out = bytearray()
    if fmt == "212":
        for a, b in _groups(x & 0xFFF, 2):
            out += bytes((a & 0xFF, a >> 8 | b >> 8 << 4, b & 0xFF))
    elif fmt == "310":
        for a, b, c in _groups(x & 0x3FF, 3):
            out += (a << 1 | (c & 0x1F) << 11).to_bytes(2, "little")
            out += (b << 1 | c >> 5 << 11).to_bytes(2, "little")
    elif fmt == "311":
        for a, b, c in _groups(x & 0x3FF, 3):
            out += (a | b << 10 | c << 20).to_bytes(4, "little")
    return bytes(out)


def write_record(
    folder: Path,
    name: str,
    fmt: str,
    signal: npt.NDArray[np.int64],
    leads: tuple[str, ...],
    fs_hz: float = 500.0,
    gain: str = "200(0)/mV",
    offset: int = 0,
    suffix: str = ".dat",
) -> Path:
    """Write digital samples [n_leads, n] in a packed format with true checksums."""
    frames = signal.T.astype(np.int64)
    stored = np.diff(frames, axis=0, prepend=frames[:1]) if fmt == "8" else frames
    data = encode(fmt, stored.reshape(-1))
    (folder / f"{name}{suffix}").write_bytes(b"\x07" * offset + data)
    form = f"{fmt}+{offset}" if offset else fmt
    lines = [f"{name} {len(leads)} {fs_hz:g} {signal.shape[1]}"]
    lines += [
        f"{name}{suffix} {form} {gain} 16 0 {row[0]} {int(row.sum()) % 65536} 0 {lead}"
        for lead, row in zip(leads, signal, strict=True)
    ]
    header = folder / f"{name}.hea"
    header.write_text("\n".join(lines) + "\n")
    return header


def _groups(samples: npt.NDArray[np.int64], size: int) -> list[tuple[int, ...]]:
    padded = np.pad(samples, (0, -len(samples) % size))
    return [tuple(int(value) for value in group) for group in padded.reshape(-1, size)]
