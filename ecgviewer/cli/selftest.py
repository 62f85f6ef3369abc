"""``ecgviewer selftest``: is this installation whole? Shipped samples through every model."""

from __future__ import annotations

import argparse
import importlib
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from ecgviewer.core.analysis import Analysis, FloatArray
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.system.qt_libraries import check_qt_libraries, has_display
from ecgviewer.core.system.resources import resource_dir
from ecgviewer.io import find_records, open_record
from ecgviewer.models.bundle.bundle import Bundle, shipped_bundle
from ecgviewer.models.networks.architectures import architecture, model_ids
from ecgviewer.models.run.analyser import Detector

log = logging.getLogger(__name__)

NORMAL, ABNORMAL = "00010_hr", "00338_hr"
"""Shipped samples: sinus rhythm, and a left bundle branch block that no model can miss."""


class CheckError(Exception):
    """A check that came out wrong; says how."""


def run(arguments: argparse.Namespace) -> int:
    """Run every check, one line each; return 0 when all hold, 1 otherwise."""
    failures = 0
    detectors: dict[str, Detector] = {}
    checks: list[tuple[str, Callable[[], str]]] = [("samples", _samples_open)]
    for model in model_ids():
        checks.append((f"{model} bundle", partial(_load, model, detectors)))
        checks.append((f"{model} analysis", partial(_compare, model, detectors)))
    checks.append(("window libraries", _qt_imports))
    for name, check in checks:
        started = time.perf_counter()
        try:
            found = check()
        except Exception as error:
            failures += 1
            if not isinstance(error, CheckError | EcgViewerError):
                log.exception("selftest: %s", name)
            print(f"FAILED  {name}: {error}", flush=True)
        else:
            print(f"ok      {name}: {found} ({time.perf_counter() - started:.1f} s)", flush=True)
    print("OK" if failures == 0 else f"{failures} of {len(checks)} checks failed", flush=True)
    return 0 if failures == 0 else 1


def _samples() -> Path:
    return resource_dir() / "samples"


def _samples_open() -> str:
    seconds = 0.0
    count = 0
    for item in find_records(_samples()):
        if not isinstance(item, RecordRef):
            raise CheckError(f"{item.path.name}: {item.error.reason}")
        recording = open_record(item)
        if not np.isfinite(recording.read(0.0, 1.0)).any():
            raise CheckError(f"{recording.name} has no samples")
        seconds += recording.duration_s
        count += 1
        recording.source.close()
    if count == 0:
        raise CheckError("none found")
    return f"{count} records, {seconds:.0f} s"


def _load(model: str, detectors: dict[str, Detector]) -> str:
    bundle = Bundle.load(shipped_bundle(model))
    if bundle.architecture != model:
        raise CheckError(f"holds a {bundle.architecture}")
    detectors[model] = Detector(bundle, "cpu")
    return f"checksum {bundle.sha256[:12]} holds"


def _compare(model: str, detectors: dict[str, Detector]) -> str:
    detector = detectors.get(model)
    if detector is None:
        raise CheckError("not run without its bundle")
    normal, abnormal = (_analysis(detector, name) for name in (NORMAL, ABNORMAL))
    if not abnormal.score > normal.score:
        raise CheckError(
            f"the abnormal sample scores {abnormal.score:.2f}, the normal one {normal.score:.2f}"
        )
    return f"normal {normal.score:.2f} < abnormal {abnormal.score:.2f}"


def _analysis(detector: Detector, name: str) -> Analysis:
    recording = open_record(RecordRef(_samples() / f"{name}.hea"))
    analysis = detector.analyze(recording)
    recording.source.close()
    for what in ("score", "raw_score", "p_value"):
        if not np.isfinite(getattr(analysis, what)):
            raise CheckError(f"the {what} of {name} is no number")
    maps: dict[str, FloatArray | None] = {
        "score map": analysis.score_map,
        "reconstruction": analysis.reconstruction_mv,
    }
    if explanation := architecture(analysis.model).explanation:
        maps[explanation] = getattr(analysis, explanation)
    for what, values in maps.items():
        if values is None or not np.isfinite(values).all():
            raise CheckError(f"the {what} of {name} is incomplete")
        if float(np.ptp(values)) <= 1e-3:
            raise CheckError(f"the {what} of {name} does not vary")
    return analysis


def _qt_imports() -> str:
    check_qt_libraries(on_screen=has_display())
    version = importlib.import_module("PySide6").__version__
    importlib.import_module("ecgviewer.app.main")
    return f"PySide6 {version}"
