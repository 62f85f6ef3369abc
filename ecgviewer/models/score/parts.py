"""What each detector looks at in a window, and which density it has among normals.

A *detector* turns one aspect of a window into a number that is higher for less normal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgviewer.models.score import features
from ecgviewer.models.score.densities import Directed, DoubleArray, Subspace
from ecgviewer.models.score.residual import Comparison, ResidualModel, compare
from ecgviewer.models.score.window_evidence import Window

Density = Directed | Subspace

DETECTORS: dict[str, str] = {
    "residual": "residual",
    "latent": "latent",
    "beat_shape": "beat",
    "beat_mv": "beat",
    "rhythm": "rhythm",
    "intervals": "intervals",
    "st_shape": "st",
    "st_mv": "st",
}
"""Detector to the part of the score it belongs to."""
PARTS = ("residual", "latent", "beat", "rhythm", "intervals", "st")
NETWORK_DETECTORS = ("residual", "latent")

Vectors = dict[str, DoubleArray]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A window, compared and described once."""

    window: Window
    comparison: Comparison
    description: features.Description | None

    @classmethod
    def of(cls, window: Window) -> Seen:
        """Look at a window."""
        description = window.looks.once("description", lambda: features.describe(window))
        return cls(window, compare(window), description)

    @property
    def rr_s(self) -> float:
        """Median RR interval in seconds; NaN with too few beats."""
        return self.description.rr_s if self.description is not None else float("nan")

    def vectors(self, residual: ResidualModel) -> Vectors:
        """Return what each detector looks at."""
        found: Vectors = {
            "residual": np.array([residual.size(self.window, self.comparison)]),
        }
        if not self.window.has_gap():
            # The code of a window that was partly silence is not one of a normal heart's.
            found["latent"] = np.asarray(self.window.output.latent, dtype=np.float64)
        seen = self.description
        if seen is not None:
            found["rhythm"], found["intervals"] = seen.rhythm, seen.intervals
            found["beat_shape"], found["st_shape"] = seen.beat_shape, seen.st_shape
            if seen.beat_mv is not None and seen.st_mv is not None:
                found["beat_mv"], found["st_mv"] = seen.beat_mv, seen.st_mv
        return found


def fit_density(name: str, values: DoubleArray) -> Density:
    """Return the density of a detector's values [n, d] among normals."""
    if name == "rhythm":
        return Directed.fit(values, [sign for _, sign in features.RHYTHM])
    if name == "intervals":
        return Directed.fit(values, [sign for _, sign in features.INTERVALS])
    if name == "residual":
        return Directed.fit(values, [1])
    if name.startswith("st"):
        # Each level for itself: whitening them, as a Mahalanobis distance does, blows up the
        # directions that hardly vary among normals, which are mostly noise.
        return Directed.fit(values, [0] * values.shape[1])
    return Subspace.fit(values, 30 if name.startswith("beat") else 20)


def density_class(name: str) -> type[Density]:
    """Return the kind of density that a detector has."""
    return Subspace if name == "latent" or name.startswith("beat") else Directed
