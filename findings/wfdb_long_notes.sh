#!/usr/bin/env bash
# wfdb 4.3.1 (Python): notes (aux) of annotations beyond 255 letters, written with wrann.
# Behaviour: a note of 256 letters is written as one of none, followed by its letters as if they
#   were annotations: reading the file back gives marks that nobody made. No error, no warning.
# Output seen:
#   (2 marks were written, at samples 100 and 900)
#   255 letters: 2 marks, note of 255; samples 100, 900
#   256 letters: 130 marks, note of 0; samples 100, 220, 340, 460, 580, 700 ...
# Date: 2026-12-01
# Why it matters: a long comment of a reader turns into beats at made-up times; the file of an
#   annotated record is spoilt, and nothing says so.
#
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q wfdb==4.3.1
cat > "$work/see.py" <<'PY'
import sys, warnings, numpy as np, wfdb
warnings.simplefilter("ignore")
seen = {}
for n in (255, 256):
    wfdb.wrann("r", "atr", np.array([100, 900]), symbol=['"', "N"], aux_note=["x" * n, ""], fs=500)
    read = wfdb.rdann("r", "atr")
    seen[n] = (len(read.sample), len(read.aux_note[0]))
    print(f"{n} letters: {seen[n][0]} marks, note of {seen[n][1]}; samples {list(read.sample)[:6]}")
sys.exit(seen[255] != (2, 255) or seen[256][0] <= 2)
PY
cd "$work" && "$work/venv/bin/python" see.py
