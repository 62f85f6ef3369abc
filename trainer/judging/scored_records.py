"""Records run through bundles, several processes at a time; the scores the viewer shows."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from ecgviewer.core.child.messages import Body, ref_from_json, ref_to_json
from ecgviewer.core.child.pool import Crash, DoTasks, PoolWork, WorkerPool, serve_tasks
from ecgviewer.core.child.serving import Channel
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.progress import Progress
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.run.analyser import Detector
from trainer.datasets.entries import Entry
from trainer.judging.baselines import PcaReconstruction, rate_score

SERVED_BY = __name__
"""The module of the processes."""
TOGETHER = 4
"""Records that a process gets at a time."""


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


def _score(
    ref: RecordRef, detectors: Mapping[str, Detector], pca: PcaReconstruction | None
) -> Body:
    """Return one record's scores as JSON values; what goes wrong is told, not raised."""
    answers: dict[str, Body] = {}
    errors: dict[str, str] = {}
    rate = linear = math.nan
    try:
        recording = open_record(ref)
    except EcgViewerError as error:
        return _unscored({name: str(error) for name in detectors})
    for name, detector in detectors.items():
        try:
            analysis = detector.analyze(recording)
        except EcgViewerError as error:
            errors[name] = str(error)
            continue
        answer = Answer(analysis.score, analysis.raw_score, analysis.p_value, dict(analysis.parts))
        answers[name] = asdict(answer)
        if math.isnan(rate):
            rate = rate_score(analysis.model_input_mv, analysis.map_fs_hz)
            if pca is not None and round(analysis.map_fs_hz) * 12 == pca.mean.size:
                linear = pca.score(analysis.model_input_mv, analysis.map_fs_hz)
    return {
        "duration_s": recording.duration_s,
        "amplitude_known": recording.units_known,
        "rate": rate,
        "pca": linear,
        "answers": answers,
        "errors": errors,
    }


def _unscored(errors: Mapping[str, str]) -> Body:
    return {
        "duration_s": math.nan,
        "amplitude_known": False,
        "rate": math.nan,
        "pca": math.nan,
        "answers": {},
        "errors": dict(errors),
    }


def _scored(entry: Entry, values: Body) -> Scored:
    answers = {name: Answer(**answer) for name, answer in values["answers"].items()}
    return Scored(entry, **values | {"answers": answers})


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
    for entry, values in _scores(entries, bundles, device, pca, min(count, len(entries) // 8)):
        out.append(_scored(entry, values))
        progress(len(out) / len(entries), f"scoring {entry.name}")
    return out


def _scores(
    entries: Sequence[Entry],
    bundles: Sequence[Path],
    device: str,
    pca: PcaReconstruction | None,
    jobs: int,
) -> Iterator[tuple[Entry, Body]]:
    if jobs <= 1:
        detectors = _load(bundles, device)
        yield from ((entry, _score(entry.ref, detectors, pca)) for entry in entries)
        return
    setup = {
        "bundles": [str(path) for path in bundles],
        "device": device,
        "pca": None if pca is None else pca.to_json(),
    }
    work: PoolWork[Entry, Body] = PoolWork(
        SERVED_BY, setup, lambda entry: ref_to_json(entry.ref), lambda values: values
    )
    pool = WorkerPool(work, jobs, lambda entry, fraction: None, TOGETHER)
    for entry, result in pool.run(entries):
        if isinstance(result, Crash):
            result = _unscored({path.stem: result.text() for path in bundles})
        yield entry, result


def _load(bundles: Iterable[Path], device: str) -> dict[str, Detector]:
    return {path.stem: Detector(Bundle.load(path), device) for path in bundles}


def serve(channel: Channel) -> None:
    """Be a process that scores records."""
    torch.set_num_threads(1)  # the other cores are the siblings'
    serve_tasks(channel, _start)


def _start(setup: Body) -> DoTasks:
    detectors = _load(map(Path, setup["bundles"]), setup["device"])
    pca = None if setup["pca"] is None else PcaReconstruction.from_json(setup["pca"])
    return lambda refs, _: [_score(ref_from_json(ref), detectors, pca) for ref in refs]
