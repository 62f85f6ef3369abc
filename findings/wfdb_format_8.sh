#!/usr/bin/env bash
# wfdb 4.3.1 (Python): signals in format 8 (first differences).
# Behaviour: a range that does not begin at the start is off by a constant, without a word: the
#   differences before it are not summed. Where the header leaves the initial value out, the
#   format says that it is the ADC zero; it is taken as 0.
# Output seen:
#   samples 100-103 of the whole: [0.5 0.505 0.51 0.515]
#   samples 100-103 read alone: [0.005 0.01 0.015 0.02]
#   first sample, no initial value, ADC zero 1024: -5.12 mV
# Date: 2026-12-01
# Why it matters: amplitudes of a window of a long record are shifted by millivolts against the
#   same seconds of the whole record; a record without initial values starts off its baseline.
#
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q wfdb==4.3.1
cat > "$work/see.py" <<'PY'
import sys, numpy as np, wfdb
counts = np.arange(200)
np.diff(counts, prepend=0).astype("i1").tofile("r.dat")
open("r.hea", "w").write("r 1 100 200\nr.dat 8 200/mV 8 0 0 0 0 II\n")
whole = wfdb.rdrecord("r").p_signal[100:104, 0]
alone = wfdb.rdrecord("r", sampfrom=100, sampto=104).p_signal[:, 0]
print("samples 100-103 of the whole:", whole)
print("samples 100-103 read alone:", alone)
np.diff(counts + 1024, prepend=1024).astype("i1").tofile("z.dat")
open("z.hea", "w").write("z 1 100 200\nz.dat 8 200/mV 8 1024\n")
first = wfdb.rdrecord("z").p_signal[0, 0]
print(f"first sample, no initial value, ADC zero 1024: {first:g} mV")
sys.exit(int(np.allclose(whole, alone) or first == 0.0))
PY
cd "$work" && "$work/venv/bin/python" see.py
