"""One map from many channels, in units of what a whole normal window reaches.

Every channel is divided by what its maximum over a normal window usually is: a level means the
same in all of them, and the combined map is how suspicious a place is, not how noisy a channel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.models.score.beat_features.limb_leads import lead_disagreement
from ecgviewer.models.score.beat_features.window_features import Description
from ecgviewer.models.score.residual import Comparison, ResidualModel
from ecgviewer.models.score.untimely_beats import UNITS, untimely_beats
from ecgviewer.models.score.wave_findings import WaveModel
from ecgviewer.models.score.window_evidence import FloatArray, Window

DoubleArray = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreMap:
    """Builds the map of a window.

    Attributes
    ----------
    residual : ResidualModel
    waves : WaveModel or None
        None where normals showed too few beats (windows of one second).
    unit : dict
        By channel: median and 95th percentile among normals of the channel's maximum.
    """

    residual: ResidualModel
    waves: WaveModel | None
    unit: dict[str, tuple[float, float]]

    @classmethod
    def fit(
        cls,
        residual: ResidualModel,
        waves: WaveModel | None,
        windows: list[Window],
        comparisons: list[Comparison],
        descriptions: list[Description | None],
    ) -> ScoreMap:
        """Fit the units on the windows of normals."""
        maxima: dict[str, list[float]] = {}
        for window, comparison, description in zip(windows, comparisons, descriptions, strict=True):
            judged = window.judged()
            for name, values in _channels(residual, waves, window, comparison, description).items():
                if judged.any():
                    maxima.setdefault(name, []).append(float(values[judged].max()))
        unit = {}
        for name, highest in maxima.items():
            if len(highest) >= 8 and name not in UNITS:
                middle, high = np.quantile(highest, [0.5, 0.95])
                unit[name] = (float(middle), float(max(high, middle + 0.1)))
        if "disagreement" in unit:
            # Normals obey the laws to the last microvolt; elsewhere rounding must not be a finding.
            unit["disagreement"] = (
                max(unit["disagreement"][0], 1.0),
                max(unit["disagreement"][1], 2.0),
            )
        return cls(residual, waves, unit)

    def __call__(
        self, window: Window, comparison: Comparison, description: Description | None
    ) -> FloatArray:
        """Return the map [12, n], NaN where masked.

        1 is what the highest place of a normal window usually reaches, 2 what 5 % of normal
        windows reach in that channel.
        """
        total = np.zeros(window.signal_mv.shape)
        channels = _channels(self.residual, self.waves, window, comparison, description)
        units = self.unit | UNITS
        for name, values in channels.items():
            if name in units:
                middle, high = units[name]
                # Below the usual maximum proportional, above it by the spread of maxima.
                level = np.where(
                    values < middle,
                    values / max(middle, 1e-6),
                    1 + (values - middle) / (high - middle),
                )
                # The fourth power, so that high values come close to the maximum over the channels.
                level *= level
                level *= level
                total += level
        out = np.sqrt(np.sqrt(total)).astype(np.float32)
        out[~window.judged()] = np.nan
        return out

    def to_arrays(self) -> Arrays:
        """Return plain arrays."""
        out = {f"residual.{key}": value for key, value in self.residual.to_arrays().items()}
        if self.waves is not None:
            out |= {f"waves.{key}": value for key, value in self.waves.to_arrays().items()}
        for name, pair in self.unit.items():
            out[f"unit.{name}"] = np.array(pair, dtype=np.float32)
        return out

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> ScoreMap:
        """Undo :meth:`to_arrays`."""

        def below(prefix: str) -> Arrays:
            return {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}

        waves = below("waves.")
        return cls(
            ResidualModel.from_arrays(below("residual.")),
            WaveModel.from_arrays(waves) if waves else None,
            {name: (float(v[0]), float(v[1])) for name, v in below("unit.").items()},
        )


def _channels(
    residual: ResidualModel,
    waves: WaveModel | None,
    window: Window,
    comparison: Comparison,
    description: Description | None,
) -> dict[str, DoubleArray]:
    maps = residual.deviations(comparison)
    if window.amplitude_known and window.lead_mask[:6].all():
        signal = np.nan_to_num(np.asarray(window.signal_mv, dtype=np.float64))
        maps["disagreement"] = window.looks.once(
            "disagreement", lambda: lead_disagreement(signal, window.fs_hz)
        )
    if waves is not None and description is not None:
        maps |= window.looks.once(("waves", waves.key), lambda: waves.paint(window, description))
        for name, line in untimely_beats(window).items():
            maps[name] = np.outer(np.ones(12), line)
    return maps
