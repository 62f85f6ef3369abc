"""The flags that can be seen, in groups of those that are alike."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from ecgviewer.app.shell.record.document import Document
from ecgviewer.app.work.workers import Task, Workers
from ecgviewer.core.analysis import Flag
from ecgviewer.review.groups import FlagGroup, group_flags

AT_ONCE = 2000
"""Flags that are grouped within a frame; more are grouped in the background."""


class FlagGroups(QObject):
    """Follows the document: its flags, and the beats that they are aligned at.

    Attributes
    ----------
    groups : tuple of FlagGroup
    flags : tuple of Flag
        Those that the groups are of: the document's, or none while they are being grouped.
    """

    changed = Signal()

    def __init__(self, document: Document, workers: Workers) -> None:
        super().__init__(document)
        self._document = document
        self._workers = workers
        self._grouping: Task | None = None
        self.groups: tuple[FlagGroup, ...] = ()
        self.flags: tuple[Flag, ...] = ()
        self._of: dict[int, int] = {}
        document.flagsChanged.connect(self._group)
        document.heartChanged.connect(self._group)

    @property
    def worth_showing(self) -> bool:
        """Whether groups say less than the flags one by one."""
        return len(self.groups) < len(self._of)

    @property
    def current(self) -> int | None:
        """The group of the selected flag."""
        return self.of(self._document.selected_flag)

    def of(self, flag: int | None) -> int | None:
        """Return the group of a flag; None without a flag, or while they are being grouped."""
        return None if flag is None else self._of.get(flag)

    def members(self, flag: int) -> tuple[int, ...]:
        """Return the flags that are like this one, itself included."""
        group = self.of(flag)
        return (flag,) if group is None else self.groups[group].members

    def step(self, step: int) -> int | None:
        """Return the typical flag of the next (+1) or previous (-1) group; None without groups."""
        if not self.groups:
            return None
        at = self.current
        following = (0 if step > 0 else -1) if at is None else at + step
        return self.groups[following % len(self.groups)].typical

    def _group(self) -> None:
        if self._grouping is not None:
            self._grouping.drop()
            self._grouping = None
        shown, recording = self._document.shown, self._document.recording
        flags, analysis, heart = shown.flags, shown.analysis, self._document.heart
        if analysis is None or recording is None or not flags:
            self._take((), ())
            return
        r_peaks_s = np.zeros(0) if heart is None else heart.r_peaks / recording.fs_hz
        if len(flags) <= AT_ONCE:
            self._take(flags, group_flags(flags, analysis, r_peaks_s))
            return
        self._take((), ())
        self._grouping = self._workers.start(
            lambda _progress, _cancel: group_flags(flags, analysis, r_peaks_s),
            on_result=partial(self._take, flags),
            on_error=self._failed,
        )

    def _take(self, flags: tuple[Flag, ...], groups: tuple[FlagGroup, ...]) -> None:
        self._grouping = None
        if groups != self.groups or flags != self.flags:
            self.flags, self.groups = flags, groups
            self._of = {flag: at for at, group in enumerate(groups) for flag in group.members}
            self.changed.emit()

    def _failed(self, error: Exception) -> None:
        self._grouping = None
        raise error
