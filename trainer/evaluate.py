"""``evaluate``: every figure of the protocol, for any bundles on any labelled records.

Records a model may have been trained or calibrated on are not reported: of data with official
folds only fold 10 is, of data named in the bundle's training only the report split. Thresholds
come from the bundles (normals only) and, for the rules that need labels, from fold 9.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.files import check_target, write_whole
from ecgviewer.models.bundle import Bundle
from ecgviewer.models.detector import Detector
from ecgviewer.models.detectors import PARTS
from ecgviewer.models.scoring import fuse
from trainer import metrics
from trainer.baselines import fit_pca
from trainer.data import Entry, Index, scan
from trainer.localise import Localisation, localise
from trainer.progress_bar import ProgressBar
from trainer.scored import Answer, Scored, score_entries

DoubleArray = npt.NDArray[np.float64]
Json = dict[str, Any]

SPECIFICITIES = ("0.90", "0.95", "0.99")
MIN_CLASS = 3
"""Classes with fewer records get no figure of their own."""


class EvaluationError(EcgViewerError):
    """There is nothing that could be evaluated."""


def report_groups(index: Index, trained_on: frozenset[str]) -> dict[str, list[Entry]]:
    """Return the labelled records to report on, by group.

    Parameters
    ----------
    trained_on : frozenset of str
        Sources the bundles saw in training; of these only the report split counts.
    """
    groups: dict[str, list[Entry]] = {}
    for dataset in index.datasets:
        for entry in dataset.entries:
            if entry.normal is None:
                continue
            if entry.fold is not None:
                if entry.split == "report":
                    groups.setdefault(f"{entry.source} fold 10", []).append(entry)
            elif entry.source not in trained_on or entry.split == "report":
                groups.setdefault(dataset.root.stem, []).append(entry)
    return groups


def tuning_entries(index: Index) -> list[Entry]:
    """Return labelled records of the calibration fold, for the threshold rules that need labels."""
    return [
        e
        for e in index.entries
        if e.fold is not None and e.split == "calibrate" and e.normal is not None
    ]


def measured(labels: DoubleArray, scores: DoubleArray) -> Json:
    """Return AUROC and AUPRC with their 95 % bootstrap intervals."""
    return {
        "auroc": metrics.auroc(labels, scores),
        "auroc_ci": metrics.bootstrap_interval(labels, scores, metrics.auroc),
        "auprc": metrics.average_precision(labels, scores),
        "auprc_ci": metrics.bootstrap_interval(labels, scores, metrics.average_precision),
    }


def _labels(scored: Sequence[Scored]) -> DoubleArray:
    return np.array([0.0 if s.entry.normal else 1.0 for s in scored])


def _of(scored: Sequence[Scored], name: str) -> tuple[list[Scored], list[Answer]]:
    """Return the records that a bundle could judge, and its answers."""
    kept = [s for s in scored if name in s.answers]
    return kept, [s.answers[name] for s in kept]


def log_parts(answers: Sequence[Answer]) -> DoubleArray:
    """Return ``-log10 p`` [n, parts]; 0 where a part could not judge."""
    return np.array(
        [[-np.log10(max(a.parts.get(part, 1.0), 1e-12)) for part in PARTS] for a in answers]
    )


def model_figures(
    scored: Sequence[Scored], name: str, bundle: Bundle, tuning: Sequence[Scored]
) -> Json:
    """Return the figures of one bundle on one group."""
    kept, answers = _of(scored, name)
    labels = _labels(kept)
    scores = np.array([a.score for a in answers])
    raw = np.array([a.raw_score for a in answers])
    parts = log_parts(answers)
    normal = labels == 0
    clean = np.array([s.entry.clean for s in kept], dtype=bool)
    out: Json = {
        "n": len(kept),
        "not_judged": len(scored) - len(kept),
        "calibrated": measured(labels, scores),
        "raw": measured(labels, raw),
        "auroc_against_clean_normals": metrics.auroc(
            labels[clean | ~normal], scores[clean | ~normal]
        ),
        "operating": {},
        "parts_alone": {p: metrics.auroc(labels, parts[:, k]) for k, p in enumerate(PARTS)},
        "all_parts": metrics.auroc(labels, fuse(parts)),
        "without_part": {
            p: metrics.auroc(labels, fuse(np.delete(parts, k, axis=1))) for k, p in enumerate(PARTS)
        },
        "classes": _classes(kept, scores, normal),
        "labels": labels.astype(int).tolist(),
        "scores": scores.tolist(),
        "raw_scores": raw.tolist(),
        "p_values": [a.p_value for a in answers],
    }
    for specificity in SPECIFICITIES:
        rates = metrics.at_threshold(
            labels, scores, bundle.scorer().record_reference.threshold(float(specificity))
        )
        alarms = int((scores[normal] >= rates.threshold).sum())
        out["operating"][specificity] = asdict(rates) | {
            "false_alarms": alarms / max(int(normal.sum()), 1),
            "false_alarms_ci": metrics.wilson_interval(alarms, int(normal.sum())),
        }
    out["rules"] = _rules(labels, scores, bundle, name, tuning)
    return out


def _classes(kept: Sequence[Scored], scores: DoubleArray, normal: npt.NDArray[np.bool_]) -> Json:
    """Return AUROC of each class against all normals of the group."""
    names = sorted({c for s in kept if not s.entry.normal for c in s.entry.classes})
    out: Json = {}
    for name in names:
        has = np.array([name in s.entry.classes and not s.entry.normal for s in kept])
        if has.sum() >= MIN_CLASS and normal.any():
            both = has | normal
            out[name] = {"n": int(has.sum()), "auroc": metrics.auroc(has[both], scores[both])}
    return out


def _rules(
    labels: DoubleArray, scores: DoubleArray, bundle: Bundle, name: str, tuning: Sequence[Scored]
) -> Json:
    """Return the rates at the threshold of each of the paper's four rules."""
    normals = bundle.scorer().record_reference.scores
    thresholds = {
        "95th percentile": metrics.percentile_threshold(normals),
        "peaks over threshold": metrics.peaks_over_threshold(normals),
    }
    kept, answers = _of(tuning, name)
    known = _labels(kept)
    if known.size and 0 < known.sum() < known.size:
        found = np.array([a.score for a in answers])
        thresholds["best F1"] = metrics.best_f1_threshold(known, found)
        thresholds["Youden's J"] = metrics.youden_threshold(known, found)
    return {
        rule: asdict(metrics.at_threshold(labels, scores, level))
        for rule, level in thresholds.items()
    }


