"""An analysis put together from what was found, be it all or only the beginning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ecgviewer.core.analysis import Analysis, FloatArray, WindowScore
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.quality import EXCHANGES, QualityFinding
from ecgviewer.core.record.recording import Recording
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.run.kept.versions import library_versions
from ecgviewer.models.run.runner import Runner
from ecgviewer.models.run.window_results import WindowVerdicts
from ecgviewer.models.run.windows import LeadPlan, merge_findings
from ecgviewer.models.score.findings import HIGHPASS
from ecgviewer.models.score.fusion import RecordResult, Scorer, WindowResult

_NO_MAP = np.empty((12, 0), dtype=np.float32)
_NAN = float("nan")
CHILD_YEARS = 16.0
"""Younger patients are hardly among the normals: none of PTB-XL's records used here is."""


@dataclass(frozen=True, slots=True, eq=False)
class Assembly:
    """What an analysis says besides what was found in the signal."""

    bundle: Bundle
    scorer: Scorer
    recording: Recording
    leads: LeadPlan
    runner: Runner

    def analysis(
        self,
        verdicts: WindowVerdicts,
        maps: Mapping[str, FloatArray],
        elapsed_s: float,
        analysed_s: float | None = None,
    ) -> Analysis:
        """Return the analysis; with ``analysed_s``, as far as it has come."""
        recording = self.recording
        record = self._record(verdicts.scores)
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
            windows=tuple(verdicts.scores),
            map_fs_hz=self.bundle.preprocessing.fs_hz,
            score_map=maps["score_map"],
            reconstruction_mv=maps["reconstruction_mv"],
            model_input_mv=maps["model_input_mv"],
            model_output_mv=maps["model_output_mv"],
            attention=maps.get("attention"),
            saliency=maps.get("saliency"),
            record_reference=self.scorer.record_reference,
            map_reference=self.scorer.map_reference,
            quality=self.quality(verdicts),
            versions=library_versions(),
            device=str(self.runner.device),
            elapsed_s=elapsed_s,
            notes=self._notes(verdicts),
            analysed_s=analysed_s,
        )

    def quality(self, verdicts: WindowVerdicts) -> tuple[QualityFinding, ...]:
        """Return what could not be judged, leads that are not there at all first."""
        absent = [
            QualityFinding(lead, "missing", 0.0, self.recording.duration_s)
            for lead in self.leads.missing
        ]
        return tuple(absent) + merge_findings(verdicts.findings)

    def _record(self, scores: list[WindowScore]) -> RecordResult:
        if not scores:
            return RecordResult({}, _NAN, _NAN, _NAN)
        return self.scorer.combine(
            [
                WindowResult(_NO_MAP, s.parts, s.findings, s.score, s.p_value, s.raw_score)
                for s in scores
            ]
        )

    def _notes(self, verdicts: WindowVerdicts) -> tuple[str, ...]:
        recording, leads, notes = self.recording, self.leads, []
        if leads.missing:
            notes.append(f"judged without the missing leads {', '.join(leads.missing)}")
        if leads.derived:
            notes.append(f"{', '.join(leads.derived)} computed from leads I and II")
        for kind in dict.fromkeys(f.kind for f in verdicts.findings if f.kind in EXCHANGES):
            of = dict.fromkeys(f.lead for f in verdicts.findings if f.kind == kind)
            notes.append(f"{EXCHANGES[kind]}: {', '.join(of)} were not judged")
        if not recording.units_known:
            notes.append("the file gives no units: shapes were judged, amplitudes were not")
        age_years = recording.patient.age_years
        if age_years is not None and age_years < CHILD_YEARS:
            notes.append(
                "the patient is a child: the normal records this is compared with may all be of "
                "adults, and a child's rate, axes, intervals and T waves differ"
            )
        notes += self._device_notes(verdicts.scores)
        if verdicts.unjudged_s > 0:
            notes.append(f"{verdicts.unjudged_s:.0f} s have too few usable leads to be judged")
        length = self.bundle.windowing.length_s
        if recording.duration_s < 0.99 * length:
            notes.append(
                f"{recording.duration_s:.1f} s is shorter than the {length:g} s of the normal "
                "records this is compared with"
            )
        if self.runner.note:
            notes.append(self.runner.note)
        return tuple(notes)

    @staticmethod
    def _device_notes(scores: list[WindowScore]) -> list[str]:
        """Return what the device did to most windows, in words."""
        told = Counter(s.findings[HIGHPASS][0].text for s in scores if HIGHPASS in s.findings)
        if 2 * told.total() <= len(scores):
            return []
        return [told.most_common(1)[0][0]]
