"""Where several models agree: lead by lead, moment by moment, and about the record as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.flags import finding_flags
from ecgviewer.core.system.mapped_arrays import read_columns

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Consensus:
    """Which models flag which lead in which part of the record.

    A model flags a lead in two ways, and they are compared each with its own kind: at places of
    its score map, and by what every beat of a window shows.

    Attributes
    ----------
    models : tuple of str
    leads : tuple of str
    places, findings : bool array [n_models, n_leads, n_bins]
        Bins divide the record evenly. A bin of ``places`` is flagged where any moment of it
        passes, one of ``findings`` where a window has a finding in that lead.
    duration_s : float
    without_leads : mapping
        Parts of the score that flag windows without naming a lead (rhythm, intervals), with the
        models in which they do.
    """

    models: tuple[str, ...]
    leads: tuple[str, ...]
    places: BoolArray
    findings: BoolArray
    duration_s: float
    without_leads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def agreement(self, lead: int | None = None) -> float:
        """Return the share of what any model flags that every model flags (Jaccard, 0 to 1).

        Of one lead, by its place in ``leads``, or of all. NaN where no model flags anything.
        """
        any_model = every_model = 0
        for kind in (self.places, self.findings):
            votes = (kind if lead is None else kind[:, lead]).sum(axis=0)
            any_model += int((votes > 0).sum())
            every_model += int((votes == len(self.models)).sum())
        return every_model / any_model if any_model else float("nan")


def disputed(flagged: BoolArray) -> BoolArray:
    """Return what is left of flags of one kind where some models flag and others do not."""
    votes = flagged.sum(axis=0)
    found: BoolArray = flagged & (votes > 0) & (votes < len(flagged))
    return found


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
        nothing = np.zeros((0, 0, n_bins), np.bool_)
        return Consensus((), (), nothing, nothing, 0.0)
    first = analyses[models[0]]
    places = np.stack([_places(analyses[model], specificity, n_bins) for model in models])
    findings = np.zeros_like(places)
    without_leads: dict[str, tuple[str, ...]] = {}
    for row, model in enumerate(models):
        for flag in finding_flags(analyses[model], specificity):
            start, stop = (
                round(at_s / first.duration_s * n_bins) for at_s in (flag.start_s, flag.stop_s)
            )
            for lead in flag.leads:
                findings[row, first.leads.index(lead), start : max(stop, start + 1)] = True
            for part in () if flag.leads else flag.parts:
                known = without_leads.get(part, ())
                without_leads[part] = known if model in known else (*known, model)
    return Consensus(tuple(models), first.leads, places, findings, first.duration_s, without_leads)


def _places(analysis: Analysis, specificity: float, n_bins: int) -> BoolArray:
    level = analysis.map_threshold(specificity)
    n_leads, length = analysis.score_map.shape
    found = np.zeros((n_leads, n_bins), np.bool_)
    whole = max(round(analysis.duration_s * analysis.map_fs_hz), length)
    starts = np.floor(np.linspace(0, whole, n_bins + 1)[:-1]).astype(np.int64)
    known = starts[starts < length]  # of a run under way, only the beginning
    if known.size:
        # Lead by lead: a day of twelve would be half a gigabyte at once.
        for row in range(n_leads):
            above = read_columns(analysis.score_map, rows=[row])[0] >= level
            found[row, : known.size] = np.logical_or.reduceat(above, known)
    return found
