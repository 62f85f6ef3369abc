"""What a model found in a recording, and the flags a threshold makes of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ecgviewer.core.quality import QualityFinding, acceptable, quality_words
from ecgviewer.core.reference import NormalReference

FloatArray = npt.NDArray[np.float32]

DEPENDENCE = 0.7
"""Windows of one record resemble each other: ``n`` of them count as ``n ** 0.7`` independent."""
FAMILY_WINDOWS = 360
"""An hour of 10-s windows: what is longer keeps its specificity per hour, not per record."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a part of the score finds least normal, in words, and the leads that show it most.

    ``leads`` is empty where the finding is not of leads (a rhythm, an interval).
    """

    text: str
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WindowScore:
    """The scores of one analysed window.

    ``parts`` maps each part of the calibrated score to its upper-tail p-value among normals,
    ``findings`` to what it finds; ``score`` is calibrated, ``raw_score`` the paper's.
    """

    start_s: float
    stop_s: float
    score: float
    raw_score: float
    p_value: float
    parts: Mapping[str, float]
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flag:
    """A suspicious span.

    Attributes
    ----------
    start_s, stop_s : float
    leads : tuple of str
        Empty: the finding is not of a lead (a rhythm, an interval).
    score : float
        Highest value of the score map in the span, or the score of the window.
    p_value : float
        Share of normal 10-s windows that are at least this suspicious, at their most suspicious
        moment or in these parts of the score.
    reason : str
        In words.
    parts : tuple of str
        Parts of the score whose finding concerns the span as a whole: what every beat of it
        shows, its rhythm, its intervals. Empty for a place on the score map.
    """

    start_s: float
    stop_s: float
    leads: tuple[str, ...]
    score: float
    p_value: float
    reason: str
    parts: tuple[str, ...] = ()

    @property
    def placed(self) -> bool:
        """Whether the flag is a place on the score map rather than a whole window."""
        return not self.parts


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything one model run computed for one recording. Panels only read it.

    Attributes
    ----------
    model : str
        The id of the model.
    bundle_sha256, recording_sha256 : str
        What was run on what.
    preprocessing : mapping
        The spec that the bundle carries.
    leads : tuple of str
        The rows of the maps (the 12 standard leads).
    score, raw_score, p_value : float
        Of the whole record: calibrated, as in the paper, and against normals.
    parts : mapping
        Upper-tail p-value of each part of the calibrated score.
    windows : tuple of WindowScore
    map_fs_hz : float
        Samples per second of every map; sample ``k`` is at ``k / map_fs_hz`` seconds.
    score_map : array [12, T]
        Calibrated residual (how many robust deviations from normal); NaN where masked.
    reconstruction_mv, model_input_mv : array [12, T]
        In mV, at ``map_fs_hz``. The reconstruction is of the unfiltered trace: the baseline
        which preprocessing removed is added back. ``model_input_mv`` is what the model saw,
        and ``model_output_mv`` its reconstruction of exactly that.
    attention, saliency : array [12, T] or None
        Attention received per lead and moment (VAE-BiLSTM-MHA), input saliency (CAE).
    quality : tuple of QualityFinding
    record_reference : NormalReference
        Calibrated record scores of normals.
    map_reference : NormalReference
        Per normal 10-s window, the highest value of its score map.
    versions : mapping
        Library versions, for the seal.
    record_name : str
        Empty in an analysis from the cache, where no names are kept.
    device : str
    elapsed_s : float
    notes : tuple of str
        What the user must know (leads left out, samples masked, amplitude unknown).
    analysed_s : float or None
        None when the whole recording was analysed. Else this is what was found up to here, in
        seconds from the start: the maps end there, the score is provisional.
    """

    model: str
    bundle_sha256: str
    recording_sha256: str
    record_name: str
    preprocessing: Mapping[str, object]
    leads: tuple[str, ...]
    duration_s: float
    score: float
    raw_score: float
    p_value: float
    parts: Mapping[str, float]
    windows: tuple[WindowScore, ...]
    map_fs_hz: float
    score_map: FloatArray
    reconstruction_mv: FloatArray
    model_input_mv: FloatArray
    model_output_mv: FloatArray
    record_reference: NormalReference
    map_reference: NormalReference
    attention: FloatArray | None = None
    saliency: FloatArray | None = None
    quality: tuple[QualityFinding, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"
    elapsed_s: float = 0.0
    notes: tuple[str, ...] = ()
    analysed_s: float | None = None

    @property
    def is_partial(self) -> bool:
        """Whether only the beginning of the recording was analysed."""
        return self.analysed_s is not None

    def extent_text(self) -> str:
        """Return which part was analysed, such as ``the first 1:20:00 of 24:00:00``."""
        if self.analysed_s is None:
            return f"all {clock_text(self.duration_s)}"
        return f"the first {clock_text(self.analysed_s)} of {clock_text(self.duration_s)}"

    def continues(self, earlier: Analysis | None) -> bool:
        """Return whether this is the same run, further on than ``earlier``."""
        return (
            earlier is not None
            and earlier.is_partial
            and earlier.bundle_sha256 == self.bundle_sha256
            and earlier.recording_sha256 == self.recording_sha256
            and earlier.score_map.shape[1] <= self.score_map.shape[1]
        )

    def threshold(self, specificity: float) -> float:
        """Return the record score that this share of normal records stays below."""
        return self.record_reference.threshold(specificity)

    def passing(self, windows: Sequence[WindowScore], specificity: float) -> list[bool]:
        """Return which of these windows are why the record passes its threshold.

        A record passes exactly when one of its windows does: the smallest of many p-values is
        corrected for their number in both.
        """
        if not self.is_acceptable:
            return [False] * len(windows)
        n, level = len(self.windows), self.threshold(specificity)
        return [score_of(family_p_value(window.p_value, n)) >= level for window in windows]

    def map_threshold(self, specificity: float) -> float:
        """Return the map level that this share of normal 10-s windows never reaches."""
        return self.map_reference.threshold(specificity)

    def is_abnormal(self, specificity: float) -> bool | None:
        """Return whether the record's score passes the threshold.

        None where the recording is not good enough for a verdict; what is suspicious in the leads
        that can be read is flagged all the same.
        """
        return self.score >= self.threshold(specificity) if self.is_acceptable else None

    @property
    def looked_at_s(self) -> float:
        """Seconds from the start that were analysed."""
        return self.duration_s if self.analysed_s is None else self.analysed_s

    def quality_text(self) -> str:
        """Return ``ok`` or a short reason, such as ``flat V3; missing 2.0-3.0 s all leads``."""
        return quality_words(self.quality, self.leads, self.looked_at_s)

    @property
    def is_acceptable(self) -> bool:
        """Whether the recording is good enough for a verdict on it as a whole."""
        return acceptable(self.quality, self.leads, self.looked_at_s)


def clock_text(seconds: float) -> str:
    """Return a time within a recording as ``h:mm:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def family_p_value(p_value: float, n_windows: int) -> float:
    """Return what the smallest p-value of ``n_windows`` windows of a record is worth (Šidák).

    A minute of a normal heart is no more suspicious than ten seconds of it, and one premature
    beat in it still counts. From an hour on the family is the hour.
    """
    count = min(n_windows, FAMILY_WINDOWS) ** DEPENDENCE
    return -math.expm1(count * math.log1p(-min(p_value, 1.0 - 1e-12)))


def score_of(p_value: float) -> float:
    """Return ``-log10`` of a p-value, the scale of calibrated scores; NaN stays NaN."""
    # + 0.0: a p-value of 1 gives 0, not -0.
    return -math.log10(max(p_value, 1e-300)) + 0.0 if math.isfinite(p_value) else math.nan
