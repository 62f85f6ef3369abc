#!/usr/bin/env bash
# wfdb 4.3.1 (Python): micro signs in units, letters beyond ASCII in names of signals.
# Behaviour: "1/µV" is read as a gain per V: the unit comes back without its micro sign, in
#   silence, and amplitudes are labelled a million times too large; a signal that is named with a
#   letter beyond ASCII ("Ⅱ") comes back with the name None.
# Output seen:
#   1/µV: unit V, first value 100.0
#   1/uV: unit uV, first value 100.0
#   name of a signal called Ⅱ: None
# Date: 2026-12-01
# Why it matters: ECGs with 100-uV waves are taken for 100 V; leads are lost by name. Devices and
#   scripts outside the English-speaking world write both.
#
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q wfdb==4.3.1
cat > "$work/see.py" <<'PY'
import sys, numpy as np, wfdb
np.full(100, 100, dtype="<i2").tofile("r.dat")
def read(gain, name):
    open("r.hea", "w", encoding="utf-8").write(f"r 1 100 100\nr.dat 16 {gain} 16 0 100 0 0 {name}\n")
    return wfdb.rdrecord("r")
seen = []
for gain in ("1/µV", "1/uV"):
    r = read(gain, "II")
    seen.append(f"{gain}: unit {r.units[0]}, first value {r.p_signal[0, 0]}")
seen.append(f"name of a signal called Ⅱ: {read('1/uV', 'Ⅱ').sig_name[0]}")
print("\n".join(seen))
sys.exit(seen != ["1/µV: unit V, first value 100.0", "1/uV: unit uV, first value 100.0",
                  "name of a signal called Ⅱ: None"])
PY
cd "$work" && "$work/venv/bin/python" see.py
