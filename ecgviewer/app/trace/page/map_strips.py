"""The maps of an analysis as rows of colour under each lane."""

from __future__ import annotations

import numpy as np

from ecgviewer.app.trace.geometry.lanes import STRIP_PX
from ecgviewer.app.trace.geometry.moment import Moment
from ecgviewer.app.trace.geometry.solve import strip_names
from ecgviewer.app.trace.raster.color_rows import colors_of, write_colors
from ecgviewer.app.trace.raster.color_scales import color_words
from ecgviewer.app.trace.raster.picture import Picture
from ecgviewer.app.trace.raster.pixel_columns import Stretch, highest


def draw_strips(picture: Picture, moment: Moment, stretch: Stretch) -> None:
    """Write the maps as rows of colour under each lane; no painter may be using the picture.

    The picture holds the device columns of ``stretch``. A value fills whole logical pixels:
    device pixels would make a brief peak too narrow to see on a fine screen.
    """
    scene, geometry, data = moment.scene, moment.geometry, moment.data
    analysis, maps = scene.analysis, data.maps
    if analysis is None or maps is None or stretch.width <= 0:
        return
    page, ratio = geometry.page, geometry.ratio
    device = np.arange(stretch.first, stretch.stop)
    logical = np.floor((device + 0.5) / ratio).astype(np.intp)
    first, stop = int(logical[0]), int(logical[-1]) + 1
    cells = Stretch(first, stop, geometry.px_per_s, page.left - round(page.left))
    for at, name in enumerate(strip_names(scene, moment.state)):
        columns = data.map_columns(name, stretch, geometry.px_per_s)
        if columns is None:
            continue
        heat = name == "score"
        table = color_words("heat" if heat else "attention", geometry.theme.dark)
        levels = scene.heat_levels if heat else maps.usual_range(name)
        colors = colors_of(highest(columns, analysis.map_fs_hz, cells), levels, table)
        colors = colors if ratio == 1.0 else colors.take(logical - first, axis=1)
        for lane in page.lanes:
            if lane.lead not in analysis.leads or not geometry.shows(lane):
                continue
            row = colors[analysis.leads.index(lane.lead)]
            begin, end = geometry.lane_columns(lane, stretch)
            top = geometry.lane_y(lane.strips[at])
            upper, lower = max(top, page.top), min(top + STRIP_PX, page.bottom)
            rows = round(upper * ratio), round(lower * ratio)
            write_colors(picture, row[begin:end], begin, *rows)
