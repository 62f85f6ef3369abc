"""Everything the trace view shows, as one value that nobody changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ecgviewer.app.trace.scene.spans import NO_SPANS, Spans
from ecgviewer.app.trace.scene.tracks import Track, annotation_track, flag_track
from ecgviewer.core.analysis import Analysis, Flag
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.record.start import Start
from ecgviewer.core.record.stimuli import NO_MARKS, StimulusMarks
from ecgviewer.review.annotations import Annotation

LEGEND_SPECIFICITY = 0.95
HEAT_RANGE = (1 / 3, 2.0)
"""The heat scale, as multiples of the threshold at this specificity: fixed for a model and thus
comparable across records; what is usual among normals stays pale."""

MUCH_FLAGGED = 0.5
"""Share of a record above which shading what is flagged sets nothing apart any more."""

NO_FLAGS = flag_track(())
NO_ANNOTATIONS = annotation_track(())
NO_BEATS: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Scene:
    """A recording with all that is known about it.

    Attributes
    ----------
    recording : Recording or None
    analysis : Analysis or None
        Its reconstruction and maps; of one under way as far as they go.
    specificity : float
        Of the threshold that is marked on the colour scale of the residual.
    quality : Spans
        Where the analysis found that a lead cannot be judged.
    heat_levels : tuple of float
        Residual of the first and the last colour.
    flag_track, annotation_track : Track
        Flags with their verdicts, and annotations.
    selected_flag, selected_annotation : int or None
        Which of these is emphasised.
    edited_annotation : Annotation or None
        The one that has handles to drag its edges with.
    r_peaks : int array [B]
        Samples at the recording's rate.
    stimuli : StimulusMarks
        Of a pacemaker.
    clock : Start or None
        The start by whose clock times are told; None tells them from the start of the record.
    cursor_s : float or None
        The moment that another panel points at.
    """

    recording: Recording | None = None
    analysis: Analysis | None = None
    specificity: float = LEGEND_SPECIFICITY
    quality: Spans = NO_SPANS
    heat_levels: tuple[float, float] = (0.0, 1.0)
    flag_track: Track[Flag] = NO_FLAGS
    annotation_track: Track[Annotation] = NO_ANNOTATIONS
    selected_flag: int | None = None
    selected_annotation: int | None = None
    edited_annotation: Annotation | None = None
    r_peaks: npt.NDArray[np.int64] = field(default_factory=lambda: NO_BEATS)
    stimuli: StimulusMarks = NO_MARKS
    clock: Start | None = None
    cursor_s: float | None = None

    @property
    def duration_s(self) -> float:
        """Length of the recording; 0 without one."""
        return self.recording.duration_s if self.recording is not None else 0.0

    @property
    def much_is_flagged(self) -> bool:
        """Whether flags that nobody rejected cover more than half of the record."""
        return self.flag_track.covered_s > MUCH_FLAGGED * self.duration_s

    @property
    def flags(self) -> tuple[Flag, ...]:
        """The flags, in order of their start."""
        return self.flag_track.marks

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """The annotations, in order of their start."""
        return self.annotation_track.marks

    def with_analysis(self, analysis: Analysis | None, specificity: float) -> Scene:
        """Return the scene with the maps of an analysis, or of none.

        Parameters
        ----------
        specificity : float
            Of the threshold that is marked on the colour scale.
        """
        if analysis is self.analysis:
            return replace(self, specificity=specificity)
        findings = sorted(analysis.quality if analysis is not None else (), key=lambda f: f.start_s)
        starts, stops = [f.start_s for f in findings], [f.stop_s for f in findings]
        level = analysis.map_threshold(LEGEND_SPECIFICITY) if analysis is not None else 0.0
        return replace(
            self,
            analysis=analysis,
            specificity=specificity,
            quality=Spans(starts, stops, [(f.lead,) for f in findings]),
            heat_levels=(HEAT_RANGE[0] * level, HEAT_RANGE[1] * level) if level else (0.0, 1.0),
        )

    def with_flags(
        self, flags: Sequence[Flag], verdicts: Sequence[str] = (), selected: int | None = None
    ) -> Scene:
        """Return the scene with these flags, in order of their start, and their verdicts."""
        track = flag_track(flags, verdicts) if flags else NO_FLAGS
        return replace(self, flag_track=track, selected_flag=selected)

    def with_annotations(
        self, annotations: Sequence[Annotation], selected: str | None = None
    ) -> Scene:
        """Return the scene with these annotations; ``selected`` is the id of one of them."""
        track = annotation_track(annotations) if annotations else NO_ANNOTATIONS
        scene = replace(self, annotation_track=track).with_selected_annotation(selected)
        edited = self.edited_annotation
        return scene.with_edited_annotation(edited.id if edited is not None else None)

    def with_selected_annotation(self, annotation_id: str | None) -> Scene:
        """Return the scene with one of its annotations emphasised, or none."""
        return replace(self, selected_annotation=self._place(annotation_id))

    def with_edited_annotation(self, annotation_id: str | None) -> Scene:
        """Return the scene with handles on one of its annotations, or on none."""
        at = self._place(annotation_id)
        return replace(self, edited_annotation=self.annotations[at] if at is not None else None)

    def _place(self, annotation_id: str | None) -> int | None:
        if not annotation_id:
            return None
        return next((i for i, a in enumerate(self.annotations) if a.id == annotation_id), None)
