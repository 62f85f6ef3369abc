"""Records run through bundles, several processes at a time; the scores the viewer shows."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.progress import Progress
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.run.analyser import Detector
from trainer.datasets.entries import Entry
from trainer.judging.baselines import PcaReconstruction, rate_score


@dataclass(frozen=True, slots=True)
class Answer:
    """What one bundle said of one record.

    ``parts`` are p-values by part of the score.
    """

    score: float
    raw_score: float
    p_value: float
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scored:
    """One record with its labels, its baselines and every bundle's answer.

    ``answers`` has the bundles' names as keys; a bundle that could not judge is in ``errors``.
    """

    entry: Entry
    duration_s: float
    amplitude_known: bool
    rate: float
    pca: float
    answers: Mapping[str, Answer]
    errors: Mapping[str, str]


@dataclass(slots=True)
class _Worker:
    """What a process keeps between records."""

    detectors: dict[str, Detector]
    pca: PcaReconstruction | None


_worker: _Worker | None = None


def _start(bundles: Sequence[Path], device: str, pca: PcaReconstruction | None) -> None:
    global _worker
    torch.set_num_threads(1)
    _worker = _Worker({path.stem: Detector(Bundle.load(path), device) for path in bundles}, pca)


def _score(entry: Entry) -> Scored:
    if _worker is None:
        raise RuntimeError("the worker was not started")
    return score_entry(entry, _worker.detectors, _worker.pca)


def score_entry(
    entry: Entry, detectors: Mapping[str, Detector], pca: PcaReconstruction | None
) -> Scored:
    """Return one record's scores; what goes wrong is told, not raised."""
    answers: dict[str, Answer] = {}
    errors: dict[str, str] = {}
    rate = linear = float("nan")
    try:
        recording = open_record(entry.ref)
    except EcgViewerError as error:
        errors = {name: str(error) for name in detectors}
        return Scored(entry, float("nan"), False, rate, linear, answers, errors)
    for name, detector in detectors.items():
        try:
            analysis = detector.analyze(recording)
        except EcgViewerError as error:
            errors[name] = str(error)
            continue
        answers[name] = Answer(
            analysis.score, analysis.raw_score, analysis.p_value, dict(analysis.parts)
        )
        if rate != rate:  # not yet measured (NaN)
            rate = rate_score(analysis.model_input_mv, analysis.map_fs_hz)
            if pca is not None and round(analysis.map_fs_hz) * 12 == pca.mean.size:
                linear = pca.score(analysis.model_input_mv, analysis.map_fs_hz)
    return Scored(entry, recording.duration_s, recording.units_known, rate, linear, answers, errors)


def score_entries(
    entries: Sequence[Entry],
    bundles: Sequence[Path],
    device: str,
    pca: PcaReconstruction | None,
    progress: Progress,
    jobs: int | None = None,
) -> list[Scored]:
    """Return every record's scores, in order.

    Parameters
    ----------
    bundles : sequence of Path
        Their stems name them in the results.
    jobs : int, optional
        Processes; as many as there are cores (on a GPU one) when omitted. 1 runs here.
    """
    count = jobs or (1 if device.startswith("cuda") else os.cpu_count() or 1)
    out: list[Scored] = []
    for scored in _scored(entries, bundles, device, pca, min(count, max(len(entries) // 8, 1))):
        out.append(scored)
        progress(len(out) / len(entries), f"scoring {scored.entry.name}")
    return out


def _scored(
    entries: Sequence[Entry],
    bundles: Sequence[Path],
    device: str,
    pca: PcaReconstruction | None,
    jobs: int,
) -> Iterator[Scored]:
    if jobs == 1:
        detectors = {path.stem: Detector(Bundle.load(path), device) for path in bundles}
        yield from (score_entry(entry, detectors, pca) for entry in entries)
        return
    with ProcessPoolExecutor(
        jobs, multiprocessing.get_context("spawn"), _start, (list(bundles), device, pca)
    ) as pool:
        yield from pool.map(_score, entries, chunksize=4)
