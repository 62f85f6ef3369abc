"""Where a map points when it is known where the lesion is (see ``lesions`` beside this)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.flags import derive_flags
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.progress import Progress
from ecgviewer.core.record.recording import FloatArray, Recording
from ecgviewer.io import open_record
from ecgviewer.models.run.analyser import Detector
from ecgviewer.signal.heartbeats.beats import detect_r_peaks
from trainer.datasets.entries import Entry
from trainer.judging.localisation import lesions, lesions_in_time, lesions_transplanted
from trainer.judging.localisation.lesion import Generator, Lesion, inject
from trainer.judging.metrics import auroc, dice

BoolArray = npt.NDArray[np.bool_]

SPECIFICITY = 0.95
MAX_RECORDS = 40


@dataclass(frozen=True, slots=True)
class Localisation:
    """How well one lesion was found.

    Attributes
    ----------
    kind : str
    generator : str
        A key of :func:`generators`.
    point_auroc : float
        Of the map's samples, inside against outside the lesion; NaN where the quality check
        masked all of the lesion.
    dice : float
        Of flagged samples with the lesion.
    flagged : bool
        Whether any flag with leads was raised.
    hit : bool
        Whether the top flag (the map's highest place, without a flag) overlaps the lesion in
        time and lead.
    masked : bool
        Whether the quality check named all of it, so that there is no map to judge.
    """

    kind: str
    generator: str
    point_auroc: float
    dice: float
    flagged: bool
    hit: bool
    masked: bool


def generators(entries: Sequence[Entry]) -> dict[str, dict[str, Generator]]:
    """Return the kinds of lesions by how they are made: drawn, in time, and of other people."""
    return {
        "drawn": lesions.KINDS,
        "in time": lesions_in_time.KINDS,
        "transplanted": lesions_transplanted.kinds(lesions_transplanted.donors(entries)),
    }


class _InMemory:
    """A signal source over an array."""

    def __init__(self, signal_mv: FloatArray) -> None:
        self._signal = signal_mv

    def read(self, start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        return np.asarray(self._signal[list(leads), start:stop])

    def content_hash(self) -> str:
        return "in memory"

    def close(self) -> None:
        pass


def with_lesion(
    recording: Recording,
    kind: str,
    rng: np.random.Generator,
    kinds: dict[str, Generator] = lesions.KINDS,
) -> tuple[Recording, Lesion]:
    """Return a copy of a recording (12 standard leads, mV) with a lesion, and the lesion.

    Raises
    ------
    ValueError
        When leads are missing, or the record has too few beats.
    """
    if recording.missing_standard_leads or not recording.units_known:
        raise ValueError("lesions need the 12 standard leads in mV")
    signal = recording.read_samples(0, recording.n_samples, STANDARD_LEADS)
    signal = np.nan_to_num(signal)
    peaks = detect_r_peaks(signal, recording.fs_hz)
    lesion = inject(kind, signal, recording.fs_hz, peaks, rng, kinds)
    changed = replace(recording, leads=STANDARD_LEADS, source=_InMemory(lesion.signal_mv))
    return changed, lesion


def judge(
    analysis: Analysis, lesion: Lesion, fs_hz: float, generator: str = "drawn"
) -> Localisation:
    """Return how well an analysis of the changed record finds the lesion."""
    truth = _at_rate(lesion.mask, fs_hz, analysis.map_fs_hz, analysis.score_map.shape[1])
    values = analysis.score_map
    known = np.isfinite(values)
    found = np.nan_to_num(values, nan=-np.inf) >= analysis.map_threshold(SPECIFICITY)
    flags = [flag for flag in derive_flags(analysis, SPECIFICITY) if flag.placed]
    if flags:
        top = max(flags, key=lambda flag: flag.score)
        rows = [analysis.leads.index(lead) for lead in top.leads]
        start, stop = (round(t * analysis.map_fs_hz) for t in (top.start_s, top.stop_s))
        hit = bool(truth[rows, start : max(stop, start + 1)].any())
    else:
        row, at = np.unravel_index(np.nanargmax(values), values.shape)
        hit = bool(truth[row, max(at - 2, 0) : at + 3].any())
    return Localisation(
        kind=lesion.kind,
        generator=generator,
        point_auroc=auroc(truth[known], values[known]),
        dice=dice(found, truth),
        flagged=bool(flags),
        hit=hit,
        masked=not (truth & known).any(),
    )


def _at_rate(mask: BoolArray, fs_in: float, fs_out: float, n: int) -> BoolArray:
    """Return a mask at another rate: True where any of its samples was."""
    at = np.minimum((np.arange(mask.shape[1]) * fs_out / fs_in).astype(np.int64), n - 1)
    starts = np.searchsorted(at, np.arange(n))
    out: BoolArray = np.logical_or.reduceat(mask, np.minimum(starts, mask.shape[1] - 1), axis=1)
    return out


def localise(
    entries: Sequence[Entry],
    detector: Detector,
    progress: Progress,
    seed: int = 0,
    n_records: int = MAX_RECORDS,
) -> list[Localisation]:
    """Inject every kind of lesion in the clean normals among some records.

    Normals without units, or with too few beats, are passed over. Deterministic for a seed.

    Parameters
    ----------
    entries : sequence of Entry
        Records that may be reported on: no model was trained or calibrated on them.
    """
    rng = np.random.default_rng(seed)
    normals = [entry for entry in entries if entry.clean]
    made = generators(entries)
    out: list[Localisation] = []
    used = 0
    for k in rng.permutation(len(normals)).tolist():
        if used >= n_records:
            break
        try:
            recording = open_record(normals[k].ref)
            changed = [
                (name, *with_lesion(recording, kind, rng, kinds))
                for name, kinds in made.items()
                for kind in kinds
            ]
            judged = [
                judge(detector.analyze(lesioned), lesion, recording.fs_hz, name)
                for name, lesioned, lesion in changed
                if lesion.mask.any()
            ]
        except (EcgViewerError, ValueError):
            # Not every normal can carry a lesion (no units, too few beats, too short).
            continue
        out += judged
        used += 1
        progress(used / n_records, f"lesions in {normals[k].name}")
    return out
