"""The model card: Markdown rendered from the facts in a bundle's metadata, never edited as text.

Facts that a bundle does not state are left out; figures that were measured with other thresholds
are not among its facts (see ``trainer.fitting.calibration.calibrate``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecgviewer.models.networks.architectures import architecture, model_ids

Json = Mapping[str, Any]

FIGURES = "## Figures"
SITE = "## Site calibration"
THRESHOLDS = "Thresholds of the record score: "
SHIPPED_NOTE = "Recall and false alarms at the bundle's 95 % threshold."
SITE_NOTE = "Figures that depend on a threshold were measured with former ones, and are left out."


def render_card(model: str, training: Json, thresholds: Json, metrics: Sequence[Json]) -> str:
    """Return the card of a bundle.

    Parameters
    ----------
    model : str
        The id of its architecture.
    training : mapping
        How it was made; ``site`` and ``site_normals`` where a site's normals gave the thresholds.
    thresholds : mapping
        Record score by specificity.
    metrics : sequence of mapping
        One per data set, and one of injected lesions.

    Raises
    ------
    KeyError, ValueError, TypeError, AttributeError
        When a fact is not of the kind that it should be.
    """
    sections = (
        _head(model, training),
        _training(training),
        _data(training),
        _site(training, thresholds),
        _figures(training, thresholds, metrics),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(model: str, training: Json) -> str:
    if model not in model_ids():
        return f"# {model}"
    entry = architecture(model)
    lines = [
        f"{entry.description[0].upper()}{entry.description[1:]}, trained on normal ECGs only. "
        "What it cannot restore as a normal ECG would look is shown as suspicious."
    ]
    if "config" in training:
        config = training["config"]
        hides = float(config.get("network", {}).get("hidden_share", 0.0)) > 0
        lines.append(
            "Blocks of the signal are hidden and predicted from the rest."
            if hides
            else "The whole window is reconstructed."
        )
        lines.append(
            f"Windows of {config['windowing']['length_s']:g} s at "
            f"{config['preprocessing']['fs_hz']:g} Hz."
        )
    return f"# {entry.title}\n\n{' '.join(lines)} Not a medical device."


def _training(training: Json) -> str:
    lines = []
    if "n_train" in training:
        lines.append(
            f"- {training['n_train']} normal windows, split by patient; {training['n_calibrate']} "
            f"windows of other patients chose the weights (epoch {training['best_epoch']} of "
            f"{training['epochs']}, loss {training['best_loss']:.4f}); no abnormal record was used."
        )
    if "seconds" in training:
        lines.append(
            f"- Seed {training['config']['seed']}, {training['seconds'] / 60:.1f} minutes on "
            f"{training['hardware']}."
        )
    if "index_sha256" in training:
        lines.append(f"- Index of the training data (SHA-256): `{training['index_sha256']}`.")
    return "## Training\n\n" + "\n".join(lines) if lines else ""


def _data(training: Json) -> str:
    lines = [f"- {line.strip()}" for line in str(training.get("data", "")).splitlines()]
    if training.get("yardstick"):
        lines += ["", "For the calibration alone, no network was trained on them:", ""]
        lines += [f"- {line.strip()}" for line in str(training["yardstick"]).splitlines()]
    if "devices" in training.get("config", {}):
        lines += [
            "",
            f"Normals in mV count {training['config']['devices']['copies']} more times as other "
            "devices would have recorded them. A specificity holds for records like these normals.",
        ]
    return "## Data\n\n" + "\n".join(lines) if lines else ""


def _site(training: Json, thresholds: Json) -> str:
    if "site" not in training:
        return ""
    return (
        f"{SITE}\n\nThresholds and p-values come from {training['site_normals']} normal records "
        f"of {training['site']}; the network and its densities are unchanged."
        f"\n\n{_thresholds(thresholds)}"
    )


def _thresholds(thresholds: Json) -> str:
    levels = ", ".join(
        f"{level:.2f} at {float(share):.0%} specificity" for share, level in thresholds.items()
    )
    return f"{THRESHOLDS}{levels}."


def _figures(training: Json, thresholds: Json, metrics: Sequence[Json]) -> str:
    # A site's thresholds: what was measured with the former ones is gone, unless measured anew.
    ranked = [metric for metric in metrics if "auroc" in metric]
    judged = any("recall_at_95" in metric for metric in ranked)
    rows = [list(_data_set(metric, judged)) for metric in ranked]
    shown = [] if "site" in training or not thresholds else [_thresholds(thresholds)]
    if rows:
        header = ["records (normal / not)", "raw AUROC (95 %)", "calibrated AUROC (95 %)",
                  "AUPRC (95 %) at prevalence"]  # fmt: skip
        if judged:
            header += ["recall", "false alarms"]
        shown = [table(header, rows), SHIPPED_NOTE if judged else SITE_NOTE, *shown]
    parts = [metric for metric in metrics if "parts" in metric]
    if parts:
        shown.append("What each part of the score adds (AUROC alone, and of all without it):")
        shown += [f"**{metric['data']}**\n\n{_parts(metric['parts'])}" for metric in parts]
    for metric in metrics:
        if "point_auroc" in metric:
            kinds = {**metric.get("kinds", {}), "all": metric}
            shown += ["Injected lesions:", _lesions(kinds, "dice" in metric)]
    return "\n\n".join([FIGURES, *shown]) if shown else ""


def _data_set(metric: Json, judged: bool) -> Iterator[str]:
    yield f"{metric['data']} ({metric['normal']} / {metric['abnormal']})"
    yield with_interval(metric["raw_auroc"], metric["raw_auroc_ci"])
    yield with_interval(metric["auroc"], metric["auroc_ci"])
    auprc = with_interval(metric["auprc"], metric["auprc_ci"])
    yield f"{auprc} at {number(metric['prevalence'], 2)}"
    if judged:
        specificity = metric.get("specificity_at_95")
        yield percent(metric.get("recall_at_95"))
        yield percent(None if specificity is None else 1.0 - specificity)


def _parts(parts: Json) -> str:
    names = list(parts["alone"])
    alone = ["alone", *(number(parts["alone"][name]) for name in names), number(parts["all"])]
    without = ["all without", *(number(parts["without"][name]) for name in names), ""]
    return table(["", *names, "all"], [alone, without])


def _lesions(kinds: Json, judged: bool) -> str:
    header = ["lesion", "n", "point AUROC"]
    header += ["Dice", "flagged", "top flag hits"] if judged else []
    rows = []
    for kind, found in kinds.items():
        row = [kind.replace("_", " "), str(found["n"]), number(found["point_auroc"])]
        if judged:
            row += [
                number(found["dice"], 2),
                percent(found["flagged"]),
                percent(found["top_hits"]),
            ]
        rows.append(row)
    return table(header, rows)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def number(value: float | None, digits: int = 3) -> str:
    """Return a figure, or a dash where there is none."""
    return "–" if value is None or value != value else f"{value:.{digits}f}"


def percent(value: float | None) -> str:
    """Return a share in percent, or a dash where there is none."""
    return "–" if value is None or value != value else f"{100 * value:.1f} %"


def with_interval(value: float | None, interval: Sequence[float | None] | None) -> str:
    """Return a figure with its 95 % interval, where both are known."""
    low, high = interval or (None, None)
    if value is None or low is None or high is None or low != low:
        return number(value)
    return f"{value:.3f} ({low:.2f}–{high:.2f})"
