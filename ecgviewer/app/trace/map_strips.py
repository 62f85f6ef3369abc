"""The maps of an analysis as rows of colour under each lane, and as columns for the traces."""

from __future__ import annotations

import numpy as np

from ecgviewer.app.trace.color_scales import color_words
from ecgviewer.app.trace.data.levels import Columns
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.layout import STRIP_PX
from ecgviewer.app.trace.pixel_columns import Stretch, highest
from ecgviewer.app.trace.raster import Picture
from ecgviewer.app.trace.scene import Scene
from ecgviewer.app.trace.state import ViewState
from ecgviewer.app.trace.strips import colors_of, write_colors


def map_columns(scene: Scene, frame: Frame, name: str, stretch: Stretch) -> Columns | None:
    """Return the columns of one of the analysis's maps, if there is one."""
    if scene.analysis is None or scene.maps is None or name not in scene.maps:
        return None
    fs_hz = scene.analysis.map_fs_hz
    return scene.maps.columns(name, *stretch.samples(fs_hz), fs_hz / frame.px_per_s)


def draw_strips(
    picture: Picture, scene: Scene, state: ViewState, frame: Frame, stretch: Stretch
) -> None:
    """Write the maps as rows of colour under each lane; no painter may be using the picture.

    The picture holds the device columns of ``stretch``. A value fills whole logical pixels:
    device pixels would make a brief peak too narrow to see on a fine screen.
    """
    analysis, maps = scene.analysis, scene.maps
    if analysis is None or maps is None or stretch.width <= 0:
        return
    page, ratio = frame.page, frame.ratio
    device = np.arange(stretch.first, stretch.stop)
    logical = np.floor((device + 0.5) / ratio).astype(np.intp)
    first, stop = int(logical[0]), int(logical[-1]) + 1
    cells = Stretch(first, stop, frame.px_per_s, page.left - round(page.left))
    for at, name in enumerate(scene.strip_names(state.overlays)):
        columns = map_columns(scene, frame, name, stretch)
        if columns is None:
            continue
        heat = name == "score"
        table = color_words("heat" if heat else "attention", frame.theme.dark)
        levels = scene.heat_levels if heat else maps.usual_range(name)
        colors = colors_of(highest(columns, analysis.map_fs_hz, cells), levels, table)
        colors = colors if ratio == 1.0 else colors.take(logical - first, axis=1)
        for lane in page.lanes:
            if lane.lead not in analysis.leads or not frame.shows(lane):
                continue
            row = colors[analysis.leads.index(lane.lead)]
            begin, end = frame.lane_columns(lane, stretch)
            top = frame.lane_y(lane.strips[at])
            upper, lower = max(top, page.top), min(top + STRIP_PX, page.bottom)
            rows = round(upper * ratio), round(lower * ratio)
            write_colors(picture, row[begin:end], begin, *rows)
