"""Puts the window together: the only place that knows every part of it."""

from __future__ import annotations

from dataclasses import dataclass

from ecgviewer.app.commands.analyse import AnalyseCommands
from ecgviewer.app.commands.current_context import CurrentContext
from ecgviewer.app.commands.file import FileCommands
from ecgviewer.app.commands.table import TABLE
from ecgviewer.app.commands.tools import ToolCommands
from ecgviewer.app.commands.view import ViewCommands
from ecgviewer.app.panels.install import Panels
from ecgviewer.app.plots.install import Plots
from ecgviewer.app.review.install import ReviewFeature
from ecgviewer.app.shell.record.flag_groups import FlagGroups
from ecgviewer.app.shell.reviewing.flag_verdicts import FlagVerdicts
from ecgviewer.app.shell.reviewing.review_document import ReviewDocument
from ecgviewer.app.shell.session import Session
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.app.shell.workbench import Workbench


@dataclass(frozen=True, eq=False)
class Program:
    """A window with everything installed in it."""

    window: MainWindow
    bench: Workbench
    panels: Panels
    view_commands: ViewCommands
    file_commands: FileCommands
    analyse_commands: AnalyseCommands
    tool_commands: ToolCommands
    review: ReviewFeature
    context: CurrentContext
    plots: Plots


def build(session: Session) -> Program:
    """Return a window on a session's document, not yet on show.

    Each feature is handed the workbench; what must be closed with the window is kept by it.
    """
    window = MainWindow(session, TABLE)
    review_document = ReviewDocument(session.document, session.workers, session.settings)
    window.scene_of_document.follow(review_document)
    bench = Workbench(
        session, review_document, FlagVerdicts(review_document),
        FlagGroups(session.document, session.workers), window.commands, window.messages,
        window.status, window.traces, window.panels, window.appearance, window,
    )  # fmt: skip
    panels = Panels(bench)
    view_commands = ViewCommands(bench)
    file_commands = FileCommands(bench)
    analyse_commands = AnalyseCommands(bench, panels.analysis, panels.records)
    tool_commands = ToolCommands(bench)
    review = ReviewFeature(bench, panels.flags)
    plots = Plots(bench, review.rows)
    review.worklist.listChanged.connect(plots.panel.refresh_soon)
    review.worklist.rowChanged.connect(plots.panel.refresh_soon)
    window.keep(plots.panel.close_work)
    window.keep(panels.measurements.drop_work)
    window.keep(review_document.close, may_close=review_document.may_close)
    window.keep(review.close)
    context = CurrentContext(
        session, review_document, review.file_annotations, review.worklist, panels.records.model,
        window.traces,
    )  # fmt: skip
    context.changed.connect(window.commands.apply)
    context.update()
    window.start()
    return Program(
        window, bench, panels, view_commands, file_commands, analyse_commands, tool_commands,
        review, context, plots,
    )  # fmt: skip
