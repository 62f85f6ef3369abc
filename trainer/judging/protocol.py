"""What the protocol asks of scored records: every figure of a group, of lesions, of seeds.

Thresholds come from the bundles (normals only) and, for the rules that need labels, from the
records of the calibration fold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.bundle.thresholds import thresholds_of
from ecgviewer.models.score.fusion import fuse
from ecgviewer.models.score.parts import PARTS
from trainer.judging import metrics
from trainer.judging.localisation.localise import Localisation
from trainer.judging.scored_records import Answer, Scored

DoubleArray = npt.NDArray[np.float64]
Json = dict[str, Any]

MIN_CLASS = 3
"""Classes with fewer records get no figure of their own."""


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
    for specificity, level in thresholds_of(bundle.scorer().record_reference).items():
        rates = metrics.at_threshold(labels, scores, level)
        alarms = int((scores[normal] >= rates.threshold).sum())
        out["operating"][specificity] = asdict(rates) | {
            "false_alarms": alarms / int(normal.sum()) if normal.any() else float("nan"),
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
    """Return the means per kind of lesion, over the kinds of each generator, and over all.

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
    over = {f"all {name}": name for name in dict.fromkeys(f.generator for f in found)}
    groups = {title: [f for f in found if f.generator == name] for title, name in over.items()}
    if found:
        groups["all"] = list(found)
    return table | {
        title: {
            key: _mean([table[kind][key] for kind in dict.fromkeys(f.kind for f in some)])
            for key in ("masked", "point_auroc", "dice", "flagged", "top_hits")
        }
        | {"n": len(some)}
        for title, some in groups.items()
    }


def _mean(values: Sequence[float]) -> float:
    finite = [v for v in values if np.isfinite(v)]
    return float(np.mean(finite)) if finite else float("nan")


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
