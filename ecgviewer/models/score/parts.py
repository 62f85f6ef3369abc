"""What each detector looks at in a window, and which density it has among normals.

A *detector* turns one aspect of a window into a number that is higher for less normal.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ecgviewer.models.score.beat_features import window_features as features
from ecgviewer.models.score.beat_features.expected import context
from ecgviewer.models.score.beat_features.highpass import NO_FILTER, STRENGTH, levels_lost
from ecgviewer.models.score.beat_features.profiled import GAINS, Profiled
from ecgviewer.models.score.densities import Directed, DoubleArray, Subspace
from ecgviewer.models.score.residual import Comparison, ResidualModel, compare
from ecgviewer.models.score.window_evidence import Window

Density = Directed | Subspace | Profiled

DETECTORS: dict[str, str] = {
    "raw": "residual",
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
NETWORK_DETECTORS = ("raw", "residual", "latent")
SHAPES = {"beat_shape": "beat_mv", "st_shape": "st_mv"}
"""Detectors of shapes, and those of the same in mV, which judge instead wherever they can."""
SIZES = ("raw", "residual")
"""Of the network's error: as the paper defines it, and by lead and phase of the beat."""
SMALLEST = 1e-6
"""Of what is a distance, before its logarithm."""

Vectors = dict[str, DoubleArray]


BEATS = ("beat_mv", "beat_shape")
"""Detectors that look at the beat as recorded; the first that a window allows tells the filter."""


@dataclass(frozen=True, slots=True, eq=False)
class DescribedWindow:
    """A window, compared and described once.

    Attributes
    ----------
    beats : dict
        What the detectors in ``BEATS`` look at.
    highpass : int
        The device's high-pass that was taken out of ``description`` (``highpass.CANDIDATES``).
    levels_lost : str
        Why ST, T, R and S levels are not judged; empty where they are.
    """

    window: Window
    comparison: Comparison
    description: features.Description | None
    beats: Vectors = field(default_factory=dict)
    highpass: int = NO_FILTER
    levels_lost: str = ""

    @classmethod
    def of(cls, window: Window) -> DescribedWindow:
        """Look at a window."""
        found = window.looks.once("description", lambda: features.describe(window))
        beats = {} if found is None else _beats(found)
        if found is not None and window.levels_lost:
            found = found.without_levels()
        return cls(window, compare(window), found, beats, levels_lost=window.levels_lost)

    def without_highpass(self, candidate: int) -> DescribedWindow:
        """Return the window with a device's high-pass taken out of what is said of it."""
        if self.description is None or candidate == NO_FILTER:
            return self
        before = self.description.without_highpass(candidate)
        return replace(
            self,
            description=before,
            highpass=candidate,
            levels_lost=self.levels_lost or levels_lost(candidate),
        )

    def without_levels(self) -> DescribedWindow:
        """Return the window without levels where the file or the trace says that they are lost."""
        if self.description is None or self.levels_lost:
            return self
        device = self.window.highpass()
        if device is None or not device.st_lost:
            return self
        bare = self.description.without_levels()
        return replace(self, description=bare, levels_lost=device.st_lost)

    @property
    def rr_s(self) -> float:
        """Median RR interval in seconds; NaN with too few beats."""
        return self.description.rr_s if self.description is not None else float("nan")

    def context(self) -> DoubleArray:
        """Return what the network's parts depend on besides the heart [3]."""
        return context(self.window, float(STRENGTH[self.highpass]))

    def vectors(self, residual: ResidualModel) -> Vectors:
        """Return what each detector looks at."""
        found: Vectors = {
            "raw": np.array([np.log(max(self.window.output.raw_score, SMALLEST))]),
            "residual": np.array([residual.size(self.window, self.comparison)]),
        }
        if not self.window.has_gap():
            # The code of a window that was partly silence is not one of a normal heart's.
            found["latent"] = np.asarray(self.window.output.latent, dtype=np.float64)
        seen = self.description
        if seen is not None:
            found["rhythm"], found["intervals"] = seen.rhythm, seen.intervals
            found |= self.beats
            found |= {
                name: levels
                for name, levels in (("st_shape", seen.st_shape), ("st_mv", seen.st_mv))
                if levels is not None and np.isfinite(levels).any()
            }
        return found


def _beats(seen: features.Description) -> Vectors:
    """Return each beat with its integrals, one after the other."""
    lost = seen.lost.beat
    shape = lost * seen.shape_scale[:, None]
    found = {"beat_shape": np.concatenate([seen.beat_shape, shape.ravel()])}
    if seen.beat_mv is not None:
        found["beat_mv"] = np.concatenate([seen.beat_mv, lost.ravel()])
    return found


def fit_density(name: str, values: DoubleArray) -> Density:
    """Return the density of a detector's values [n, d] among normals."""
    if name == "rhythm":
        return Directed.fit(values, [sign for _, sign in features.RHYTHM])
    if name == "intervals":
        return Directed.fit(values, [sign for _, sign in features.INTERVALS])
    if name in SIZES:
        return Directed.fit(values, [1])
    if name.startswith("st"):
        # Each level for itself: whitening them, as a Mahalanobis distance does, blows up the
        # directions that hardly vary among normals, which are mostly noise.
        gains = GAINS if name == "st_mv" else (1.0,)
        values = np.concatenate([gain * values for gain in gains])
        return Directed.fit(values, [0] * values.shape[1])
    if name in BEATS:
        return Profiled.fit(values, in_mv=name == "beat_mv")
    return Subspace.fit(values, 20)


def density_class(name: str) -> type[Density]:
    """Return the kind of density that a detector has."""
    if name in BEATS:
        return Profiled
    return Subspace if name == "latent" else Directed
