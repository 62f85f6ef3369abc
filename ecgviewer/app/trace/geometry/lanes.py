"""Where each lead goes: lanes on a page whose horizontal axis is time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecgviewer.app.trace.data.resting_levels import UNKNOWN_REACH, Reach
from ecgviewer.app.trace.geometry.viewport import Viewport
from ecgviewer.app.trace.state import LayoutMode, ViewState
from ecgviewer.core.leads import CABRERA_LEADS, STANDARD_LEADS

MIN_PITCH_MM = {LayoutMode.ROWS_12: 9.0, LayoutMode.COLUMNS_2: 15.0, LayoutMode.PAGE_3X4: 20.0}
MAX_PITCH_MM = 40.0
MAX_HEADROOM_MM = 40.0
"""Most room above the first row and below the last: an artefact must not empty the page."""
WAVE_PAD_PX = 4.0
FIT_PULSE_MM = 10.0
"""Most room that the calibration pulse of a fitted page's first row gets above it."""
BASELINE_AT = 0.56
"""Where in a row its resting level is: upright beats need more room than inverted ones."""
STRIP_PX = 7.0
STRIP_GAP_PX = 2.0
MARGIN_MM, LEAST_MARGIN_PX = 18.0, 68.0
"""Left margin that holds the lead names and the calibration pulse."""
NARROW_MARGIN_MM = 11.0
"""The same where the names are above their traces, as on a printed page."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One stretch of one lead, in logical pixels of the page (scrolled by the view).

    Attributes
    ----------
    lead : str
        As named in the recording.
    label : str
        As shown (``-aVR`` in Cabrera order).
    sign : float
        -1 where the lead is drawn upside down.
    x0, x1 : float
        Horizontal extent in the widget.
    top, bottom : float
        Vertical extent of trace and strips on the page.
    baseline : float
        Where the lead's resting level is.
    strips : tuple of float
        Upper edge of each strip, in the order of the strips that are on.
    row : int
    rhythm : bool
        The long strip below a 3x4 page.
    level_mv : float
        The lead's resting level.
    """

    lead: str
    label: str
    sign: float
    x0: float
    x1: float
    top: float
    bottom: float
    baseline: float
    strips: tuple[float, ...]
    row: int
    rhythm: bool = False
    level_mv: float = 0.0


@dataclass(frozen=True, slots=True)
class PageLayout:
    """The lanes and the frame around them.

    ``left`` and ``right`` bound the traces, ``top`` and ``bottom`` the part of the widget that
    shows lanes; ``page_height`` is that of all lanes, which scroll when it exceeds the room.
    ``px_per_s`` and ``px_per_mv`` are the scale, which a fitted page finds with its width and the
    height of its rows.
    """

    lanes: tuple[Lane, ...]
    left: float
    right: float
    top: float
    bottom: float
    page_height: float
    pitch: float
    px_per_s: float
    px_per_mv: float = 1.0
    names_beside: bool = True

    @property
    def scrolls(self) -> bool:
        """Whether the lanes do not fit."""
        return self.page_height > self.bottom - self.top + 0.5


def left_margin(state: ViewState, label_px: float) -> float:
    """Return the width left of the traces, in logical pixels, with titles of this width."""
    if names_beside(state):
        return max(MARGIN_MM * state.pixels_per_mm, LEAST_MARGIN_PX, label_px)
    return max(NARROW_MARGIN_MM * state.pixels_per_mm, label_px)


def names_beside(state: ViewState) -> bool:
    """Return whether leads are named beside their traces; in columns they are named above."""
    return state.mode is LayoutMode.ROWS_12 or state.focus is not None


def visible_leads(available: Sequence[str], state: ViewState) -> list[tuple[str, str, float]]:
    """Return (lead, label, sign) in display order: standard leads first, then any others."""
    chosen = [lead for lead in available if not state.leads or lead in state.leads]
    order = CABRERA_LEADS if state.cabrera else STANDARD_LEADS
    shown = []
    for label in order:
        lead = label.removeprefix("-")
        if lead in chosen:
            shown.append((lead, label, -1.0 if label.startswith("-") else 1.0))
    shown += [(lead, lead, 1.0) for lead in chosen if lead not in STANDARD_LEADS]
    return shown


