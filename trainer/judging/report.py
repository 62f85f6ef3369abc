"""An evaluation in words and tables: Markdown for the report, and for a bundle's card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.bundle.card import SHIPPED_NOTE, number, percent, table, with_interval
from ecgviewer.models.networks.architectures import architecture

Json = Mapping[str, Any]

TITLE = "# Evaluation"
LESION_FIGURES = ("point_auroc", "dice", "flagged", "top_hits")


def _with_interval(figures: Json, key: str) -> str:
    return with_interval(figures[key], figures[f"{key}_ci"])


def _percent_interval(interval: Sequence[float]) -> str:
    low, high = interval
    return "" if low != low else f" ({100 * low:.0f}–{100 * high:.0f})"


def headline(result: Json) -> str:
    """Return one row per group and model: raw and calibrated, recall and false alarms."""
    rows = []
    for group in result["groups"]:
        for name, m in group["models"].items():
            rates = m["operating"]["0.95"]
            rows.append([
                f"{group['name']} ({group['normal']} / {group['abnormal']})",
                name,
                _with_interval(m["raw"], "auroc"),
                _with_interval(m["calibrated"], "auroc"),
                f"{_with_interval(m['calibrated'], 'auprc')} at {group['prevalence']:.2f}",
                percent(rates["recall"]),
                percent(rates["false_alarms"]),
            ])  # fmt: skip
    header = ["records (normal / not)", "model", "raw AUROC (95 %)", "calibrated AUROC (95 %)",
              "AUPRC (95 %) at prevalence", "recall", "false alarms"]  # fmt: skip
    return f"{table(header, rows)}\n\n{SHIPPED_NOTE}"


def _group(group: Json, result: Json) -> str:
    out = [
        f"## {group['name']}",
        f"{group['n']} records: {group['normal']} normal by their labels ({group['clean_normal']} "
        f"of them without any other statement), {group['abnormal']} not; prevalence "
        f"{group['prevalence']:.3f}.",
    ]
    if group["errors"]:
        out.append(f"Not judged by every model: {', '.join(sorted(group['errors'])[:10])}.")
    if not (group["normal"] and group["abnormal"]):
        out.append("Only one class is present: no AUROC.")
        return "\n\n".join(out)
    rows = [
        [name, _with_interval(b, "auroc"), _with_interval(b, "auprc")]
        for name, b in group["baselines"].items()
    ]
    for name, m in group["models"].items():
        against = number(m["auroc_against_clean_normals"])
        rows.append([f"{name}, raw", _with_interval(m["raw"], "auroc"),
                     _with_interval(m["raw"], "auprc")])  # fmt: skip
        rows.append([f"**{name}, calibrated** (clean normals: {against})",
                     _with_interval(m["calibrated"], "auroc"),
                     _with_interval(m["calibrated"], "auprc")])  # fmt: skip
        if group["name"].rpartition("/")[2].lower().startswith("cpsc"):
            paper = architecture(result["models"][name]["architecture"]).published
            if paper is not None:
                rows.append([f"{name}, as published (another subset, prevalence 0.5)",
                             f"{paper[0]:.2f}", f"{paper[1]:.2f}"])  # fmt: skip
    out.append(table(["score", "AUROC (95 %)", "AUPRC (95 %)"], rows))
    rows = []
    for name, m in group["models"].items():
        for specificity, r in m["operating"].items():
            rows.append([
                name, f"{float(specificity):.0%} of normals", number(r["threshold"], 2),
                percent(r["recall"]), percent(r["precision"]), number(r["f1"]),
                percent(r["false_alarms"]) + _percent_interval(r["false_alarms_ci"]),
            ])  # fmt: skip
        for rule, r in m["rules"].items():
            rows.append([
                name, rule, number(r["threshold"], 2), percent(r["recall"]),
                percent(r["precision"]), number(r["f1"]), percent(1 - r["specificity"]),
            ])  # fmt: skip
    out.append(table(
        ["model", "threshold by", "score", "recall", "precision", "F1", "false alarms (95 %)"], rows
    ))  # fmt: skip
    names = list(group["models"])
    classes = sorted({c for m in group["models"].values() for c in m["classes"]})
    if classes:
        out.append("AUROC of each class against the group's normals (classes overlap):")
        rows = [
            [c, str(max(m["classes"][c]["n"] for m in group["models"].values()))]
            + [number(group["models"][n]["classes"].get(c, {}).get("auroc")) for n in names]
            for c in classes
            if all(c in m["classes"] for m in group["models"].values())
        ]
        out.append(table(["class", "n", *names], rows))
    return "\n\n".join(out)


def ablation(result: Json) -> str:
    """Return what each part of the score reaches alone, and what is left without it."""
    out = []
    for group in result["groups"]:
        if not (group["normal"] and group["abnormal"]):
            continue
        rows = []
        for name, m in group["models"].items():
            parts = list(m["parts_alone"])
            rows.append([name, "alone", *(number(m["parts_alone"][p]) for p in parts),
                         number(m["all_parts"])])  # fmt: skip
            rows.append([name, "all without", *(number(m["without_part"][p]) for p in parts), ""])
        out.append(f"**{group['name']}**\n\n" + table(["model", "", *parts, "all"], rows))
    return "\n\n".join(out)


def _localisation(result: Json) -> str:
    rows = []
    for name, kinds in result["localisation"].items():
        for kind, r in kinds.items():
            rows.append([
                name, kind.replace("_", " "), str(r["n"]), number(r["point_auroc"]),
                number(r["dice"], 2), percent(r["masked"]),
                percent(r["flagged"]), percent(r["top_hits"]),
            ])  # fmt: skip
    if not rows:
        return "No normal record here can carry a lesion (12 leads in mV, not trained on)."
    return table(
        [
            "model",
            "lesion",
            "n",
            "point AUROC",
            "Dice",
            "masked by quality check",
            "flagged",
            "top flag hits",
        ],
        rows,
    )


def _seeds(result: Json) -> str:
    rows = [
        [architecture, group]
        + [
            text
            for kind in ("calibrated", "raw")
            for text in (
                ", ".join(number(v) for v in r[kind]["auroc"]),
                number(r[kind]["spread"]),
            )
        ]
        for architecture, groups in result["seeds"].items()
        for group, r in groups.items()
    ]
    by_seed = [f"{kind} AUROC by seed" for kind in ("calibrated", "raw")]
    header = ["model", "records", by_seed[0], "spread", by_seed[1], "spread"]
    return table(header, rows)


def _training_normals(about: Json) -> str:
    """Return how many normal records a bundle was trained on.

    Older bundles know the number of their windows only, one per record of ten seconds.
    """
    return str(about.get("n_train_records", about.get("n_train", "–")))


def markdown(result: Json, pictures: Mapping[str, Path]) -> str:
    """Return the whole report; pictures are linked by file name."""
    models = [
        [name, about["architecture"], f"{about['parameters']:,}", _training_normals(about),
         f"{about['seconds'] / 60:.1f} min" if "seconds" in about else "–",
         str(about.get("hardware", "–")), about["sha256"][:12]]
        for name, about in result["models"].items()
    ]  # fmt: skip
    out = [
        TITLE,
        table(
            [
                "bundle",
                "architecture",
                "parameters",
                "training normals",
                "training time",
                "hardware",
                "SHA-256",
            ],
            models,
        ),
        headline(result),
        *(f"![{kind.replace('_', ' ')}]({quote(path.name)})" for kind, path in pictures.items()),
        *(_group(group, result) for group in result["groups"]),
        "## What each part of the score adds",
        "AUROC of each part alone, and of all parts without it, fused by the same rule.",
        ablation(result),
        "## Localisation of injected lesions",
        _localisation(result),
    ]
    if result["seeds"]:
        out += ["## Seeds", _seeds(result)]
    return "\n\n".join(out) + "\n"


def card_metrics(result: Json, name: str) -> tuple[dict[str, Any], ...]:
    """Return the figures that a bundle carries: one mapping per data set.

    Parameters
    ----------
    result : mapping
        From ``trainer.judging.evaluate.evaluate``.
    name : str
        The bundle's name in it.
    """
    out: list[dict[str, Any]] = []
    for group in result["groups"]:
        m = group["models"].get(name)
        if m is None or not (group["normal"] and group["abnormal"]):
            continue
        rates = m["operating"]["0.95"]
        out.append({
            "data": group["name"], "n": m["n"], "normal": group["normal"],
            "abnormal": group["abnormal"], "prevalence": round(group["prevalence"], 4),
            **{key: _rounded(m["calibrated"][key]) for key in m["calibrated"]},
            "raw_auroc": _rounded(m["raw"]["auroc"]),
            "raw_auroc_ci": _rounded(m["raw"]["auroc_ci"]),
            "recall_at_95": _rounded(rates["recall"]),
            "specificity_at_95": _rounded(rates["specificity"]),
            "classes": {c: {"n": v["n"], "auroc": _rounded(v["auroc"])}
                        for c, v in m["classes"].items()},
            "parts": {"alone": _all_rounded(m["parts_alone"]),
                      "without": _all_rounded(m["without_part"]),
                      "all": _rounded(m["all_parts"])},
        })  # fmt: skip
    found = {
        kind: {"n": r["n"], **{key: _rounded(r[key]) for key in LESION_FIGURES}}
        for kind, r in result["localisation"].get(name, {}).items()
    }
    if "all" in found:
        every = found.pop("all")
        out.append({"data": "injected lesions", **every, "kinds": found})
    return tuple(out)


def _all_rounded(figures: Json) -> dict[str, Any]:
    return {key: _rounded(value) for key, value in figures.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    return round(float(value), 4) if value == value else None


def with_figures(bundle: Bundle, result: Json, name: str) -> Bundle:
    """Return the bundle with the figures of an evaluation, which its card then shows."""
    return replace(bundle, metrics=card_metrics(result, name))
