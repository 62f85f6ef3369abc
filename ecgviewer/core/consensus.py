"""Where several models agree: lead by lead, moment by moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.mapped import read_columns


@dataclass(frozen=True, eq=False)
class Consensus:
    """Which models flag which lead in which part of the record.

    Attributes
    ----------
    models : tuple of str
    leads : tuple of str
    flagged : bool array [n_models, n_leads, n_bins]
        Bins divide the record evenly; a bin is flagged where any moment of it passes.
    duration_s : float
    """

    models: tuple[str, ...]
    leads: tuple[str, ...]
    flagged: npt.NDArray[np.bool_]
    duration_s: float

    @property
    def votes(self) -> npt.NDArray[np.int64]:
        """How many models flag each lead and bin [n_leads, n_bins]."""
        votes: npt.NDArray[np.int64] = self.flagged.sum(axis=0, dtype=np.int64)
        return votes

    @property
    def disagreement(self) -> npt.NDArray[np.bool_]:
        """Where some models flag and others do not [n_leads, n_bins]."""
        votes = self.votes
        return (votes > 0) & (votes < len(self.models))

    def share(self, model: int, lead: int) -> float:
        """Return the share of the record that a model flags in a lead (0 to 1)."""
        return float(self.flagged[model, lead].mean()) if self.flagged.shape[2] else 0.0

    def agreement(self, lead: int | None = None) -> float:
        """Return the share of flagged places that every model flags (Jaccard, 0 to 1).

        Of one lead, by its place in ``leads``, or of all. NaN where no model flags anything.
        """
        votes = self.votes if lead is None else self.flagged[:, lead].sum(axis=0)
        any_model = int((votes > 0).sum())
        every_model = int((votes == len(self.models)).sum())
        return every_model / any_model if any_model else float("nan")


def compare(
    analyses: Mapping[str, Analysis], specificity: float, n_bins: int, order: Sequence[str] = ()
) -> Consensus:
    """Compare analyses of one recording at one threshold.

    Parameters
    ----------
    n_bins : int
        How finely the record is divided (one bin per pixel of a picture, say).
    order : sequence of str
        Models to list first, in this order.
    """
    models = [model for model in order if model in analyses]
    models += [model for model in analyses if model not in models]
    if not models:
        return Consensus((), (), np.zeros((0, 0, n_bins), np.bool_), 0.0)
    first = analyses[models[0]]
    flagged = np.stack([_flagged(analyses[model], specificity, n_bins) for model in models])
    return Consensus(tuple(models), first.leads, flagged, first.duration_s)


def _flagged(analysis: Analysis, specificity: float, n_bins: int) -> npt.NDArray[np.bool_]:
    level = analysis.map_threshold(specificity)
    n_leads, length = analysis.score_map.shape
    if length == 0:
        return np.zeros((n_leads, n_bins), np.bool_)
    edges = np.linspace(0, length, n_bins + 1)
    starts = np.minimum(np.floor(edges[:-1]).astype(np.int64), length - 1)
    # Lead by lead: a day of twelve would be half a gigabyte at once.
    return np.stack(
        [
            np.maximum.reduceat(read_columns(analysis.score_map, rows=[row])[0] >= level, starts)
            for row in range(n_leads)
        ]
    )
