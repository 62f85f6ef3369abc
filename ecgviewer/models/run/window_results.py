"""What the model says of one window, and of the windows that were prepared together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ecgviewer.core.analysis import FloatArray, WindowScore
from ecgviewer.core.quality import QualityFinding
from ecgviewer.models.networks.network import NetworkOutput
from ecgviewer.models.run.kept.analysis_files import windows_from_values, windows_to_values
from ecgviewer.models.run.runner import evidence
from ecgviewer.models.run.windows import PreparedWindow, merge_findings
from ecgviewer.models.score.fusion import Scorer
from ecgviewer.signal.preprocessing import Preprocessing


@dataclass(slots=True)
class WindowVerdicts:
    """What accumulates over the windows of a recording, without their maps."""

    scores: list[WindowScore] = field(default_factory=list)
    findings: list[QualityFinding] = field(default_factory=list)
    unjudged_s: float = 0.0

    def add(self, later: WindowVerdicts) -> None:
        """Append those of the windows that follow."""
        self.scores += later.scores
        self.unjudged_s += later.unjudged_s
        if later.findings:
            # Only what reaches the new part can go on in it; a day may hold thousands.
            border = min(finding.start_s for finding in later.findings) - 1.0
            closed = [finding for finding in self.findings if finding.stop_s < border]
            open_ones = [finding for finding in self.findings if finding.stop_s >= border]
            self.findings = closed + list(merge_findings(open_ones + later.findings))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self) | {"scores": windows_to_values(self.scores)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> WindowVerdicts:
        """Undo :meth:`to_json`; raises KeyError or TypeError on anything else."""
        return cls(
            windows_from_values(values["scores"]),
            [QualityFinding(**finding) for finding in values["findings"]],
            float(values["unjudged_s"]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class JudgedWindows:
    """Successive windows, judged.

    Attributes
    ----------
    start, stop : int
        The columns of the maps they answer for.
    columns : dict of array [12, stop - start]
        By name of the map.
    verdicts : Verdicts
    """

    start: int
    stop: int
    columns: dict[str, FloatArray]
    verdicts: WindowVerdicts


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Scores windows and makes the columns of the maps.

    Parameters
    ----------
    preprocessing : Preprocessing
    scorer : Scorer
    amplitude_known : bool
        Whether the recording gives a physical unit.
    maps : tuple of str
        The maps that this model makes.
    """

    preprocessing: Preprocessing
    scorer: Scorer
    amplitude_known: bool
    maps: tuple[str, ...]

    def piece(
        self, windows: list[PreparedWindow], outputs: list[NetworkOutput | None]
    ) -> JudgedWindows:
        """Return successive windows, judged; None stands for a window with too few leads."""
        verdicts = WindowVerdicts()
        parts = [
            self._columns(window, output, verdicts)
            for window, output in zip(windows, outputs, strict=True)
        ]
        columns = {name: np.concatenate([part[name] for part in parts], 1) for name in self.maps}
        return JudgedWindows(
            windows[0].span.own_start, windows[-1].span.own_stop, columns, verdicts
        )

    def _columns(
        self, window: PreparedWindow, output: NetworkOutput | None, verdicts: WindowVerdicts
    ) -> dict[str, FloatArray]:
        """Score a window and return the columns of the maps it answers for."""
        fs, span = self.preprocessing.fs_hz, window.span
        verdicts.findings += window.findings
        own = slice(span.own_start - span.start, span.own_stop - span.start)
        usable = window.usable[:, own]
        trace = _masked(window.signal_mv, window.usable)
        if output is None:
            verdicts.unjudged_s += (span.own_stop - span.own_start) / fs
            blank = np.full(usable.shape, np.nan, dtype=np.float32)
            return dict.fromkeys(self.maps, blank) | {"model_input_mv": trace[:, own]}
        result = self.scorer.score(evidence(window, output, fs, self.amplitude_known))
        verdicts.scores.append(
            WindowScore(
                start_s=span.start / fs,
                stop_s=span.stop / fs,
                score=result.score,
                raw_score=result.raw_score,
                p_value=result.p_value,
                parts=dict(result.parts),
                findings=dict(result.findings),
            )
        )
        restored = self.preprocessing.unscale(output.mean, like=trace)
        model_output = _masked(restored[:, own], usable)
        columns = {
            "model_input_mv": trace[:, own],
            "score_map": _masked(result.score_map[:, own], usable),
            "model_output_mv": model_output,
            "reconstruction_mv": model_output + window.baseline_mv[:, own],
        }
        for name in ("attention", "saliency"):
            values = getattr(output, name)
            if values is not None:
                columns[name] = _masked(values[:, own], usable)
        return columns


def _masked(values: FloatArray, usable: np.typing.NDArray[np.bool_]) -> FloatArray:
    return np.where(usable, values, np.float32(np.nan))
