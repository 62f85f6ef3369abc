"""What the trace view shows and how: scale, layout, overlays."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

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
    "model_input": False,
}
"""Every overlay and whether it is on by default.

``attention`` is the saliency for a model without attention; ``model_input`` shows what the model
saw, with its reconstruction of exactly that, instead of the trace.
"""


class LayoutMode(StrEnum):
    """How the leads share the page."""

    ROWS_12 = "12x1"
    COLUMNS_2 = "6x2"
    PAGE_3X4 = "3x4"


@dataclass
class ViewState:
    """Everything that decides what is where on the page.

    Attributes
    ----------
    start_s : float
        Time at the left edge of the traces.
    mm_per_s, mm_per_mv : float
        Scale on the screen's real millimetres.
    pixels_per_mm : float
        Logical pixels per millimetre of the screen.
    label_px : float
        Room that the titles of the rows above the traces need on their left.
    fit : bool
        Fill the window with ``fit_span_s`` seconds instead; then ``fit_px_per_s`` and
        ``fit_px_per_mv`` (times ``fit_gain``) rule, and the view says that it is not to scale.
    clock : bool
        Times are those of the clock on the wall, where the file gives it.
    """

    start_s: float = 0.0
    mm_per_s: float = 25.0
    mm_per_mv: float = 10.0
    pixels_per_mm: float = 96.0 / MM_PER_INCH
    fit: bool = False
    fit_span_s: float = 10.0
    fit_px_per_s: float = 100.0
    fit_px_per_mv: float = 40.0
    fit_gain: float = 1.0
    mode: LayoutMode = LayoutMode.ROWS_12
    cabrera: bool = False
    leads: tuple[str, ...] = ()
    focus: str | None = None
    rhythm_lead: str = "II"
    label_px: float = 46.0
    clock: bool = False
    overlays: dict[str, bool] = field(default_factory=lambda: dict(OVERLAYS))

    @property
    def px_per_s(self) -> float:
        """Logical pixels per second."""
        return self.fit_px_per_s if self.fit else self.mm_per_s * self.pixels_per_mm

    @property
    def px_per_mv(self) -> float:
        """Logical pixels per millivolt."""
        return (
            self.fit_px_per_mv * self.fit_gain if self.fit else self.mm_per_mv * self.pixels_per_mm
        )
