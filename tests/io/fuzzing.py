"""Mutated records against the readers, in a process that may be lost.

``python -m tests.io.fuzzing KIND FIRST COUNT`` tries the mutations number FIRST to
FIRST + COUNT - 1 of one kind of file and prints, as JSON, how often each outcome came up. Every
mutation follows from its kind and number alone. An exception other than RecordError, a hang
(SIGALRM), a crash or too much memory ends the process; the last number printed to standard
error is then the culprit.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import soundfile

from ecgviewer.core.errors import RecordError
from ecgviewer.io import RecordFailure, find_records, hdf5_layout, open_record
from ecgviewer.io.hdf5_process import end_reader
from tests.generators import LEADS, ecg_mv, ecg_uv, write_wfdb_16
from tests.io.encoders import PACKED, VALUE_RANGE, write_record

HANG_S = 15
"""A lock-up inside the HDF5 library is ended by the reader itself after 5 s."""
MAX_MEMORY_BYTES = 1 << 30
KINDS = ("wfdb-header", "wfdb-signal", "wfdb-segments", "hdf5")
_EXTREME = (
    b"0", b"-1", b"1", b"65536", b"2147483648", b"1000000000000", b"9" * 30, b"1e308", b"nan",
    b"../x", b"/dev/zero", b"~", b"#", b"", b"x", b"\xff\xfe", b"\n", b" ", b"16", b"212", b"8",
)  # fmt: skip


def write_seeds(folder: Path, kind: str) -> list[Path]:
    """Write the sound files that mutations start from; returns those to mutate."""
    signal_uv = ecg_uv(1.0)
    header = write_wfdb_16(folder, "a", signal_uv, comments=("Age: 50", "Sex: M", "Dx: 1,2"))
    if kind == "wfdb-header":
        return [header]
    if kind == "wfdb-segments":
        write_wfdb_16(folder, "b", signal_uv)
        (folder / "m.hea").write_text("m/3 12 500 1100\na 500\n~ 100\nb 500\n")
        layout = "".join(f"~ 0 1000/mV 16 0 0 0 0 {lead}\n" for lead in LEADS)
        (folder / "lay.hea").write_text(f"lay 12 500 0\n{layout}")
        (folder / "v.hea").write_text("v/3 12 500 1000\nlay 0\na 500\nb 500\n")
        return [folder / "m.hea", folder / "v.hea", folder / "lay.hea", folder / "b.hea"]
    if kind == "wfdb-signal":
        for fmt in PACKED:
            low, high = VALUE_RANGE[fmt]
            counts = np.clip(signal_uv[:3] // 10, low + 1, high)
            write_record(folder, f"p{fmt}", fmt, counts, LEADS[:3])
        soundfile.write(folder / "f.flac", signal_uv[:4].T.astype(np.int16), 500)
        lines = "".join(f"f.flac 516 1000/mV 16 0 0 0 0 {lead}\n" for lead in LEADS[:4])
        (folder / "f.hea").write_text(f"f 4 500 500\n{lines}")
        return [folder / "f.flac", *sorted(folder.glob("*.dat")), *sorted(folder.glob("p*.hea"))]
    return _write_hdf5(folder)


def _write_hdf5(folder: Path) -> list[Path]:
    ecg = ecg_mv(1.0)
    with h5py.File(folder / "code.h5", "w") as file:
        stack = np.pad(ecg.T, ((20, 20), (0, 0)))[None].repeat(2, axis=0)
        file.create_dataset("tracings", data=stack.astype("f4"), compression="gzip")
        file["exam_id"] = [1, 2]
    with h5py.File(folder / "sph.h5", "w") as file:
        file.create_dataset("ecg", data=ecg.astype("f2"), chunks=(3, 125), compression="gzip")
    with h5py.File(folder / "leads.h5", "w", libver="latest") as file:
        file.attrs.update(fs=500, units="mV")
        for lead, row in zip(LEADS, ecg, strict=True):
            file[f"ecg/2020-01-01/{lead}"] = row.astype("f4")
    with h5py.File(folder / "facts.h5", "w", userblock_size=512) as file:
        file["val"] = (ecg * 1000).T.astype("i4")
        file.attrs.update(fs=500, units="uV", leads=list(LEADS))
        names = [file.create_dataset(f"n/{k}", data=np.array([[73]], "u2")).ref for k in range(12)]
        file.create_dataset("channels", data=np.array([names], dtype=h5py.ref_dtype))
    return sorted(folder.glob("*.h5"))


def mutated(data: bytes, rng: np.random.Generator, binary: bool = False) -> bytes:
    """Return the data with some changes: bits, bytes, blocks, numbers, length.

    A binary structure gets fewer, and seldom any that move what follows.
    """
    out = bytearray(data)
    kinds = np.arange(8) if not binary or rng.random() < 0.1 else np.array([0, 1, 1, 4, 5])
    for _ in range(int(rng.integers(1, 4 if binary else 9))):
        if not out:
            break
        # Damage near the start, where the structure is, is the more telling.
        span = len(out) if rng.random() < 0.5 else min(len(out), 2000)
        at = int(rng.integers(span))
        length = int(rng.integers(1, 17))
        match int(rng.choice(kinds)):
            case 0:
                out[at] ^= 1 << int(rng.integers(8))
            case 1:
                out[at] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF, int(rng.integers(256))]))
            case 2:
                del out[at : at + length]
            case 3:
                out[at:at] = out[at : at + length]
            case 4:
                out[at : at + length] = bytes(length)
            case 5:
                out[at : at + 8] = b"\xff" * 8
            case 6:
                numbers = list(re.finditer(rb"[0-9.]+|[A-Za-z]+", bytes(out[:4000])))
                if numbers:
                    found = numbers[int(rng.integers(len(numbers)))]
                    out[found.start() : found.end()] = _EXTREME[int(rng.integers(len(_EXTREME)))]
            case _:
                if rng.random() < 0.2:
                    del out[at:]
    return bytes(out)


def outcome(path: Path) -> str:
    """Open every record of a file and read from it; returns the typed error or ``opened``."""
    result = "opened"
    for found in find_records(path):
        if isinstance(found, RecordFailure):
            return _name(found.error)
        try:
            recording = open_record(found)
            end = recording.n_samples
            for start in (0, end // 2, max(end - 700, 0)):
                block = recording.read_samples(start, start + 700)
                assert block.shape == (len(recording.leads), min(700, end - start))
                assert not np.isinf(block).any()
            recording.source.close()
        except RecordError as error:
            result = _name(error)
    if path.suffix == ".h5":
        try:
            for candidate in hdf5_layout.inspect(path):
                hdf5_layout.preview(path, candidate.dataset, 500)
        except RecordError as error:
            return _name(error)
    return result


def _name(error: RecordError) -> str:
    """Return the type, and whether the HDF5 library was lost on the way."""
    for loss in ("locked up", "crashed"):
        if error.reason.startswith(loss):
            return f"{type(error).__name__}, {loss} the library"
    return type(error).__name__


def target_of(folder: Path, changed: Path) -> Path:
    """Return the record to open when a file was changed."""
    if changed.name in ("lay.hea", "b.hea"):
        return folder / "v.hea"
    return changed if changed.suffix == ".h5" else changed.with_suffix(".hea")


def own_peak_bytes() -> int:
    """Return this process's peak memory.

    Not ``ru_maxrss``: that starts from the peak of the process that started this one.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    raise RuntimeError("the system does not tell a process's peak memory")


def main(kind: str, first: int, count: int) -> None:
    """Try the mutations and print the outcomes."""
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seeds = write_seeds(folder, kind)
        sound = {path: path.read_bytes() for path in seeds}
        for number in range(first, first + count):
            rng = np.random.default_rng([KINDS.index(kind), number])
            changed = seeds[number % len(seeds)]
            changed.write_bytes(mutated(sound[changed], rng, changed.suffix == ".h5"))
            print(number, file=sys.stderr, flush=True)
            signal.alarm(HANG_S)
            outcomes[outcome(target_of(folder, changed))] += 1
            signal.alarm(0)
            changed.write_bytes(sound[changed])
    end_reader()
    peak = max(own_peak_bytes(), 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    assert peak < MAX_MEMORY_BYTES, f"{peak / 1e6:.0f} MB"
    print(json.dumps({"peak_mb": round(peak / 1e6), **outcomes}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