def build_layout(
    available: Sequence[str],
    state: ViewState,
    viewport: Viewport,
    header: float,
    footer: float,
    n_strips: int,
    duration_s: float,
    reach: Reach = UNKNOWN_REACH,
) -> PageLayout:
    """Return the page for a viewport.

    Parameters
    ----------
    available : sequence of str
        The recording's leads.
    viewport : Viewport
        Its width without the scroll bar.
    header, footer : float
        Room kept above and below the lanes.
    n_strips : int
        Strips under each lane.
    duration_s : float
        Length of the recording.
    reach : Reach
        What the first row needs above it, and the last one below.
    """
    left = left_margin(state, viewport.label_px)
    right = max(viewport.width, left + 20.0)
    top, bottom = header, max(viewport.height - footer, header + 20.0)
    mm = state.pixels_per_mm
    px_per_s = (right - left) / state.fit_span_s if state.fit else state.mm_per_s * mm
    shown = visible_leads(available, state)
    if state.focus is not None and state.focus in available:
        shown = [entry for entry in shown if entry[0] == state.focus] or [
            (state.focus, state.focus, 1.0)
        ]
    mode = state.mode if len(shown) > 1 else LayoutMode.ROWS_12
    grid = _grid(shown, mode)
    rhythm = _rhythm(shown, state) if mode is LayoutMode.PAGE_3X4 else None
    n_rows = max(len(column) for column in grid) + (rhythm is not None) if shown else 0
    if n_rows == 0:
        return PageLayout((), left, right, top, bottom, 0.0, 0.0, px_per_s, state.mm_per_mv * mm)
    strips_px = n_strips * (STRIP_PX + STRIP_GAP_PX)
    rows = [[lane[r] for lane in grid if r < len(lane)] for r in range(n_rows)]
    if rhythm is not None:
        rows[-1] = [rhythm]
    room = bottom - top
    pitch = max(room / n_rows if state.fit else 0.0, _least_pitch(mode, state, strips_px))
    # Room for the outermost waves depends on the height of the rows, and they on it: what the
    # first pass leaves to the rows is enough in any case.
    for _ in range(2):
        gain = state.fit_gain * (pitch - strips_px) / reach.lane_mv
        px_per_mv = gain if state.fit else state.mm_per_mv * mm
        above, below = _head_and_foot(rows, state, pitch, strips_px, px_per_mv, reach)
        pitch = _pitch(room - above - below, n_rows, mode, state, strips_px)
    lanes = []
    # A record that ends within the view still gives every column the same share of its time.
    end = min(right, left + max(duration_s, 0.0) * px_per_s)
    column_px = (end - left) / len(grid) if len(grid) > 1 else right - left

    def lane(entry: tuple[str, str, float], row: int, x0: float, x1: float, long: bool) -> Lane:
        lane_top = above + row * pitch
        trace_px = pitch - strips_px
        baseline = lane_top + BASELINE_AT * trace_px
        if not state.fit:
            baseline = round(baseline / mm) * mm
        strips = tuple(lane_top + trace_px + i * (STRIP_PX + STRIP_GAP_PX) for i in range(n_strips))
        lead, label, sign = entry
        return Lane(
            lead, label, sign, x0, x1, lane_top, lane_top + pitch, baseline, strips, row, long
        )

    for at, column in enumerate(grid):
        x0 = left + at * column_px
        for row, entry in enumerate(column):
            lanes.append(lane(entry, row, x0, x0 + column_px, False))
    if rhythm is not None:
        lanes.append(lane(rhythm, n_rows - 1, left, right, True))
    page_height = above + n_rows * pitch + below
    return PageLayout(
        tuple(lanes),
        left,
        right,
        top,
        bottom,
        page_height,
        pitch,
        px_per_s,
        px_per_mv,
        names_beside(state),
    )


def _grid(
    shown: list[tuple[str, str, float]], mode: LayoutMode
) -> list[list[tuple[str, str, float]]]:
    columns = {LayoutMode.ROWS_12: 1, LayoutMode.COLUMNS_2: 2, LayoutMode.PAGE_3X4: 4}[mode]
    per_column = max(-(-len(shown) // columns), 1)
    return [shown[at : at + per_column] for at in range(0, len(shown), per_column)] or [[]]


def _rhythm(shown: list[tuple[str, str, float]], state: ViewState) -> tuple[str, str, float] | None:
    for wanted in (state.rhythm_lead, "II", "V1"):
        for entry in shown:
            if entry[0] == wanted:
                return wanted, wanted, 1.0
    return shown[0] if shown else None


def _head_and_foot(
    rows: list[list[tuple[str, str, float]]],
    state: ViewState,
    pitch: float,
    strips_px: float,
    px_per_mv: float,
    reach: Reach,
) -> tuple[float, float]:
    """Return the room above the first row and below the last that shows the outermost waves.

    The calibration pulse of the first row counts as one. A tall wave of a later row may reach
    over those before it.
    """
    pulse = px_per_mv + 3.0
    if state.fit:
        pulse = min(pulse, FIT_PULSE_MM * state.pixels_per_mm)
    above, below = pulse, 0.0
    for at, row in enumerate(rows):
        for lead, _label, sign in row:
            up, down = reach.above_mv.get(lead, 0.0), reach.below_mv.get(lead, 0.0)
            if sign < 0.0:
                up, down = down, up
            above = max(above, up * px_per_mv + WAVE_PAD_PX - at * pitch)
            below = max(below, down * px_per_mv + WAVE_PAD_PX - (len(rows) - 1 - at) * pitch)
    own_above = BASELINE_AT * (pitch - strips_px)
    most = MAX_HEADROOM_MM * state.pixels_per_mm
    return (
        min(max(above - own_above, 0.0), most),
        min(max(below - (pitch - own_above), 0.0), most),
    )


def _least_pitch(mode: LayoutMode, state: ViewState, strips_px: float) -> float:
    # Smaller beats need less room.
    gain = 1.0 if state.fit else min(max(state.mm_per_mv / 10.0, 0.6), 1.0)
    return MIN_PITCH_MM[mode] * gain * state.pixels_per_mm + strips_px


def _pitch(room: float, n_rows: int, mode: LayoutMode, state: ViewState, strips_px: float) -> float:
    """Return the height of a row: all the room, in whole millimetres, within limits."""
    mm = state.pixels_per_mm
    pitch = max(room / n_rows, _least_pitch(mode, state, strips_px))
    if state.fit or n_rows == 1:
        return pitch
    pitch = min(pitch, MAX_PITCH_MM * mm + strips_px)
    return max(int(pitch / mm + 1e-6), 1) * mm
