"""From what is shown, how, and where to what is where: nothing is painted, nothing changes."""

from __future__ import annotations

from dataclasses import replace

from ecgviewer.app.trace.data.resting_levels import UNKNOWN_REACH, Reach
from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.lanes import PageLayout, build_layout
from ecgviewer.app.trace.geometry.track_bars import shown_tracks
from ecgviewer.app.trace.geometry.viewport import Viewport
from ecgviewer.app.trace.scene.scene import Scene
from ecgviewer.app.trace.state import ViewState

STRIPS = (("heat", "score"), ("attention", "attention"))
"""Overlays that are strips of colour under each lane, top to bottom, and the maps they show."""


def solve(
    scene: Scene, state: ViewState, viewport: Viewport, reach: Reach = UNKNOWN_REACH
) -> Geometry:
    """Return where everything of a scene is.

    Parameters
    ----------
    reach : Reach
        How far the leads reach from their resting levels, as far as that was measured.
    """
    tracks = sum(track.n_rows for track in shown_tracks(scene, state).values())
    header = tracks * viewport.row_px + 4.0 if tracks else 1.0
    footer = 2.0 * (viewport.row_px + 2.0)
    leads = scene.recording.leads if scene.recording is not None else ()
    n_strips = len(strip_names(scene, state))

    def lay_out(width: float) -> PageLayout:
        room = replace(viewport, width=width)
        return build_layout(leads, state, room, header, footer, n_strips, scene.duration_s, reach)

    page = lay_out(viewport.width)
    if page.scrolls and viewport.bar_px:
        page = lay_out(viewport.width - viewport.bar_px)
    visible_s = (page.right - page.left) / page.px_per_s
    left_s = min(max(state.start_s, 0.0), max(scene.duration_s - visible_s, 0.0))
    most = max(round(page.page_height - (page.bottom - page.top)), 0)
    return Geometry(
        page=page,
        viewport=viewport,
        pixels_per_mm=state.pixels_per_mm,
        fit=state.fit,
        left_s=left_s,
        origin_column=round(left_s * page.px_per_s * viewport.ratio),
        scroll_y=float(min(max(round(state.scroll_y), 0), most)) if page.scrolls else 0.0,
    )


def strip_names(scene: Scene, state: ViewState) -> list[str]:
    """Return the maps drawn as strips under each lane, top to bottom."""
    analysis = scene.analysis
    if analysis is None:
        return []
    there = {"score"}
    if analysis.attention is not None or analysis.saliency is not None:
        there.add("attention")
    return [name for overlay, name in STRIPS if state.overlays[overlay] and name in there]


def shown_maps(scene: Scene, state: ViewState) -> set[str]:
    """Return the maps that the view and the overview draw from."""
    names = {"score", *strip_names(scene, state)}
    if state.overlays["model_input"]:
        names.add("model_input")
    if state.overlays["reconstruction"]:
        names.add("model_output" if state.overlays["model_input"] else "reconstruction")
    return names
