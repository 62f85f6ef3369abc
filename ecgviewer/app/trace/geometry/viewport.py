"""What the widget gives: room, resolution, letters and colours."""

from __future__ import annotations

from dataclasses import dataclass

from ecgviewer.app.qt.theme import Theme


@dataclass(frozen=True, slots=True)
class Viewport:
    """The widget that a scene is shown in; logical pixels.

    Attributes
    ----------
    ratio : float
        Device pixels per logical pixel.
    row_px : float
        Height of a line of text in the rows above and below the traces.
    label_px : float
        Room that the titles of the rows above the traces need on their left.
    bar_px : float
        Width of the scroll bar, where the lanes do not fit.
    """

    width: float
    height: float
    theme: Theme
    ratio: float = 1.0
    row_px: float = 18.0
    label_px: float = 46.0
    bar_px: float = 0.0
