"""Everything the trace view shows, apart from how it is shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ecgviewer.app.trace.data.chunks import ChunkStore
from ecgviewer.app.trace.data.loader import DisplayFilter
from ecgviewer.app.trace.data.maps import AnalysisMaps
from ecgviewer.app.trace.layout import Reach
from ecgviewer.app.trace.page_marks import ColorLegend
from ecgviewer.app.trace.pixel_columns import Stretch
from ecgviewer.app.trace.strips import Spans
from ecgviewer.app.trace.tracks import Track, annotation_track, flag_track
from ecgviewer.core.analysis import Analysis, Flag
from ecgviewer.core.recording import Recording
from ecgviewer.core.start import Start
from ecgviewer.review.annotations import Annotation

LEGEND_SPECIFICITY = 0.95
HEAT_RANGE = (1 / 3, 2.0)
"""The heat scale, as multiples of the threshold at this specificity: fixed for a model and thus
comparable across records; what is usual among normals stays pale."""

RARE_WAVE_MV = 1.0
"""By how much the tallest waves may exceed the usual ones and still be given room for."""


class Scene:
    """The recording, its analysis, flags and annotations, prepared for painting."""

    def __init__(self, recording: Recording | None = None) -> None:
        self.recording = recording
        self.store = (
            ChunkStore(len(recording.leads), recording.n_samples) if recording is not None else None
        )
        self._centre_mv: npt.NDArray[np.float32] | None = None
        self._reach = Reach()
        self.display = DisplayFilter()
        self.analysis: Analysis | None = None
        self.maps: AnalysisMaps | None = None
        self.specificity = LEGEND_SPECIFICITY
        self.heat_levels = (0.0, 1.0)
        self.flags: tuple[Flag, ...] = ()
        self.flag_track: Track = flag_track(())
        self.selected_flag: int | None = None
        self.annotations: tuple[Annotation, ...] = ()
        self.annotation_track: Track = annotation_track(())
        self.selected_annotation: int | None = None
        self._place: dict[str, int] = {}
        self.quality = Spans([], [], [])
        self.r_peaks: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.problem = ""

    @property
    def duration_s(self) -> float:
        """Length of the recording; 0 without one."""
        return self.recording.duration_s if self.recording is not None else 0.0

    @property
    def clock(self) -> Start | None:
        """The recording's start, where its time of day is known."""
        start = self.recording.start if self.recording is not None else None
        return start if start is not None and start.clock is not None else None

    def set_analysis(self, analysis: Analysis | None) -> None:
        """Show the maps of an analysis, or more of those of one under way."""
        self.analysis = analysis
        findings = sorted(analysis.quality if analysis is not None else (), key=lambda f: f.start_s)
        self.quality = Spans(
            [f.start_s for f in findings], [f.stop_s for f in findings],
            [(f.lead,) for f in findings],
        )  # fmt: skip
        if analysis is not None and self.maps is not None and self.maps.take(analysis):
            return
        self.close_maps()
        if analysis is None:
            return
        self.maps = AnalysisMaps(analysis)
        level = analysis.map_threshold(LEGEND_SPECIFICITY)
        self.heat_levels = (HEAT_RANGE[0] * level, HEAT_RANGE[1] * level)

    def close_maps(self) -> None:
        """Stop reading maps and forget them."""
        if self.maps is not None:
            self.maps.close()
            self.maps = None

    def shown_maps(self, overlays: dict[str, bool]) -> set[str]:
        """Return the maps that the view and the overview draw from."""
        names = {"score", *self.strip_names(overlays)}
        if overlays["model_input"]:
            names.add("model_input")
        if overlays["reconstruction"]:
            names.add("model_output" if overlays["model_input"] else "reconstruction")
        return names

    def set_flags(self, flags: Sequence[Flag], selected: int | None) -> None:
        """Show these flags; they must be in order of their start, as derived."""
        self.flags = tuple(flags)
        self.flag_track = flag_track(self.flags)
        self.selected_flag = selected

    def set_annotations(self, annotations: Sequence[Annotation], selected: str | None) -> None:
        """Show these annotations."""
        self.annotations = tuple(sorted(annotations, key=lambda a: a.start_s))
        self.annotation_track = annotation_track(self.annotations)
        self._place = {annotation.id: i for i, annotation in enumerate(self.annotations)}
        self.select_annotation(selected)

    def select_annotation(self, annotation_id: str | None) -> None:
        """Emphasise one of the annotations shown, or none."""
        self.selected_annotation = self._place.get(annotation_id or "")

    def centre(self) -> npt.NDArray[np.float32]:
        """Return each lead's resting level in mV, found once from the first samples that came."""
        self._measure()
        if self._centre_mv is None:
            n_leads = len(self.recording.leads) if self.recording is not None else 0
            return np.zeros(n_leads, dtype=np.float32)
        return self._centre_mv

    def recentre(
        self, lo: npt.NDArray[np.float32], hi: npt.NDArray[np.float32], room_mv: float
    ) -> bool:
        """Follow the baseline of leads that wandered further than ``room_mv`` from their level.

        Parameters
        ----------
        lo, hi : array [L, m]
            Extremes of what is in view.

        Returns
        -------
        bool
            Whether any lead did.
        """
        centre = self.centre()
        middle = lo + hi
        middle *= np.float32(0.5)
        gaps = np.isnan(middle)
        known = ~gaps.all(axis=1)
        if not known.any():
            return False
        # Telling apart is worth it: the median that minds gaps is ten times slower.
        now = (np.nanmedian if gaps.any() else np.median)(middle[known], axis=1)
        rows = np.flatnonzero(known)
        far = np.abs(now - centre[rows]) > room_mv
        centre[rows[far]] = now[far]
        return bool(far.any())

    def sources(self, stretch: Stretch, px_per_s: float) -> tuple[bool, ...]:
        """Return which of what is shown comes from samples, and which from coarser overviews."""
        sources = []
        if self.recording is not None and self.store is not None:
            fs_hz = self.recording.fs_hz
            view = (*stretch.samples(fs_hz), fs_hz / px_per_s)
            sources.append(bool(self.store.chunks_for(*view)))
        if self.maps is not None and self.analysis is not None:
            fs_hz = self.analysis.map_fs_hz
            sources += self.maps.sources(*stretch.samples(fs_hz), fs_hz / px_per_s)
        return tuple(sources)

    def reach(self) -> Reach:
        """Return how far the leads reach from their resting levels, found with these."""
        self._measure()
        return self._reach

    def _measure(self) -> None:
        if self.recording is None or self.store is None or self._centre_mv is not None:
            return
        samples = self.store.samples(0)
        if self.store.filtered or samples is None:
            size = self.store.factors[-1]
            lo, hi = self.store.slice(size, 0, self.store.n_swept // size)
            thin = slice(None)
        else:
            size = 1
            lo = hi = samples
            thin = slice(None, None, max(samples.shape[1] // 8192, 1))
        has = np.isfinite(hi[:, thin]).any(axis=1)
        if not has.any():
            return
        middle = np.zeros(lo.shape[0], dtype=np.float32)
        middle[has] = np.nanmedian((lo[has, thin] + hi[has, thin]) / 2, axis=1)
        self._centre_mv = middle
        level = middle[:, np.newaxis]
        away = np.fmax(hi[:, thin] - level, level - lo[:, thin])
        # The extremes of every sample: an R peak lasts no longer than a few.
        per_second = max(round(self.recording.fs_hz / size), 1)
        leads = self.recording.leads
        self._reach = Reach(
            dict(zip(leads, _tallest(hi - level, per_second), strict=True)),
            dict(zip(leads, _tallest(level - lo, per_second), strict=True)),
            float(np.clip(2.2 * np.nanquantile(away, 0.995), 0.1, 50.0)),
        )

    def legends(self, overlays: dict[str, bool]) -> list[ColorLegend]:
        """Return the colour scales of the strips that are on."""
        if self.analysis is None or self.maps is None:
            return []
        legends = []
        if overlays["attention"] and "attention" in self.maps:
            low, high = self.maps.usual_range("attention")
            title = "Attention" if self.analysis.attention is not None else "Saliency"
            legends.append(ColorLegend(title, "attention", f"{low:.2g}", f"{high:.2g}"))
        if overlays["heat"]:
            low, high = self.heat_levels
            level = self.analysis.map_threshold(self.specificity)
            legends.append(
                ColorLegend(
                    "Residual",
                    "heat",
                    f"≤ {low:.2g}",
                    f"≥ {high:.3g}",
                    (level - low) / (high - low) if high > low else None,
                    f"flag at {level:.3g}",
                )
            )
        return legends

    def strip_names(self, overlays: dict[str, bool]) -> list[str]:
        """Return the maps drawn as strips under each lane, top to bottom."""
        if self.maps is None:
            return []
        wanted = (("heat", "score"), ("attention", "attention"))
        return [name for overlay, name in wanted if overlays[overlay] and name in self.maps]


def _tallest(height_mv: npt.NDArray[np.float32], per_second: int) -> list[float]:
    """Return how high each lead's waves reach; of artefacts far above those of other seconds only
    a part."""
    starts = np.arange(0, height_mv.shape[1], per_second)
    peaks = np.fmax.reduceat(height_mv, starts, axis=1)
    peaks[np.isnan(peaks).all(axis=1)] = 0.0
    tallest = np.minimum(np.nanmax(peaks, axis=1), np.nanmedian(peaks, axis=1) + RARE_WAVE_MV)
    return [float(height) for height in tallest]
