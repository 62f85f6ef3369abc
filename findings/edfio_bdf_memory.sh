#!/usr/bin/env bash
# edfio 0.4.18: read_edf maps an EDF file and loads what is asked for; read_bdf, with the same
# signature but for lazy_load_data, reads the whole file and unpacks it at once: opening a BDF file
# of 24 bits takes seven times its size in memory, before any sample is used.
# A good engineer would expect the sister function for the sister format to be as frugal.
#
# Output seen:
#   edf 24 MB on disk: peak grew by 0.0 times its size, 0.00 s
#   bdf 36 MB on disk: peak grew by 7.7 times its size, 0.64 s
#
# Date: 2026-12-01. Matters to people with ECGs: a Holter of 24 h with 12 leads at 500 Hz is 1.6 GB
# as BDF; opening it this way needs 12 GB. Read the header alone with edfio (give it the first
# 256 * (signals + 1) bytes) and the data records by seek and read.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q edfio==0.4.18 numpy==2.4.6
cat >"$folder/try.py" <<'PY'
import resource, sys, time
from pathlib import Path
import numpy as np
from edfio import Bdf, BdfSignal, Edf, EdfSignal, read_bdf, read_edf

kind, step, path = sys.argv[1], sys.argv[2], Path(sys.argv[3])
if step == "write":
    make, whole = (EdfSignal, Edf) if kind == "edf" else (BdfSignal, Bdf)
    x = np.sin(np.arange(1_000_000) / 80.0)
    whole([make(x, 500, label=f"V{k}", physical_range=(-2, 2)) for k in range(12)]).write(path)
else:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    (read_edf if kind == "edf" else read_bdf)(path)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    size = path.stat().st_size
    print(f"{kind} {size / 1e6:.0f} MB on disk: peak grew by {grown / size:.1f} times its size, "
          f"{time.process_time() - start:.2f} s")
    sys.exit(grown > size if kind == "edf" else grown < 5 * size)
PY
for kind in edf bdf; do
  "$folder/venv/bin/python" "$folder/try.py" "$kind" write "$folder/a.$kind"
  "$folder/venv/bin/python" "$folder/try.py" "$kind" read "$folder/a.$kind"
done
