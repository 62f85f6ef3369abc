"""The open recording and what may be seen of it. Panels read it and listen to its signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from ecgviewer.app.shell.record.flag_derivation import FlagDerivation
from ecgviewer.app.work.heart import Heart
from ecgviewer.app.work.workers import Workers
from ecgviewer.core.analysis import Analysis, Flag
from ecgviewer.core.model_requirements import why_not_judged
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.record.source_facts import SourceFacts
from ecgviewer.core.record.start import Start
from ecgviewer.review.annotations import Annotation


@dataclass(frozen=True, eq=False)
class Shown:
    """What may be seen of what others say about the recording: all of it, or none of it.

    Whatever shows an opinion (traces, panels, evidence, report, lists, exports) reads it here.

    Attributes
    ----------
    blind : bool
        The reader reads blind, so that no opinion is here.
    analyses : dict of str to Analysis
        By model.
    analysis : Analysis or None
        The active model's, if it ran.
    flags : tuple of Flag
        Those of ``analysis`` at the threshold.
    diagnoses, comments : tuple of str
        The file's own words.
    facts : SourceFacts
        What the file says of its device and filters, and what the device concluded.
    file_annotations : tuple of Annotation
        Those annotators of the file that the reader asked for.
    """

    blind: bool = False
    analyses: Mapping[str, Analysis] = field(default_factory=dict)
    analysis: Analysis | None = None
    flags: tuple[Flag, ...] = ()
    diagnoses: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    facts: SourceFacts = field(default_factory=SourceFacts)
    file_annotations: tuple[Annotation, ...] = ()


class Document(QObject):
    """One recording, what may be seen of it (``shown``), and which flag is selected.

    ``generation`` grows whenever a recording is opened or closed; slow work remembers it and
    its late results are dropped.
    """

    recordingChanged = Signal()
    blindChanged = Signal()
    heartChanged = Signal()
    analysisChanged = Signal()
    flagsChanged = Signal()
    selectedFlagChanged = Signal()
    fileAnnotationsChanged = Signal()
    clockChanged = Signal()

    def __init__(self, specificity: float, workers: Workers, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._derivation = FlagDerivation(workers, self._set_flags)
        self.generation = 0
        self.ref: RecordRef | None = None
        self.recording: Recording | None = None
        self.heart: Heart | None = None
        self._by_the_clock = False
        self.active_model: str | None = None
        self.specificity = specificity
        self.selected_flag: int | None = None
        self.shown = Shown()
        # Private: what a blind reader must not see.
        self._blind = False
        self._analyses: dict[str, Analysis] = {}
        self._flags: tuple[Flag, ...] = ()
        self._file_annotations: tuple[Annotation, ...] = ()

    def _look(self) -> None:
        """Bring ``shown`` up to date."""
        facts = self.recording.facts if self.recording is not None else SourceFacts()
        if self._blind:
            self.shown = Shown(blind=True, facts=facts.without_opinions())
            return
        patient = self.recording.patient if self.recording is not None else None
        self.shown = Shown(
            analyses=dict(self._analyses),
            analysis=self._analysis,
            flags=self._flags,
            diagnoses=tuple(patient.diagnoses) if patient is not None else (),
            comments=tuple(patient.comments) if patient is not None else (),
            facts=facts,
            file_annotations=self._file_annotations,
        )

    @property
    def _analysis(self) -> Analysis | None:
        return self._analyses.get(self.active_model or "")

    @property
    def blind(self) -> bool:
        """Whether the opinions of models, the file and other readers are hidden."""
        return self._blind

    def set_blind(self, blind: bool) -> None:
        """Hide what models, the file and other readers say, or show it again."""
        if blind == self._blind:
            return
        self._blind = blind
        if blind:
            self.select_flag(None)
        self._look()
        for signal in (
            self.blindChanged, self.analysisChanged, self.flagsChanged,
            self.fileAnnotationsChanged,
        ):  # fmt: skip
            signal.emit()

    @property
    def clock(self) -> Start | None:
        """The start by whose clock times are told; None tells them from the start of the record."""
        start = self.recording.start if self.recording is not None else None
        return start if self._by_the_clock and start is not None and start.clock else None

    def tell_by_the_clock(self, on: bool) -> None:
        """Tell the time of day, where the file gives it, or the time from the start."""
        self._by_the_clock = on
        self.clockChanged.emit()

    def has_analysis(self, model: str) -> bool:
        """Return whether a model ran on the open recording, seen or not."""
        return model in self._analyses

    @property
    def has_active_analysis(self) -> bool:
        """Whether the active model ran on the open recording, seen or not."""
        return self._analysis is not None

    @property
    def obstacle(self) -> str:
        """Why no model can judge the open recording; empty where models can."""
        return "" if self.recording is None else why_not_judged(self.recording.leads)

    @property
    def current_flag(self) -> Flag | None:
        """The flag that is selected, if any."""
        return None if self.selected_flag is None else self.shown.flags[self.selected_flag]

    def open(self, ref: RecordRef, recording: Recording) -> None:
        """Replace the open recording."""
        self._forget()
        self.ref, self.recording = ref, recording
        self._look()
        self._announce_recording()

    def close(self) -> None:
        """Show nothing."""
        if self.recording is not None:
            self._forget()
            self._announce_recording()

    def _forget(self) -> None:
        self.generation += 1
        if self.recording is not None:
            self.recording.source.close()
        self.ref = self.recording = self.heart = None
        self._analyses, self._flags, self._file_annotations = {}, (), ()
        self.selected_flag = None
        self._derivation.forget()
        self._look()

    def _announce_recording(self) -> None:
        self.recordingChanged.emit()
        self.heartChanged.emit()
        self.analysisChanged.emit()
        self.flagsChanged.emit()

    def set_heart(self, heart: Heart) -> None:
        """Take the R peaks that a worker found."""
        self.heart = heart
        self.heartChanged.emit()

    def add_analysis(self, model: str, analysis: Analysis) -> None:
        """Take an analysis (or a longer part of one) of the open recording.

        Parameters
        ----------
        model : str
            The user's choice that led to it: a shipped model's name, or a bundle's path.
        """
        self._analyses[model] = analysis
        self._look()
        self.analysisChanged.emit()
        if model == self.active_model:
            self._derive()

    def clear_analyses(self) -> None:
        """Forget every analysis of the open recording."""
        self._analyses = {}
        self._look()
        self.analysisChanged.emit()
        self._derive()

    def activate(self, model: str) -> None:
        """Show this model's analysis (or nothing, until it ran)."""
        if model != self.active_model:
            self.active_model = model
            self._look()
            self.analysisChanged.emit()
            self._derive()

    def set_specificity(self, specificity: float) -> None:
        """Move the threshold: flags change, no model runs."""
        if specificity != self.specificity:
            self.specificity = specificity
            self._derive()

    def _derive(self) -> None:
        self._derivation.derive(self._analysis, self.specificity)

    def _set_flags(self, flags: tuple[Flag, ...]) -> None:
        before = self.current_flag
        self._flags = flags
        self._look()
        self.selected_flag = _same_place(before, self.shown.flags)
        self.flagsChanged.emit()

    def select_flag(self, index: int | None) -> None:
        """Make one flag the current one."""
        if index is not None and not 0 <= index < len(self.shown.flags):
            return
        self.selected_flag = index
        self.selectedFlagChanged.emit()

    def step_flag(self, step: int, at_s: float) -> Flag | None:
        """Select the next (+1) or previous (-1) flag and return it.

        Parameters
        ----------
        at_s : float
            Where the view is, for the first step.
        """
        flags = self.shown.flags
        if not flags:
            return None
        if self.selected_flag is not None:
            index = (self.selected_flag + step) % len(flags)
        else:
            later = [i for i, flag in enumerate(flags) if flag.stop_s >= at_s]
            index = (later[0] if later else 0) if step > 0 else (later[0] if later else 0) - 1
            index %= len(flags)
        self.select_flag(index)
        return flags[index]

    def set_file_annotations(self, annotations: tuple[Annotation, ...]) -> None:
        """Take what the annotators of the file marked, as far as the reader asked for them."""
        self._file_annotations = annotations
        self._look()
        self.fileAnnotationsChanged.emit()


def _same_place(before: Flag | None, flags: tuple[Flag, ...]) -> int | None:
    """Return the flag of its kind that overlaps the formerly selected one most, if any."""
    if before is None:
        return None
    best, best_overlap = None, 0.0
    for index, flag in enumerate(flags):
        overlap = min(flag.stop_s, before.stop_s) - max(flag.start_s, before.start_s)
        if flag.parts == before.parts and overlap > best_overlap:
            best, best_overlap = index, overlap
    return best
