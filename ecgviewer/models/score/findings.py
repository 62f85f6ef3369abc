"""What the parts of the score find least normal, in words a reader of ECGs would use, and where.

A part is a distance of many values; the words are those of the values that add most to it, the
leads those in which they stand out. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from ecgviewer.core.analysis import Finding
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.overlap import common_share
from ecgviewer.models.score.beat_features import window_features as features
from ecgviewer.models.score.beat_features.profiled import Profiled
from ecgviewer.models.score.densities import Directed, DoubleArray, Subspace
from ecgviewer.models.score.parts import SIZES

SHARE = 0.5
"""Values and leads that stand out at least this much of the most prominent one are named."""
MOST_WORDS = 2
SAME_LEADS = 0.5
"""Words that share at least this part of their leads make one finding, in the leads they share."""
SHORTEST_QT_RR_S = 0.5
"""Above 120 beats per minute the T wave runs into what follows (a P wave, a flutter wave) and
Bazett's correction overstates: that the timing is unusual is then all that is said of it."""

RHYTHM_WORDS: Mapping[str, str] = {
    "rate_high": "fast", "rate_low": "slow",
    "rr_jitter": "irregular", "rr_rmssd": "irregular", "rr_spread": "irregular",
    "rr_jumps": "irregular", "rr_shortest": "early beat", "rr_longest": "late beat",
    "p_evidence": "no constant P", "p_constancy": "no constant P", "p_size": "small P",
    "odd_beat": "odd beat", "other_beats": "odd beats", "early_odd_beat": "early odd beat",
    "size_jump": "beats of changing size",
}  # fmt: skip

INTERVAL_WORDS: Mapping[str, tuple[str, str]] = {
    "qrs_ms": ("QRS narrow", "QRS wide"), "qrs_width_ms": ("QRS narrow", "QRS wide"),
    "pr_ms": ("PR short", "PR long"), "rp_ms": ("PR short", "PR long"),
    "qtc_ms": ("QT short", "QT long"), "rt_corrected_ms": ("T early", "T late"),
    "axis_deg": ("axis left", "axis right"),
    "qrs_t_angle_deg": ("QRS-T angle narrow", "QRS-T angle wide"),
    "t_axis_deg": ("T axis left", "T axis right"),
}  # fmt: skip
"""Words for low and high values."""
T_TIMING = "unusual T timing"
T_TIMES = ("qtc_ms", "rt_corrected_ms")

LEVEL_WORDS = (
    ("ST lower", "ST higher"), ("ST lower", "ST higher"), ("T lower", "T higher"),
    ("R smaller", "R taller"), ("S deeper", "S smaller"),
)  # fmt: skip
"""For the rows of ``Description.st_mv``."""


HIGHPASS = "highpass"
"""Beside the parts of the score: what the device did, which is no finding of the heart."""


class _Words:
    """The words for low and high values of a vector's features, as numbers."""

    def __init__(self, both: Iterable[tuple[str, str]]) -> None:
        both = list(both)
        self.words = list(dict.fromkeys(word for pair in both for word in pair))
        self._low, self._high = (
            np.array([self.words.index(pair[k]) for pair in both]) for k in (0, 1)
        )

    def weigh(
        self, density: Directed, values: DoubleArray
    ) -> tuple[list[int], DoubleArray, npt.NDArray[np.intp]]:
        """Return the words that stand out, and each value's excess and word [d]."""
        z = density.scores(values[None])
        excess = density.directed(z, values[None])[0]
        word = np.where(z[0] > 0.0, self._high, self._low)
        # Cubes, as the density itself adds them.
        weight = np.bincount(word, excess**3, len(self.words))
        order = np.argsort(-weight, kind="stable")[:MOST_WORDS]
        least = SHARE**3 * weight[order[0]]
        return [int(k) for k in order if weight[k] >= least and weight[k] > 0.0], excess, word

    def join(self, numbers: list[int], otherwise: str) -> str:
        """Return words by their numbers, as a text."""
        return ", ".join(self.words[k] for k in numbers) or otherwise


