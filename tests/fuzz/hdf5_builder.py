"""HDF5 files that are sound as files and absurd in what they hold."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.fuzz.mutations import NUMBERS, STRANGE, WORDS, Rng, pick
from tests.generators import LEADS

_NAMES = (
    "ecg", "tracings", "signal", "val", "waveform", "I", "II", "V1", "fs", "units", "leads",
    "channels", "scale", "exam_id", "a/b/c/ecg", "ecg/I", "ecg/II", "x" * 200, "é☃", "n",
)  # fmt: skip
_SHAPES: tuple[tuple[int, ...], ...] = (
    (12, 500), (500, 12), (2, 500, 12), (0, 12), (12, 0), (1, 1), (), (10**12, 12), (12, 10**12),
    (10**6, 4096, 12), (2**40, 2, 2), (12, 500, 12, 3), (1,) * 32, (64, 64, 64), (1, 10**11),
    (500,), (10**13,), (513, 100), (12, 31),
)  # fmt: skip
_TYPES: tuple[Any, ...] = (
    "f4", "f8", "f2", "i2", "u1", "i8", ">i4", "u8", "S5", "c8", "?",
    [("a", "f4"), ("b", "i2")], ("f4", (3,)), h5py.string_dtype(), h5py.ref_dtype, "V1000",
    h5py.vlen_dtype(np.float32), h5py.enum_dtype({"A": 1}, basetype="i4"),
)  # fmt: skip

MAX_FILE_BYTES = 1 << 24


def write_hostile(path: Path, rng: Rng) -> bytes:
    """Write a random absurd file and return its bytes, at most the first 16 MB."""
    path.unlink(missing_ok=True)
    libver = pick(rng, ("earliest", "latest"))
    # Where even closing fails, the file stays as it got to the disk.
    with (
        contextlib.suppress(RuntimeError, OSError),
        h5py.File(path, "w", libver=libver, track_order=bool(rng.integers(2))) as file,
    ):
        for _ in range(int(rng.integers(1, 7))):
            part = pick(rng, _PARTS)
            try:
                part(file, rng)
            except (
                ValueError,
                TypeError,
                OSError,
                RuntimeError,
                KeyError,
                OverflowError,
                AttributeError,
            ):
                continue  # h5py would not write this one
    with path.open("rb") as file_bytes:  # the index of absurdly many chunks takes gigabytes
        return file_bytes.read(MAX_FILE_BYTES)


def _facts(file: h5py.File, rng: Rng) -> None:
    holder = file[pick(rng, list(file))] if len(file) and rng.random() < 0.5 else file
    for name in ("fs", "units", "lead_names", "scale", "adc_gain", "offset", "normalization"):
        if rng.random() < 0.4:
            value = pick(rng, (500, "mV", list(LEADS), *NUMBERS, *WORDS[:12], *STRANGE[3:14]))
            holder.attrs[name] = value
    if rng.random() < 0.1:
        holder.attrs["leads"] = np.zeros((100, 80), "f8")


def _sound(file: h5py.File, rng: Rng) -> None:
    ecg = rng.standard_normal((12, 600)).astype("f4")
    file[pick(rng, _NAMES[:5])] = ecg if rng.random() < 0.5 else ecg.T
    file.attrs.update(fs=500.0, units="mV", leads=list(LEADS))


def _absurd(file: h5py.File, rng: Rng) -> None:
    """A dataset that claims more than was ever written."""
    shape = pick(rng, _SHAPES)
    chunks = tuple(max(min(n, int(rng.integers(1, 200))), 1) for n in shape) or None
    how: dict[str, Any] = {}
    # Without chunks the library may write the file at its full size.
    if shape and (rng.random() < 0.7 or np.prod(shape, dtype=float) > 1e5):
        how = {"chunks": chunks, "compression": pick(rng, (None, "gzip", "lzf"))}
        how["fillvalue"] = pick(rng, (None, 1e30, -1))
    item = file.create_dataset(pick(rng, _NAMES), shape=shape, dtype=pick(rng, _TYPES), **how)
    if rng.random() < 0.5 and item.size and item.dtype.kind in "fiu":
        item[(0,) * (len(shape) - 1) + (slice(0, 500),)] = 1


def _bomb(file: h5py.File, rng: Rng) -> None:
    """Chunks of zeros: some kB that become up to 40 MB each (the tests have the larger ones)."""
    n = int(pick(rng, (10**5, 10**6, 10**7)))
    item = file.create_dataset(
        pick(rng, _NAMES[:5]), shape=(12, n), dtype="f4", chunks=(1, n), compression="gzip"
    )
    for row in range(int(rng.integers(1, 3)) if n > 10**6 else 12):
        item[row] = 0


def _links(file: h5py.File, rng: Rng) -> None:
    name = pick(rng, _NAMES[:8])
    match int(rng.integers(6)):
        case 0:
            other = pick(rng, ("/etc/passwd", "other.h5", "../x.h5", Path(file.filename).name))
            file[name] = h5py.ExternalLink(other, "/ecg")
        case 1:
            file[name] = h5py.SoftLink(pick(rng, (f"/{name}", "/nowhere", "/", "/a", "..")))
        case 2:
            group = file.create_group("loop")
            group["again"] = file
            group["self"] = group
        case 3:
            file["a"], file["b"] = h5py.SoftLink("/b"), h5py.SoftLink("/a")
        case 4:
            at = file
            for depth in range(400):
                at = at.create_group(f"g{depth}")
            at[name] = np.ones((12, 100), "f4")
        case _:
            for k in range(1000):
                file.create_group(f"many/{k}")


def _virtual(file: h5py.File, rng: Rng) -> None:
    name = pick(rng, _NAMES[:5])
    source = pick(rng, (".", "other.h5", "/etc/passwd", "%b.h5", Path(file.filename).name))
    layout = h5py.VirtualLayout(shape=(12, 600), dtype="f4")
    layout[:, :600] = h5py.VirtualSource(source, pick(rng, (name, "ecg", "x")), shape=(12, 600))
    file.create_virtual_dataset(name, layout, fillvalue=pick(rng, (0, np.nan)))


def _external(file: h5py.File, rng: Rng) -> None:
    file.create_dataset(
        pick(rng, _NAMES[:5]), shape=(12, 600), dtype="f4",
        external=[(pick(rng, ("/etc/passwd", "/dev/zero", "../x", "x")), 0, 12 * 600 * 4)],
    )  # fmt: skip


def _references(file: h5py.File, rng: Rng) -> None:
    names = file.require_group("n")
    targets = [names.create_dataset(str(k), data=np.array([[73]], "u2")).ref for k in range(11)]
    huge = names.create_dataset("huge", shape=(10**12,), dtype="u2", chunks=(1000,))
    targets.append(pick(rng, (huge.ref, file.ref, names.ref)))
    file.create_dataset("channels", data=np.array([targets], dtype=h5py.ref_dtype))


_PARTS = (
    _facts, _facts, _sound, _sound, _absurd, _absurd, _bomb, _links, _virtual, _external,
    _references,
)  # fmt: skip
