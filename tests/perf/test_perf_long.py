"""Half an hour of recording: how many times real time, where the time goes, and flat memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle, shipped_bundle
from ecgviewer.models.run.analyser import Detector, long_run_threads
from ecgviewer.models.run.runner import batched, evidence
from ecgviewer.models.run.windows import LeadPlan, plan_chunks, prepare_chunk
from tests.generators import write_long_wfdb

BUDGET = 600.0
HOURS = 0.5
STAGE_PIECES = 3
GROWTH_MB = 150.0
"""Memory after the whole run over memory after a quarter of it: allocators breathe."""


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    header = write_long_wfdb(tmp_path_factory.mktemp("hour"), hours=HOURS)
    recording = open_record(RecordRef(header))
    yield recording
    recording.source.close()
    header.with_suffix(".dat").unlink()


@pytest.fixture(autouse=True)
def one_thread_per_piece() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def own_memory_mb() -> float:
    """Return this process's memory without mapped files, which the system takes back at will."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("memory is read from /proc")
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) / 1024


def spent_ms(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return 1e3 * (time.process_time() - start)


def stages(detector: Detector, recording: Recording) -> dict[str, float]:
    """Return the processor time per 10-s window of each stage, alone (least of some pieces)."""
    spec, windowing = detector.bundle.preprocessing, detector.bundle.windowing
    leads = LeadPlan.of(recording)
    found: dict[str, list[float]] = {"prepare": [], "network": [], "score": []}
    for spans in plan_chunks(recording, spec, windowing)[: STAGE_PIECES + 1]:
        windows, outputs = [], []
        prepare = spent_ms(
            lambda: windows.extend(prepare_chunk(recording, spec, leads, spans))  # noqa: B023
        )
        network = spent_ms(
            lambda: [
                outputs.extend(detector._runner.infer(group))  # noqa: B023
                for group in batched(windows, detector._runner.batch_size)  # noqa: B023
            ]
        )
        score = spent_ms(
            lambda: [
                detector.scorer.score(evidence(w, o, spec.fs_hz, True))
                for w, o in zip(windows, outputs, strict=True)  # noqa: B023
            ]
        )
        for name, value in zip(found, (prepare, network, score), strict=True):
            found[name].append(value / len(windows))
    return {name: min(values[1:]) for name, values in found.items()}


@pytest.mark.perf
@pytest.mark.parametrize("model", ["cae", "vae-bilstm", "vae-bilstm-mha"])
def test_half_an_hour(hour: Recording, model: str) -> None:
    detector = Detector(Bundle.load(shipped_bundle(model)), "cpu")
    alone = stages(detector, hour)
    memory: list[tuple[float, float]] = []
    wall, cpu = time.perf_counter(), time.process_time()
    analysis = detector.analyze(
        hour,
        progress=lambda fraction, _: memory.append((fraction, own_memory_mb())),
        on_partial=lambda _: None,
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    quarter = next(used for fraction, used in memory if fraction >= 0.25)
    growth = memory[-1][1] - quarter
    real_time = 3600.0 * HOURS
    total = sum(alone.values())
    shares = ", ".join(f"{name} {ms:.1f} ms ({ms / total:.0%})" for name, ms in alone.items())
    print(
        f"\n{model}: {real_time / wall:.0f} x real time on the wall clock, "
        f"{real_time / cpu:.0f} x per core's processor time, "
        f"{long_run_threads()} pieces at a time (budget {BUDGET:.0f} on two idle cores)"
        f"\n  per 10-s window, each stage alone: {shares}; together {total:.1f} ms"
        f"\n  memory at a quarter {quarter:.0f} MB, at the end {memory[-1][1]:.0f} MB"
    )
    assert len(analysis.windows) == 360 * HOURS
    assert np.isfinite(analysis.score)
    assert growth <= GROWTH_MB
    # Processor time is what we cause; the wall clock also shows what else the machine does.
    assert real_time / cpu > BUDGET / 6
