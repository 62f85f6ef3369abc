"""``evaluate``: every figure of the protocol, for any bundles on any labelled records.

Records a model may have been trained or calibrated on are not reported
(``trainer.judging.reported_records``).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.system.files import check_target, write_whole
from ecgviewer.io.file_access import starts_with
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.run.analyser import Detector
from trainer.datasets.copies import keep_copies_together
from trainer.datasets.entries import Entry, Index
from trainer.datasets.scan import scan
from trainer.datasets.used_records import UsedRecords
from trainer.fitting.config import Devices
from trainer.fitting.progress_bar import ProgressBar
from trainer.judging.baselines import fit_pca
from trainer.judging.localisation.localise import localise
from trainer.judging.protocol import Json, group_figures, localisation_figures, seed_spread
from trainer.judging.reported_records import left_out, listed_here, report_groups, tuning_entries
from trainer.judging.scored_records import Scored, score_entries
from trainer.judging.sites import leave_one_site_out


class EvaluationError(EcgViewerError):
    """There is nothing that could be evaluated."""


def evaluate(models: Sequence[Path], data: Sequence[Path], device: str) -> Json:
    """Return every figure as plain JSON values.

    Raises
    ------
    EcgViewerError
        When a bundle cannot be read, or no labelled record may be reported on or be judged.
    """
    bundles = {path.stem: Bundle.load(path) for path in models}
    if len(bundles) < len(models):
        raise EvaluationError("two bundles have the same file name")
    for path in models:
        bundles[path.stem].scorer()
    bar = ProgressBar()
    index = keep_copies_together(scan(data), bar)
    bar.close()
    print(index.describe(), file=sys.stderr)
    try:
        groups = _groups(index, bundles, bar)
        pca = fit_pca(index.entries, bar)
        tuning = tuning_entries(index)
        reported = [entry for group in groups.values() for entry in group]
        scored = score_entries([*tuning, *reported], models, device, pca, bar)
        tuned, rest = scored[: len(tuning)], iter(scored[len(tuning) :])
        of_groups = {name: [next(rest) for _ in group] for name, group in groups.items()}
        bar.close()
        told = _not_judged(scored, of_groups, list(bundles))
        _tell(told)
        figures = [
            group_figures(name, members, bundles, tuned)
            for name, members in of_groups.items()
            if any(s.answers for s in members)
        ]
        if not figures:
            raise EvaluationError(f"no record here can be judged ({told[0]})")
        lesions = {
            name: localisation_figures(localise(reported, Detector(bundle, device), bar))
            for name, bundle in bundles.items()
        }
    finally:
        bar.close()
    return {
        "models": {name: _about(bundle) for name, bundle in bundles.items()},
        "groups": figures,
        "localisation": lesions,
        "seeds": seed_spread(bundles, figures),
    }


def _groups(
    index: Index, bundles: Mapping[str, Bundle], bar: ProgressBar
) -> dict[str, list[Entry]]:
    """Return the records to report on, by group, and tell which others there are."""
    seen = UsedRecords.by(bundles.values())
    listed = listed_here(index, seen, bar)
    bar.close()
    groups = report_groups(index, seen.sources, listed)
    _tell(left_out(index, seen.sources, listed))
    if not groups:
        raise EvaluationError("no labelled record here may be reported on (see the splits)")
    return groups


def _tell(lines: Sequence[str]) -> None:
    for line in lines:
        print(line, file=sys.stderr)


def _not_judged(
    scored: Sequence[Scored], groups: Mapping[str, Sequence[Scored]], models: Sequence[str]
) -> list[str]:
    """Return lines that name the records that were not judged, and groups without any."""
    lines = []
    for s in scored:
        by_reason: dict[str, list[str]] = {}
        for model, reason in s.errors.items():
            by_reason.setdefault(reason, []).append(model)
        for reason, by in by_reason.items():
            by_whom = "" if len(by) == len(models) else f" by {', '.join(by)}"
            lines.append(f"not judged{by_whom}: {s.entry.name}: {reason}")
    for name, members in groups.items():
        lines += [
            f"{name}: left out for {model}, which can judge none of its {len(members)} records"
            for model in models
            if not any(model in s.answers for s in members)
        ]
    return lines


def _about(bundle: Bundle) -> Json:
    training = bundle.training
    return {
        "architecture": bundle.architecture,
        "sha256": bundle.sha256,
        "thresholds": bundle.thresholds,
        "parameters": int(sum(np.prod(t.shape) for t in bundle.network_tensors.values())),
    } | {key: training[key] for key in ("seconds", "hardware", "n_train", "n_train_records")
        if key in training} | {
        "seed": training.get("config", {}).get("seed")
    }  # fmt: skip


def run(
    models: Sequence[Path],
    data: Sequence[Path],
    out: Path | None,
    device: str,
    into_cards: bool = False,
) -> int:
    """Carry out ``trainer evaluate``; return the exit status.

    With ``out``, Markdown, JSON and pictures are written beside each other under its stem, in place
    of those of an earlier report; without, the Markdown goes to standard output. ``into_cards``
    writes the figures into the bundles.
    """
    from trainer.judging.figures import draw
    from trainer.judging.report import markdown, with_figures

    if out is not None and out.suffix not in (".md", ".json"):
        raise EvaluationError("the report's name ends in .md or .json", out)
    for path in (*(report_files(out) if out is not None else ()), *(models if into_cards else ())):
        check_target(path)
    if out is not None:
        check_report(out)
    result = evaluate(models, data, device)
    if into_cards:
        for path in models:
            saved = with_figures(Bundle.load(path), result, path.stem).save(path)
            result["models"][path.stem]["sha256"] = saved.sha256
    if out is None:
        print(markdown(result, {}))
        return 0
    text, figures, *_ = report_files(out)
    pictures = draw(result, out.with_suffix(""))
    write_whole(figures, json.dumps(_plain(result), indent=1).encode())
    write_whole(text, markdown(result, pictures).encode())
    print(f"wrote {text}, {figures} and {len(pictures)} pictures")
    return 0


def report_files(out: Path) -> tuple[Path, ...]:
    """Return what a report consists of: the text, the figures, and the pictures."""
    from trainer.judging.figures import files

    stem = out.with_suffix("")
    return out.with_suffix(".md"), out.with_suffix(".json"), *files(stem).values()


def check_report(out: Path) -> None:
    """See that a report replaces nothing but an earlier one.

    Raises
    ------
    EvaluationError
        Naming the file that is none, or pictures without their report.
    """
    from trainer.judging.report import TITLE

    text, figures, *pictures = report_files(out)
    begins = {text: f"{TITLE}\n".encode(), figures: b'{\n "models": {'}
    there = [path for path in begins if path.exists()]
    alone = [] if there else [path for path in pictures if path.exists()]
    for path in (*(p for p in there if starts_with(p, len(begins[p])) != begins[p]), *alone):
        raise EvaluationError("this file is no earlier report and is left alone: choose another "
                              "name", path)  # fmt: skip


def _plain(value: Any) -> Any:
    """Return JSON values; what is not a number becomes null."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float | np.floating):
        return round(float(value), 5) if np.isfinite(value) else None
    return value


def run_sites(models: Sequence[Path], data: Sequence[Path], out: Path | None, device: str) -> int:
    """Carry out ``trainer evaluate --leave-one-site-out``; return the exit status.

    Raises
    ------
    EcgViewerError
        When a bundle or a data set cannot be used, or the table cannot be written.
    """
    if out is not None:
        check_target(out)
    bar = ProgressBar()
    try:
        index = keep_copies_together(scan(data), bar)
        text = "\n".join(
            leave_one_site_out(model, index, device, Devices(), bar) for model in models
        )
    finally:
        bar.close()
    print(text)
    if out is not None:
        write_whole(out, text.encode())
    return 0
