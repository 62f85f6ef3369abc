"""The overview of a trace view: it shows the same scene, and moves the view."""

from __future__ import annotations

from ecgviewer.app.trace.overview.bar import OverviewBar
from ecgviewer.app.trace.view import TraceView


def overview_of(view: TraceView) -> OverviewBar:
    """Return a bar that shows what a view shows as a whole."""
    bar = OverviewBar(view.data, view.visible_range)

    def show() -> None:
        bar.show_scene(view.scene, view.theme)

    view.viewChanged.connect(bar.update)
    view.contentChanged.connect(show)
    bar.placeWanted.connect(view.goto)
    bar.pagesWanted.connect(view.page)
    bar.keyPressed.connect(view.keyPressEvent)
    show()
    return bar
