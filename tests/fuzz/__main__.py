"""Try damaged files on the program's readers, in a process that may be lost.

``python -m tests.fuzz KIND[,KIND ...] FIRST COUNT`` tries the mutations number FIRST to
FIRST + COUNT - 1 of each kind and prints, as JSON, how often each outcome came up, the slowest
(seconds of processor time of this process) and the largest memory. A mutation follows from its
kind and number alone: COUNT 1 repeats a finding. Exceptions other than the program's own typed
errors are reported and fail the run. A hang (SIGALRM), a native crash or too much memory ends
the process; the last kind and number on standard error are then the culprit.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ecgviewer.io.process.client import end_reader
from tests.fuzz.kinds import module_of

HANG_S = 60
"""Of the wall clock. A lock-up inside the HDF5 library is ended by the reader after 5 s, several
requests are made of a file, and the machine may be busy."""
SLOW_S = 5.0
MAX_MEMORY_BYTES = 1 << 30


def own_peak_bytes() -> int:
    """Return this process's peak memory.

    Not ``ru_maxrss``: that starts from the peak of the process that started this one.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    raise RuntimeError("the system does not tell a process's peak memory")


def fuzz(kind: str, first: int, count: int) -> dict[str, Any]:
    """Try the mutations of one kind; return outcomes, findings, slowest and peak."""
    module: ModuleType = module_of(kind)
    target = module.TARGETS[kind]
    outcomes: Counter[str] = Counter()
    findings: list[str] = []
    slowest = (0.0, first)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["ECGVIEWER_HOME"] = str(folder / "home")
        seeds = target.seeds(folder)
        sound = {path: path.read_bytes() for path in seeds}
        for number in range(first, first + count):
            rng = np.random.default_rng([zlib.crc32(kind.encode()), number])
            changed = seeds[number % len(seeds)]
            changed.write_bytes(target.damage(changed, sound[changed], rng))
            print(kind, number, file=sys.stderr, flush=True)
            signal.alarm(HANG_S)
            start = time.process_time()
            try:
                outcomes[target.read(folder, changed)] += 1
            except Exception:  # noqa: BLE001 - whatever gets through is what is looked for
                outcomes["finding"] += 1
                findings.append(f"{kind} {number} {changed.name}\n{traceback.format_exc()}")
            slowest = max(slowest, (time.process_time() - start, number))
            signal.alarm(0)
            assert own_peak_bytes() < MAX_MEMORY_BYTES, f"{own_peak_bytes() / 1e6:.0f} MB"
            changed.write_bytes(sound[changed])
    if slowest[0] > SLOW_S:
        findings.append(f"{kind} {slowest[1]} took {slowest[0]:.1f} s")
    return {"outcomes": dict(outcomes), "findings": findings, "slowest": slowest}


def main(kinds: str, first: int, count: int) -> int:
    """Try the mutations of every kind and print what came of it."""
    report: dict[str, Any] = {kind: fuzz(kind, first, count) for kind in kinds.split(",")}
    end_reader()
    peak = max(own_peak_bytes(), 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    assert peak < MAX_MEMORY_BYTES, f"{peak / 1e6:.0f} MB"
    print(json.dumps({"peak_mb": round(peak / 1e6), "kinds": report}))
    for one in report.values():
        for finding in one["findings"]:
            print(finding, file=sys.stderr)
    return int(any(one["findings"] for one in report.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