def group_figures(
    name: str,
    scored: Sequence[Scored],
    bundles: Mapping[str, Bundle],
    tuning: Sequence[Scored],
) -> Json:
    """Return the figures of the baselines, and of every bundle that could judge any, on a group."""
    labels = _labels(scored)
    lengths = np.array([s.duration_s for s in scored])
    return {
        "name": name,
        "n": len(scored),
        "normal": int((labels == 0).sum()),
        "clean_normal": sum(s.entry.clean for s in scored),
        "abnormal": int(labels.sum()),
        "prevalence": float(labels.mean()) if len(scored) else float("nan"),
        "baselines": {
            "length": measured(labels, lengths),
            "heart rate": measured(labels, np.array([s.rate for s in scored])),
            "PCA reconstruction": measured(labels, np.array([s.pca for s in scored])),
        },
        "models": {
            model: model_figures(scored, model, bundle, tuning)
            for model, bundle in bundles.items()
            if any(model in s.answers for s in scored)
        },
        "errors": {s.entry.name: dict(s.errors) for s in scored if s.errors},
    }


def localisation_figures(found: Sequence[Localisation]) -> Json:
    """Return the means per kind of lesion, and over the kinds.

    Lesions that the quality check masked altogether (strong artefacts) have no map; their share
    is told, and they are left out of the rest.
    """
    table: Json = {}
    for kind in dict.fromkeys(f.kind for f in found):
        every = [f for f in found if f.kind == kind]
        rows = [f for f in every if not f.masked]
        table[kind] = {
            "n": len(every),
            "masked": 1.0 - len(rows) / len(every),
            "point_auroc": _mean([r.point_auroc for r in rows]),
            "dice": _mean([r.dice for r in rows]),
            "flagged": _mean([r.flagged for r in rows]),
            "top_hits": _mean([r.hit for r in rows]),
        }
    if table:
        table["all"] = {
            key: _mean([row[key] for row in table.values()])
            for key in ("masked", "point_auroc", "dice", "flagged", "top_hits")
        } | {"n": len(found)}
    return table


