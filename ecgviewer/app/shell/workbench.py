"""What a feature is given to work with; it never sees the window."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from ecgviewer.app.shell.actions import Commands
from ecgviewer.app.shell.appearance import Appearance
from ecgviewer.app.shell.panel_docks import PanelDocks
from ecgviewer.app.shell.record.document import Document
from ecgviewer.app.shell.record.flag_groups import FlagGroups
from ecgviewer.app.shell.reviewing.flag_verdicts import FlagVerdicts
from ecgviewer.app.shell.reviewing.review_document import ReviewDocument
from ecgviewer.app.shell.session import Session
from ecgviewer.app.shell.settings import Settings
from ecgviewer.app.shell.widgets.notices import Messages
from ecgviewer.app.shell.widgets.status import StatusLine
from ecgviewer.app.trace.view import TraceView


@dataclass(frozen=True, eq=False)
class Workbench:
    """The parts that features share.

    Attributes
    ----------
    session : Session
        Opens and analyses.
    review : ReviewDocument
        Of the open record.
    verdicts : FlagVerdicts
        On the flags that can be seen.
    groups : FlagGroups
        Those flags, alike ones together.
    commands : Commands
        To bind what the table lists.
    say : Messages
        Tells the user what went wrong or is worth knowing.
    status : StatusLine
        For passing remarks.
    traces : TraceView
    panels : PanelDocks
        To add a panel.
    appearance : Appearance
    parent : QWidget
        Of dialogs.
    """

    session: Session
    review: ReviewDocument
    verdicts: FlagVerdicts
    groups: FlagGroups
    commands: Commands
    say: Messages
    status: StatusLine
    traces: TraceView
    panels: PanelDocks
    appearance: Appearance
    parent: QWidget

    @property
    def document(self) -> Document:
        """The open recording and what may be seen of it."""
        return self.session.document

    @property
    def settings(self) -> Settings:
        """What the user chose."""
        return self.session.settings.value

    def go_to_flag(self, index: int) -> None:
        """Make a flag the current one and bring it into view."""
        document = self.document
        document.select_flag(index)
        if document.selected_flag == index and index < len(document.shown.flags):
            flag = document.shown.flags[index]
            self.traces.center_on(flag.start_s, flag.stop_s)

    def give_full_height(self, lead: str | None) -> None:
        """Give one lead the full height, or show all again."""
        self.traces.focus_lead(lead)
        self.commands.check("view.focus", lead is not None)
