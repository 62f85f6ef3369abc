"""What stands on a page of the report."""

from __future__ import annotations

from dataclasses import dataclass

from ecgviewer.core.analysis import Flag
from ecgviewer.core.record.recording import FloatArray
from ecgviewer.core.record.stimuli import StimulusMarks
from ecgviewer.review.annotations import Annotation


@dataclass(frozen=True, eq=False)
class ReportPage:
    """Everything on the page, in words and samples.

    Attributes
    ----------
    title, subtitle : str
        Record and patient line.
    verdict : str
    abnormal : bool or None
        None without an analysis.
    quality : str
        What is wrong with the signal; empty when nothing is.
    measures : tuple of (name, text)
    statements : tuple of str
        What passed a published limit.
    leads : tuple of str
        Rows of ``signal_mv``; only leads that the recording has.
    signal_mv : array [L, n]
        Unfiltered, ``fs_hz`` samples per second from ``start_s`` on.
    stimuli : StimulusMarks
        Of a pacemaker, in samples of ``signal_mv``.
    flags : tuple of Flag
        Those to draw: the ones that were rejected are listed only.
    flag_count : str
        How many there are, and how many of them got which verdict.
    flag_lines, annotation_lines, seal : tuple of str
    machine_title : str
        Over what the recording machine concluded; empty where that was not asked for.
    machine_texts : tuple of str
    """

    title: str
    subtitle: str
    verdict: str
    abnormal: bool | None
    quality: str
    measures: tuple[tuple[str, str], ...]
    statements: tuple[str, ...]
    leads: tuple[str, ...]
    signal_mv: FloatArray
    stimuli: StimulusMarks
    fs_hz: float
    start_s: float
    duration_s: float
    units_known: bool
    flags: tuple[Flag, ...]
    annotations: tuple[Annotation, ...]
    flag_count: str
    flag_lines: tuple[str, ...]
    annotation_lines: tuple[str, ...]
    seal: tuple[str, ...]
    machine_title: str = ""
    machine_texts: tuple[str, ...] = ()
