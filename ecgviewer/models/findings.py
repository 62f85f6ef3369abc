"""What the parts of the score find least normal, in words a reader of ECGs would use, and where.

A part is a distance of many values; the words are those of the values that add most to it, the
leads those in which they stand out. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ecgviewer.core.analysis import Finding
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.models import features
from ecgviewer.models.densities import Directed, DoubleArray, Subspace

SHARE = 0.5
"""Values and leads that stand out at least this much of the most prominent one are named."""
MOST_WORDS = 2

RHYTHM_WORDS: Mapping[str, str] = {
    "rate_high": "fast", "rate_low": "slow",
    "rr_jitter": "irregular", "rr_rmssd": "irregular", "rr_spread": "irregular",
    "rr_jumps": "irregular", "rr_shortest": "early beat", "rr_longest": "pause",
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

LEVEL_WORDS = (
    ("ST lower", "ST higher"), ("ST lower", "ST higher"), ("T lower", "T higher"),
    ("R smaller", "R taller"), ("S deeper", "S smaller"),
)  # fmt: skip
"""For the rows of ``Description.st_mv``."""


def of_rhythm(density: Directed, values: DoubleArray) -> Finding:
    """Return what is least normal of a rhythm's features [d]."""
    words = np.array([RHYTHM_WORDS[name] for name, _ in features.RHYTHM])
    named = _named(density.excess(values[None])[0], words)
    return Finding(", ".join(named) or "rhythm")


def of_intervals(density: Directed, values: DoubleArray) -> Finding:
    """Return what is least normal of the intervals and axes [d]."""
    both = np.array([INTERVAL_WORDS[name] for name, _ in features.INTERVALS])
    high = density.scores(values[None])[0] > 0
    named = _named(density.excess(values[None])[0], np.where(high, both[:, 1], both[:, 0]))
    return Finding(", ".join(named) or "intervals")


def of_levels(density: Directed, values: DoubleArray) -> Finding:
    """Return which of the ST, T, R and S levels [60] are least normal, and their leads."""
    shape = (len(LEVEL_WORDS), len(STANDARD_LEADS))
    excess = density.excess(values[None])[0].reshape(shape)
    high = density.scores(values[None])[0].reshape(shape) > 0
    both = np.array(LEVEL_WORDS)[:, None, :]
    words = np.where(high, both[..., 1], both[..., 0])
    named = _named(excess.ravel(), words.ravel())
    # Opposite leads show the opposite (aVR nearly always): one direction of a wave is enough.
    first_of_wave = {word.split()[0]: word for word in reversed(named)}
    named = [word for word in named if first_of_wave[word.split()[0]] == word]
    leads = {
        lead
        for word in named
        for lead in _prominent(np.where(words == word, excess, 0.0).max(axis=0))
    }
    return Finding(
        ", ".join(named) or "ST and T", tuple(lead for lead in STANDARD_LEADS if lead in leads)
    )


def of_beat(density: Subspace, values: DoubleArray) -> Finding:
    """Return the leads whose median beat [12 * m] is least normal."""
    deviations = density.deviations(values[None])[0].reshape(len(STANDARD_LEADS), -1)
    by_lead = (np.nan_to_num(deviations) ** 2).mean(axis=1)
    return Finding("shape of every beat", _prominent(by_lead))


def of_map(score_map: npt.NDArray[np.float32]) -> Finding:
    """Return the leads that are least like their reconstruction on the whole [12, n]."""
    known = np.isfinite(score_map)
    mean = np.where(known, score_map, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return Finding("unlike the reconstruction", _prominent(mean.astype(np.float64)))


def of_latent() -> Finding:
    """Return the finding of the latent code: it is of the window as a whole."""
    return Finding("unusual as a whole")


def _named(excess: DoubleArray, words: npt.NDArray[np.str_]) -> list[str]:
    """Return the words [d] whose values exceed normal most, in order."""
    weight = {str(word): 0.0 for word in words}
    for word, value in zip(words, excess, strict=True):
        weight[str(word)] += float(value) ** 3  # as the density itself adds them
    order = sorted(weight, key=lambda word: -weight[word])
    least = SHARE**3 * weight[order[0]]
    return [word for word in order if weight[word] >= least and weight[word] > 0.0][:MOST_WORDS]


def _prominent(by_lead: DoubleArray) -> tuple[str, ...]:
    least = SHARE * by_lead.max()
    return tuple(
        lead
        for lead, value in zip(STANDARD_LEADS, by_lead, strict=True)
        if value >= least and value > 0.0
    )