def _mean(values: Sequence[float]) -> float:
    finite = [v for v in values if np.isfinite(v)]
    return float(np.mean(finite)) if finite else float("nan")


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
    index = scan(data)
    print(index.describe(), file=sys.stderr)
    trained_on = frozenset(
        source for bundle in bundles.values() for source in bundle.training.get("sources", ())
    )
    groups = report_groups(index, trained_on)
    if not groups:
        raise EvaluationError("no labelled record here may be reported on (see the splits)")
    bar = ProgressBar()
    try:
        pca = fit_pca(index.entries, bar)
        tuning = tuning_entries(index)
        entries = [*tuning, *(e for group in groups.values() for e in group)]
        scored = score_entries(entries, models, device, pca, bar)
        tuned, rest = scored[: len(tuning)], iter(scored[len(tuning) :])
        of_groups = {name: [next(rest) for _ in group] for name, group in groups.items()}
        bar.close()
        told = _not_judged(scored, of_groups, list(bundles))
        print(*told, sep="\n", end="\n" if told else "", file=sys.stderr)
        figures = [
            group_figures(name, members, bundles, tuned)
            for name, members in of_groups.items()
            if any(s.answers for s in members)
        ]
        if not figures:
            raise EvaluationError(f"no record here can be judged ({told[0]})")
        lesions = {
            name: localisation_figures(localise(index.entries, Detector(bundle, device), bar))
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
    } | {key: training[key] for key in ("seconds", "hardware", "n_train") if key in training} | {
        "seed": training.get("config", {}).get("seed")
    }  # fmt: skip


def seed_spread(bundles: Mapping[str, Bundle], figures: Sequence[Json]) -> Json:
    """Return both AUROCs over the bundles of one architecture, where there are several."""
    out: Json = {}
    for architecture in dict.fromkeys(b.architecture for b in bundles.values()):
        names = [n for n, b in bundles.items() if b.architecture == architecture]
        if len(names) < 2:
            continue
        out[architecture] = {}
        for group in figures:
            if not set(names) <= set(group["models"]):
                continue
            out[architecture][group["name"]] = {
                kind: {
                    "auroc": values,
                    "mean": float(np.mean(values)),
                    "spread": float(np.max(values) - np.min(values)),
                }
                for kind in ("calibrated", "raw")
                for values in [[group["models"][n][kind]["auroc"] for n in names]]
            }
    return out


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
    from trainer.figures import draw
    from trainer.report import markdown, with_figures

    if out is not None and out.suffix not in (".md", ".json"):
        raise EvaluationError("the report's name ends in .md or .json", out)
    for path in (*(report_files(out) if out is not None else ()), *(models if into_cards else ())):
        check_target(path)
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
    from trainer.figures import files

    stem = out.with_suffix("")
    return out.with_suffix(".md"), out.with_suffix(".json"), *files(stem).values()


def _plain(value: Any) -> Any:
    """Return JSON values; what is not a number becomes null."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float | np.floating):
        return round(float(value), 5) if np.isfinite(value) else None
    return value
