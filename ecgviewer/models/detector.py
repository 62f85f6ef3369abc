"""One model run over one recording: from file to everything the panels show.

The recording is read, prepared, inferred and scored window by window, so that hours need no more
memory than seconds (the maps of long recordings are memory-mapped files).
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch

import ecgviewer
from ecgviewer.core.analysis import Analysis, FloatArray, QualityFinding, WindowScore
from ecgviewer.core.errors import AnalysisError
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.progress import CancelToken, Progress, no_progress
from ecgviewer.core.recording import Recording
from ecgviewer.models.bundle import Bundle
from ecgviewer.models.devices import resolve_device
from ecgviewer.models.evidence import Window
from ecgviewer.models.maps import MapBuilder, PartialMaps
from ecgviewer.models.network import NetworkOutput
from ecgviewer.models.runner import Runner, ahead, batched, evidence
from ecgviewer.models.scoring import Scorer, WindowResult
from ecgviewer.models.windows import (
    MIN_LEADS,
    LeadPlan,
    PreparedWindow,
    merge_findings,
    prepare_windows,
)
from ecgviewer.signal.resample import resampled_length
from ecgviewer.signal.scipy_parts import scipy_version

OnPartial = Callable[[PartialMaps], None]


@dataclass(slots=True)
class _Gathered:
    """What accumulates over the windows of a recording."""

    scores: list[WindowScore] = field(default_factory=list)
    results: list[WindowResult] = field(default_factory=list)
    findings: list[QualityFinding] = field(default_factory=list)
    unjudged_s: float = 0.0


class Detector:
    """A loaded model, ready to analyse recordings.

    Parameters
    ----------
    bundle : Bundle
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises
    ------
    AnalysisError
        When the device does not exist.
    """

    def __init__(self, bundle: Bundle, device: str = "auto") -> None:
        self.bundle = bundle
        self._runner = Runner(bundle.build_network(), resolve_device(device))

    @cached_property
    def scorer(self) -> Scorer:
        """The calibrated scorer; raises BundleError when the bundle has none."""
        return self.bundle.scorer()

    def windows(
        self,
        recording: Recording,
        cancel: CancelToken | None = None,
        prepared: Iterable[PreparedWindow] | None = None,
    ) -> Iterator[tuple[PreparedWindow, NetworkOutput | None]]:
        """Yield every window with the network's answer; None where too few leads are usable."""
        if prepared is None:
            prepared = prepare_windows(recording, self.bundle.preprocessing, self.bundle.windowing)
        # Hours: preparing, the network and (in the caller's thread) scoring share the cores.
        is_long = recording.duration_s > 3 * self.bundle.windowing.length_s
        if is_long:
            prepared = ahead(iter(prepared), self._runner.batch_size)
        inferred = (
            (group, self._runner.infer(group))
            for group in batched(prepared, self._runner.batch_size)
        )
        for group, outputs in ahead(inferred, 1) if is_long else inferred:
            for window, output in zip(group, outputs, strict=True):
                if cancel is not None:
                    cancel.raise_if_cancelled()
                yield window, output if window.judged else None

    def evidence(self, recording: Recording) -> Iterator[Window]:
        """Yield the judged windows as the scorer wants them (for calibration)."""
        fs = self.bundle.preprocessing.fs_hz
        for window, output in self.windows(recording):
            if output is not None:
                yield evidence(window, output, fs, recording.units_known)

    def analyze(
        self,
        recording: Recording,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
        on_partial: OnPartial | None = None,
        prepared: Iterable[PreparedWindow] | None = None,
    ) -> Analysis:
        """Run the model over a recording.

        Parameters
        ----------
        progress : callable
            Called after each window.
        cancel : CancelToken
            Checked between windows.
        on_partial : callable, optional
            Called with the columns of the maps that each window finished.
        prepared : iterable of PreparedWindow, optional
            The windows of this recording as this bundle's preprocessing and windowing make them,
            where another model of the same preparation has had them already.

        Raises
        ------
        AnalysisError
            When the recording is too short, lacks leads, or has no usable part.
        RecordError
            When the file cannot be read.
        CancelledError
        """
        started = time.perf_counter()
        fs = self.bundle.preprocessing.fs_hz
        total = resampled_length(recording.n_samples, recording.fs_hz, fs)
        leads = LeadPlan.of(recording)
        scorer = self.scorer
        extra = {"vae-bilstm-mha": ("attention",), "cae": ("saliency",)}
        names = ("score_map", "reconstruction_mv", "model_input_mv", "model_output_mv")
        maps = MapBuilder(names + extra.get(self.bundle.architecture, ()), total)
        gathered = _Gathered()
        try:
            for window, output in self.windows(recording, cancel, prepared):
                columns = self._judge(window, output, recording.units_known, scorer, gathered)
                start = window.span.own_start
                for name in maps.names:
                    maps.write(name, start, columns[name])
                if on_partial is not None:
                    on_partial(PartialMaps(start, total, fs, columns))
                progress(window.span.own_stop / total, f"{window.span.own_stop / fs:.0f} s")
            analysis = self._finish(recording, leads, maps, gathered, started)
        except BaseException:
            maps.discard()
            raise
        maps.keep_for(analysis)
        return analysis

    def _judge(
        self,
        window: PreparedWindow,
        output: NetworkOutput | None,
        amplitude_known: bool,
        scorer: Scorer,
        gathered: _Gathered,
    ) -> dict[str, FloatArray]:
        """Score a window and return the columns of the maps it answers for."""
        fs, span = self.bundle.preprocessing.fs_hz, window.span
        gathered.findings += window.findings
        own = slice(span.own_start - span.start, span.own_stop - span.start)
        usable = window.usable[:, own]
        trace = _masked(window.signal_mv, window.usable)
        columns = {"model_input_mv": trace[:, own]}
        if output is None:
            gathered.unjudged_s += (span.own_stop - span.own_start) / fs
            blank = np.full(usable.shape, np.nan, dtype=np.float32)
            others = ("score_map", "reconstruction_mv", "model_output_mv", "attention", "saliency")
            return columns | dict.fromkeys(others, blank)
        result = scorer.score(evidence(window, output, fs, amplitude_known))
        gathered.scores.append(
            WindowScore(
                start_s=span.start / fs,
                stop_s=span.stop / fs,
                score=result.score,
                raw_score=result.raw_score,
                p_value=result.p_value,
                parts=result.parts,
            )
        )
        # The map went to its place; hours of them would fill the memory.
        gathered.results.append(replace(result, score_map=result.score_map[:, :0]))
        restored = self.bundle.preprocessing.unscale(output.mean, like=trace)
        columns["score_map"] = _masked(result.score_map[:, own], usable)
        columns["model_output_mv"] = _masked(restored[:, own], usable)
        columns["reconstruction_mv"] = columns["model_output_mv"] + window.baseline_mv[:, own]
        for name in ("attention", "saliency"):
            values = getattr(output, name)
            if values is not None:
                columns[name] = _masked(values[:, own], usable)
        return columns

    def _finish(
        self,
        recording: Recording,
        leads: LeadPlan,
        maps: MapBuilder,
        gathered: _Gathered,
        started: float,
    ) -> Analysis:
        absent = [
            QualityFinding(lead, "missing", 0.0, recording.duration_s) for lead in leads.missing
        ]
        quality = tuple(absent) + merge_findings(gathered.findings)
        if not gathered.results:
            found = "; ".join(finding.text() for finding in quality[:12])
            raise AnalysisError(
                f"no part of the recording has {MIN_LEADS} usable leads ({found or 'no signal'})"
            )
        record = self.scorer.combine(gathered.results)
        arrays = maps.finish()
        return Analysis(
            model=self.bundle.architecture,
            bundle_sha256=self.bundle.sha256,
            recording_sha256=recording.content_hash(),
            record_name=recording.name,
            preprocessing=self.bundle.preprocessing.to_dict(),
            leads=STANDARD_LEADS,
            duration_s=recording.duration_s,
            score=record.score,
            raw_score=record.raw_score,
            p_value=record.p_value,
            parts=record.parts,
            windows=tuple(gathered.scores),
            map_fs_hz=self.bundle.preprocessing.fs_hz,
            score_map=arrays["score_map"],
            reconstruction_mv=arrays["reconstruction_mv"],
            model_input_mv=arrays["model_input_mv"],
            model_output_mv=arrays["model_output_mv"],
            attention=arrays.get("attention"),
            saliency=arrays.get("saliency"),
            record_reference=self.scorer.record_reference,
            map_reference=self.scorer.map_reference,
            quality=quality,
            versions=library_versions(),
            device=str(self._runner.device),
            elapsed_s=time.perf_counter() - started,
            notes=self._notes(recording, leads, gathered),
        )

    def _notes(self, recording: Recording, leads: LeadPlan, gathered: _Gathered) -> tuple[str, ...]:
        notes = []
        if leads.missing:
            notes.append(f"judged without the missing leads {', '.join(leads.missing)}")
        if leads.derived:
            notes.append(f"{', '.join(leads.derived)} computed from leads I and II")
        if not recording.units_known:
            notes.append("the file gives no units: shapes were judged, amplitudes were not")
        if gathered.unjudged_s > 0:
            notes.append(f"{gathered.unjudged_s:.0f} s have too few usable leads to be judged")
        length = self.bundle.windowing.length_s
        if recording.duration_s < 0.99 * length:
            notes.append(
                f"{recording.duration_s:.1f} s is shorter than the {length:g} s of the normal "
                "records this is compared with"
            )
        if self._runner.note:
            notes.append(self._runner.note)
        return tuple(notes)


def library_versions() -> dict[str, str]:
    """Return the versions that decide what a model computes."""
    return {
        "ecgviewer": ecgviewer.__version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "scipy": scipy_version,
        "python": platform.python_version(),
    }


def _masked(values: FloatArray, usable: np.typing.NDArray[np.bool_]) -> FloatArray:
    return np.where(usable, values, np.float32(np.nan))