_RHYTHM = _Words((RHYTHM_WORDS[name],) * 2 for name, _ in features.RHYTHM)
_INTERVALS = _Words(INTERVAL_WORDS[name] for name, _ in features.INTERVALS)
_FAST_INTERVALS = _Words(
    (T_TIMING, T_TIMING) if name in T_TIMES else INTERVAL_WORDS[name]
    for name, _ in features.INTERVALS
)
_LEVELS = _Words(pair for pair in LEVEL_WORDS for _ in STANDARD_LEADS)


def find(
    name: str,
    density: Directed | Subspace | Profiled,
    values: DoubleArray,
    score_map: npt.NDArray[np.float32],
    rr_s: float,
) -> tuple[Finding, ...]:
    """Return what a detector of :mod:`ecgviewer.models.score.parts` finds least normal.

    Most prominent first. Findings of different leads stay apart, so that each is true of the
    leads that it names.

    Parameters
    ----------
    name : str
        Of the detector.
    density : Directed, Subspace or Profiled
        Its density of normals.
    values : array [d]
        What it looks at in this window.
    score_map : array [12, n]
        Of this window; NaN where masked.
    rr_s : float
        Median RR interval; NaN where there is none.
    """
    if isinstance(density, Profiled):
        return (_of_beat(density, values),)
    if isinstance(density, Subspace):
        # The latent code is of the window as a whole: it has neither words nor leads.
        return (Finding("unusual as a whole"),)
    if name == "rhythm":
        return (_of_rhythm(density, values),)
    if name == "intervals":
        return (_of_intervals(density, values, rr_s),)
    return (_of_map(score_map),) if name in SIZES else _of_levels(density, values)


def _of_rhythm(density: Directed, values: DoubleArray) -> Finding:
    """Return what is least normal of a rhythm's features [d]."""
    return Finding(_RHYTHM.join(_RHYTHM.weigh(density, values)[0], "rhythm"))


def _of_intervals(density: Directed, values: DoubleArray, rr_s: float) -> Finding:
    """Return what is least normal of the intervals and axes [d]."""
    words = _FAST_INTERVALS if rr_s < SHORTEST_QT_RR_S else _INTERVALS
    return Finding(words.join(words.weigh(density, values)[0], "intervals"))


def _of_levels(density: Directed, values: DoubleArray) -> tuple[Finding, ...]:
    """Return which of the ST, T, R and S levels [60] are least normal, and their leads."""
    named, excess, word = _LEVELS.weigh(density, values)
    # Opposite leads show the opposite (aVR nearly always): one direction of a wave is enough.
    waves = [_LEVELS.words[k].split()[0] for k in named]
    named = [k for at, k in enumerate(named) if waves.index(waves[at]) == at]
    found: list[Finding] = []
    for k in named:
        by_lead = np.where(word == k, excess, 0.0).reshape(len(LEVEL_WORDS), -1).max(axis=0)
        leads, text = set(_prominent(by_lead)), _LEVELS.words[k]
        before = set(found[-1].leads) if found else set()
        if before and common_share(before, leads) >= SAME_LEADS:
            leads, text = before & leads, f"{found.pop().text}, {text}"
        found.append(Finding(text, tuple(lead for lead in STANDARD_LEADS if lead in leads)))
    return tuple(found) or (Finding("ST and T"),)


def _of_beat(density: Profiled, values: DoubleArray) -> Finding:
    """Return the leads whose median beat is least normal (values [3 * 12 * m])."""
    deviations = density.deviations(values[None])[0].reshape(len(STANDARD_LEADS), -1)
    by_lead = (np.nan_to_num(deviations) ** 2).mean(axis=1)
    return Finding("shape of every beat", _prominent(by_lead))


def _of_map(score_map: npt.NDArray[np.float32]) -> Finding:
    """Return the leads that are least like their reconstruction on the whole [12, n]."""
    known = np.isfinite(score_map)
    mean = np.where(known, score_map, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return Finding("unlike the reconstruction", _prominent(mean.astype(np.float64)))


def _prominent(by_lead: DoubleArray) -> tuple[str, ...]:
    least = SHARE * by_lead.max()
    return tuple(
        lead
        for lead, value in zip(STANDARD_LEADS, by_lead, strict=True)
        if value >= least and value > 0.0
    )
