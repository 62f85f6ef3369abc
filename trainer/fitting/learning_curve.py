"""The learning curve, as a PNG beside the bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def learning_curve(history: Sequence[dict[str, float]], best_epoch: int, path: Path) -> None:
    """Draw training and calibration loss over the epochs.

    Parameters
    ----------
    history : sequence of dict
        ``epoch``, ``loss``, ``validation``.
    best_epoch : int
        Marked in the picture.
    """
    # Imported here: only training needs it, and it takes half a second.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    epochs = [row["epoch"] for row in history]
    axes.plot(epochs, [row["loss"] for row in history], label="training (hidden parts, augmented)")
    axes.plot(epochs, [row["validation"] for row in history], label="calibration normals")
    axes.axvline(best_epoch, color="grey", linestyle=":", label=f"kept: epoch {best_epoch}")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss per sample")
    axes.legend()
    figure.savefig(path, dpi=110, format="png")
