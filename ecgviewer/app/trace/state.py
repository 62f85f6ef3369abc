"""How the trace view shows a scene: scale, layout, overlays, filters."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from ecgviewer.app.trace.scene.display_filter import UNFILTERED, DisplayFilter

SPEEDS_MM_S = (12.5, 25.0, 50.0)
GAINS_MM_MV = (2.5, 5.0, 10.0, 20.0)
MIN_VISIBLE_S = 0.5
MM_PER_INCH = 25.4

TRACK_TITLES = {"flags": "Flags", "annotations": "Annot."}
"""Names of the rows of flags and annotations; short, for they cost width beside the traces."""

OVERLAYS = {
    "reconstruction": True,
    "heat": True,
    "attention": False,
    "flags": True,
    "annotations": True,
    "quality": True,
    "r_peaks": False,
    "stimuli": True,
    "model_input": False,
}
"""Every overlay and whether it is on by default.

``attention`` is the saliency for a model without attention; ``model_input`` shows what the model
saw, with its reconstruction of exactly that, instead of the trace.
"""


RHYTHM_LEAD = "II"
"""The lead of the long strip, where the record has it."""


class LayoutMode(StrEnum):
    """How the leads share the page."""

    ROWS_12 = "12x1"
    COLUMNS_2 = "6x2"
    PAGE_3X4 = "3x4"


@dataclass
class ViewState:
    """How the reader wants to see a scene; where things are then, ``geometry.solve`` finds.

    Attributes
    ----------
    start_s : float
        Time wanted at the left edge of the traces.
    scroll_y : float
        How far the lanes are scrolled, where they do not fit.
    mm_per_s, mm_per_mv : float
        Scale on the screen's real millimetres.
    pixels_per_mm : float
        Logical pixels per millimetre of the screen.
    fit : bool
        Fill the window with ``fit_span_s`` seconds instead, with ``fit_gain`` times the gain that
        fits; the view says that it is not to scale.
    """

    start_s: float = 0.0
    scroll_y: float = 0.0
    mm_per_s: float = 25.0
    mm_per_mv: float = 10.0
    pixels_per_mm: float = 96.0 / MM_PER_INCH
    fit: bool = False
    fit_span_s: float = 10.0
    fit_gain: float = 1.0
    mode: LayoutMode = LayoutMode.ROWS_12
    cabrera: bool = False
    leads: tuple[str, ...] = ()
    focus: str | None = None
    rhythm_lead: str = RHYTHM_LEAD
    display: DisplayFilter = UNFILTERED
    overlays: dict[str, bool] = field(default_factory=lambda: dict(OVERLAYS))

    def copy(self) -> ViewState:
        """Return the state of this moment, which later changes leave alone."""
        return replace(self, overlays=dict(self.overlays))
