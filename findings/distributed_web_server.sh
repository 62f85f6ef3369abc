#!/usr/bin/env bash
# Package: distributed==2026.8.0 (Dask).
# Behaviour: LocalCluster(dashboard_address=None) reads None as "the usual place" and opens a web
#   server on 127.0.0.1:8787, although nothing that draws a dashboard (bokeh) is installed: it serves
#   health, metrics and information pages. "127.0.0.1:0" moves it to a free port; no value leaves it
#   out.
# Output seen:
#   None: a web server on port 8787, answers with status 200
#   127.0.0.1:0: a web server on another port
# Date: 2026-12-01
# Why it matters to people with ECGs: archives of ECGs are screened with Dask on hospital machines,
#   where a program must be able to say which ports it opens.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "distributed==2026.8.0" "dask==2026.8.0"
cd "$folder"
cat >seen.py <<'PY'
import logging
import sys
import warnings
from http.client import HTTPConnection

from distributed import LocalCluster


def served(address):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=address,
            silence_logs=logging.CRITICAL,
        ) as cluster:
            port = cluster.scheduler.http_server.port
            asked = HTTPConnection("localhost", port, timeout=10)
            asked.request("GET", "/health")
            return port, asked.getresponse().status


if __name__ == "__main__":
    usual, status = served(None)
    other, _ = served("127.0.0.1:0")
    print(f"None: a web server on port {usual}, answers with status {status}")
    print(f"127.0.0.1:0: a web server on {'another port' if other != 8787 else 'port 8787'}")
    # Where 8787 is taken the package takes another: what matters is that there is one at all.
    sys.exit(0 if status == 200 and other != 8787 else 1)
PY
"$folder/venv/bin/python" seen.py
