"""Which lead goes where, in every layout."""

from __future__ import annotations

import pytest

from ecgviewer.app.qt.theme import LIGHT
from ecgviewer.app.trace.data.resting_levels import Reach
from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.lanes import MAX_HEADROOM_MM, build_layout, visible_leads
from ecgviewer.app.trace.geometry.viewport import Viewport
from ecgviewer.app.trace.state import GAINS_MM_MV, LayoutMode, ViewState
from ecgviewer.core.leads import STANDARD_LEADS

NO_REACH = Reach()
CHEST = tuple(f"V{number}" for number in range(1, 7))


def page(
    state: ViewState, leads=STANDARD_LEADS, width=1200.0, height=900.0, duration_s=10.0,
    reach=NO_REACH,
):  # fmt: skip
    viewport = Viewport(width, height, LIGHT)
    return build_layout(leads, state, viewport, 30.0, 40.0, 1, duration_s, reach)


def test_twelve_rows_in_standard_order() -> None:
    lanes = page(ViewState()).lanes
    assert [lane.lead for lane in lanes] == list(STANDARD_LEADS)
    assert [lane.row for lane in lanes] == list(range(12))


def test_leads_are_found_by_name_in_any_order() -> None:
    lanes = page(ViewState(), leads=tuple(reversed(STANDARD_LEADS))).lanes
    assert [lane.lead for lane in lanes] == list(STANDARD_LEADS)


def test_two_columns_of_six() -> None:
    lanes = page(ViewState(mode=LayoutMode.COLUMNS_2)).lanes
    assert [lane.lead for lane in lanes if lane.x0 > lanes[0].x0] == list(CHEST)


def test_classic_page_gives_each_column_a_quarter_of_the_record() -> None:
    state = ViewState(mode=LayoutMode.PAGE_3X4)
    found = page(state)
    lanes = found.lanes
    assert [lane.lead for lane in lanes[:3]] == ["I", "II", "III"]
    assert lanes[-1].rhythm and lanes[-1].lead == "II"
    for lane in lanes[:-1]:
        assert (lane.x1 - lane.x0) / found.px_per_s == pytest.approx(2.5)


def test_classic_page_of_ten_seconds_fits_without_scrolling() -> None:
    state = ViewState(mode=LayoutMode.PAGE_3X4)
    assert not page(state, height=480.0).scrolls
    found = page(state)
    assert 10.0 * found.px_per_s <= found.right - found.left


def test_rows_scroll_rather_than_shrink_beyond_reading() -> None:
    assert page(ViewState(), height=300.0).scrolls
    assert not page(ViewState(), height=900.0).scrolls


def test_cabrera_order_turns_avr_upside_down() -> None:
    shown = visible_leads(STANDARD_LEADS, ViewState(cabrera=True))
    assert [label for _, label, _ in shown[:6]] == ["aVL", "I", "-aVR", "II", "aVF", "III"]
    assert shown[2] == ("aVR", "-aVR", -1.0)


def test_selected_leads_only_and_one_in_focus() -> None:
    state = ViewState(leads=("V1", "V2"))
    assert [lane.lead for lane in page(state).lanes] == ["V1", "V2"]
    state.focus = "V2"
    (lane,) = page(state).lanes
    assert lane.bottom - lane.top > 700


def test_leads_beyond_the_twelve_are_shown_last() -> None:
    leads = ("X", *STANDARD_LEADS, "MLII")
    assert [lane.lead for lane in page(ViewState(), leads=leads).lanes[-2:]] == ["X", "MLII"]


def test_three_leads_fill_three_rows() -> None:
    assert [lane.lead for lane in page(ViewState(), leads=("V1", "I", "II")).lanes] == [
        "I", "II", "V1",
    ]  # fmt: skip


def test_baselines_lie_on_millimetre_lines() -> None:
    state = ViewState(pixels_per_mm=4.0)
    for lane in page(state).lanes:
        assert lane.baseline / 4.0 == pytest.approx(round(lane.baseline / 4.0))


@pytest.mark.parametrize("gain", GAINS_MM_MV)
@pytest.mark.parametrize("mode", LayoutMode)
def test_the_first_calibration_pulse_is_seen_whole(mode: LayoutMode, gain: float) -> None:
    state = ViewState(mode=mode, mm_per_mv=gain)
    found = page(state, height=620.0)
    assert found.lanes[0].baseline >= found.px_per_mv


@pytest.mark.parametrize("height", [480.0, 900.0])
@pytest.mark.parametrize("fit", [False, True])
@pytest.mark.parametrize("mode", LayoutMode)
def test_the_outermost_waves_are_within_the_page(
    mode: LayoutMode, fit: bool, height: float
) -> None:
    state = ViewState(mode=mode, fit=fit)
    above, below = {"I": 1.6, "II": 2.6, "V4": 1.5}, {"V6": 1.8, "aVF": 1.2, "II": 1.4}
    found = page(state, height=height, reach=Reach(above, below, lane_mv=2.2))
    gain = found.px_per_mv
    for lane in found.lanes:
        assert lane.baseline - above.get(lane.lead, 0.0) * gain >= 0.0, lane.lead
        assert lane.baseline + below.get(lane.lead, 0.0) * gain <= found.page_height, lane.lead


def test_an_artefact_does_not_empty_the_page() -> None:
    state = ViewState()
    calm, wild = page(state), page(state, reach=Reach({"I": 40.0}, {"V6": 40.0}))
    most = MAX_HEADROOM_MM * state.pixels_per_mm
    assert wild.lanes[0].top == pytest.approx(most)
    assert wild.page_height - wild.lanes[-1].bottom == pytest.approx(most)
    assert len(wild.lanes) == len(calm.lanes)


def test_the_room_above_the_first_row_belongs_to_its_lead() -> None:
    state = ViewState()
    found = page(state, reach=Reach({"I": 1.6}))
    geometry = Geometry(found, Viewport(1200.0, 900.0, LIGHT))
    lane = geometry.lane_at(found.left + 50.0, found.top + 2.0)
    assert found.lanes[0].top > 2.0
    assert lane is not None and lane.lead == "I"
