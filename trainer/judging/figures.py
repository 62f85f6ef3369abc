"""Pictures of an evaluation: ROC, precision-recall, calibration, classes, histograms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainer.judging import metrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Json = Mapping[str, Any]
MAX_CLASSES = 16
COLOURS = ("#1b6ca8", "#c8553d", "#3d8361", "#7d5ba6", "#b08900", "#5c5c5c")


KINDS = ("roc", "precision_recall", "calibration", "classes", "histograms")


def files(stem: Path) -> dict[str, Path]:
    """Return where the picture of each kind goes."""
    return {kind: stem.with_name(f"{stem.name}_{kind}.png") for kind in KINDS}


def draw(result: Json, stem: Path) -> dict[str, Path]:
    """Write one picture per kind, a panel per group; return the files by kind."""
    plots: dict[str, Callable[[Axes, Json, str, str], None]] = dict(
        zip(KINDS, (_roc, _precision_recall, _calibration, _classes, _histogram), strict=True)
    )
    pictures = files(stem)
    for kind, path in pictures.items():
        _panels(result["groups"], plots[kind], path, kind)
    return pictures


def _panels(
    groups: list[Json], plot: Callable[[Axes, Json, str, str], None], path: Path, kind: str
) -> None:
    # Imported here: only pictures need it, and it takes half a second.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Groups without both classes have no curve.
    shown = [g for g in groups if g["normal"] and g["abnormal"]]
    if kind == "classes":
        shown = [g for g in shown if any(m["classes"] for m in g["models"].values())]
    shown = shown or groups[:1]
    columns = min(len(shown), 3)
    rows = -(-len(shown) // columns)
    # A model that could judge nothing in a group is missing there; its colour stays its own.
    names = dict.fromkeys(name for group in groups for name in group["models"])
    colours = dict(zip(names, COLOURS * len(names), strict=False))
    figure = Figure(figsize=(4.2 * columns, 3.8 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for k, group in enumerate(shown):
        axes = figure.add_subplot(rows, columns, k + 1)
        for name, model in group["models"].items():
            plot(axes, model, name, colours[name])
        axes.set_title(f"{group['name']} ({group['normal']} normal, {group['abnormal']} not)",
                       fontsize=9)  # fmt: skip
        axes.tick_params(labelsize=7)
        if k == 0:
            axes.legend(fontsize=7, frameon=False, loc="best")
    figure.savefig(path, dpi=90)


def _roc(axes: Axes, model: Json, name: str, colour: str) -> None:
    for key, style in (("scores", "-"), ("raw_scores", ":")):
        alarms, recall = metrics.roc(model["labels"], model[key])
        label = f"{name}, {'calibrated' if key == 'scores' else 'raw'}"
        axes.plot(alarms, recall, style, color=colour, lw=1.2, label=label)
    axes.plot([0, 1], [0, 1], color="0.8", lw=0.8)
    axes.set_xlabel("false alarms", fontsize=8)
    axes.set_ylabel("recall", fontsize=8)


def _precision_recall(axes: Axes, model: Json, name: str, colour: str) -> None:
    recall, precision = metrics.precision_recall(model["labels"], model["scores"])
    axes.step(recall, precision, where="pre", color=colour, lw=1.2, label=name)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("recall", fontsize=8)
    axes.set_ylabel("precision", fontsize=8)


def _calibration(axes: Axes, model: Json, name: str, colour: str) -> None:
    """Draw the share of normals whose p-value is at most p: the diagonal is calibrated."""
    labels = np.asarray(model["labels"])
    p_values = np.sort(np.asarray(model["p_values"], dtype=float)[labels == 0])
    share = np.arange(1, p_values.size + 1) / max(p_values.size, 1)
    axes.step(p_values, share, where="post", color=colour, lw=1.2, label=name)
    axes.plot([0, 1], [0, 1], color="0.8", lw=0.8)
    axes.set_xlabel("p-value", fontsize=8)
    axes.set_ylabel("share of normals at or below", fontsize=8)


def _classes(axes: Axes, model: Json, name: str, colour: str) -> None:
    largest = sorted(model["classes"].items(), key=lambda item: -item[1]["n"])[:MAX_CLASSES]
    by_class = sorted(largest, reverse=True)
    at = np.arange(len(by_class))
    offset = 0.22 * (COLOURS.index(colour) - 1)
    values = [figures["auroc"] for _, figures in by_class]
    axes.barh(at + offset, values, height=0.2, color=colour, label=name)
    axes.set_yticks(at, [f"{c} ({figures['n']})" for c, figures in by_class], fontsize=6)
    axes.set_xlim(0.5, 1.0)
    axes.set_xlabel("AUROC against the group's normals", fontsize=8)


def _histogram(axes: Axes, model: Json, name: str, colour: str) -> None:
    labels = np.asarray(model["labels"])
    scores = np.clip(np.asarray(model["scores"], dtype=float), 0, 8)
    bins = np.linspace(0, 8, 33).tolist()
    for value, style in ((0, "-"), (1, "--")):
        label = f"{name}, {'abnormal' if value else 'normal'}"
        if not (labels == value).any():
            continue
        axes.hist(scores[labels == value], bins, density=True, histtype="step", color=colour,
                  linestyle=style, lw=1.0, label=label)  # fmt: skip
    axes.set_xlabel("record score (limited to 8)", fontsize=8)
