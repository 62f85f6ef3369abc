#!/usr/bin/env bash
# wfdb 4.3.1 (Python): starts of recordings in headers whose date comes first.
# Behaviour: "12-May-2020 12:33:59", as the headers of the CinC 2020 challenge have it, is read
#   without a word as 12 s after midnight and no date; "2014-05-08 05:05:15" raises ValueError and
#   the record cannot be opened at all; so does a year alone behind the time ("10:20:30 2006").
# Output seen:
#   12-May-2020 12:33:59: time 00:00:12, date None
#   2014-05-08 05:05:15: ValueError
#   10:20:30 2006: ValueError
#   12:33:59 12/05/2020: time 12:33:59, date 2020-05-12
# Date: 2026-12-01
# Why it matters: the time of day of an ECG (and with it that of an event) is shown wrong, or a
#   whole data set does not open, though all of the information is there.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q wfdb==4.3.1
cat > "$work/see.py" <<'PY'
import sys, numpy as np, wfdb
seen = []
for start in ("12-May-2020 12:33:59", "2014-05-08 05:05:15", "10:20:30 2006", "12:33:59 12/05/2020"):
    np.arange(100, dtype="<i2").tofile("r.dat")
    open("r.hea", "w").write(f"r 1 100 100 {start}\nr.dat 16 200/mV 16 0 0 0 0 II\n")
    try:
        r = wfdb.rdrecord("r")
        seen.append(f"{start}: time {r.base_time}, date {r.base_date}")
    except ValueError:
        seen.append(f"{start}: ValueError")
print("\n".join(seen))
sys.exit(seen != ["12-May-2020 12:33:59: time 00:00:12, date None",
                  "2014-05-08 05:05:15: ValueError", "10:20:30 2006: ValueError",
                  "12:33:59 12/05/2020: time 12:33:59, date 2020-05-12"])
PY
cd "$work" && "$work/venv/bin/python" see.py
