"""The vector drawing of an ECG: traces stay in their room, names stand above them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.dialogs.preview import SignalPreview
from ecgviewer.app.draw.strip import Strip, at_gain, filling_gain, highest_gain, outline
from ecgviewer.app.review.worklist.thumbnails import SIZE, draw_thumbnail
from ecgviewer.core.leads import STANDARD_LEADS
from tests.app.trace_material import ecg, flat

FS_HZ = 500.0


def strip(samples: np.ndarray, **more: float) -> Strip:
    room = {"x": 10.0, "y": 20.0, "width": 62.5, "height": 30.0, "per_s": 25.0, "per_mv": 10.0}
    return Strip("V1", samples.astype(np.float32), FS_HZ, **(room | more))


def test_the_resting_level_is_in_the_middle_and_moves_only_as_far_as_a_wave_needs() -> None:
    rest = np.zeros(1250)
    tall = rest.copy()
    tall[200:220] = 2.0
    assert strip(rest).baseline == pytest.approx(35.0)
    assert strip(tall).baseline == pytest.approx(40.0)
    assert strip(tall).fits and not strip(tall).is_cut
    assert np.nanmin(strip(tall).points[1]) == pytest.approx(20.0)


def test_a_name_goes_right_until_no_wave_is_in_its_room() -> None:
    samples = np.zeros(1250)
    samples[50:60] = 1.4
    named = strip(samples, name_width=6.0, name_height=5.0)
    left, bottom = named.name_place
    assert bottom == pytest.approx(25.0)
    assert left == pytest.approx(10.0 + 59 / FS_HZ * 25.0)
    assert strip(np.zeros(1250), name_width=6.0, name_height=5.0).name_place[0] == 10.0


def test_a_lone_artefact_does_not_make_the_others_small_but_is_cut() -> None:
    beats = np.zeros(5000)
    for start in range(100, 4900, 400):
        beats[start : start + 20] = 1.2
    with_artefact = beats.copy()
    with_artefact[4500:4510] = 20.0
    strips = [strip(beats, width=250.0), strip(with_artefact, width=250.0)]
    assert highest_gain(strips, (10.0, 5.0, 2.5)) == 10.0
    assert not strips[0].is_cut and strips[1].is_cut
    noise = strip(np.random.default_rng(1).normal(0, 20, 5000), width=250.0)
    assert highest_gain([strips[0], noise], (10.0, 5.0, 2.5)) == 10.0


def test_missing_samples_leave_a_gap_and_no_lead_is_drawn_without_samples() -> None:
    samples = np.zeros(1250)
    samples[100:200] = np.nan
    y = strip(samples).points[1]
    assert np.isnan(y[100:200]).all() and np.isfinite(y[200:]).all()
    empty = strip(np.full(10, np.nan))
    assert empty.missing and empty.fits and not empty.is_cut
    assert filling_gain([empty]) == pytest.approx(60.0)


def test_two_points_per_pixel_keep_every_spike() -> None:
    x = np.arange(100_000) / 1000.0
    y = np.zeros(100_000)
    y[77_777] = 5.0
    few_x, few_y = outline(x, y, 10.0)
    assert few_x.size <= 2100
    assert few_y.max() == 5.0


def test_one_gain_for_all_leads_fills_the_room_of_the_tallest() -> None:
    samples = [np.zeros(500), np.zeros(500)]
    samples[0][50:60], samples[1][50:60] = 1.0, 3.0
    strips = [strip(one) for one in samples]
    small, tall = at_gain(strips, filling_gain(strips))
    assert np.ptp(tall.points[1]) == pytest.approx(30.0)
    assert np.ptp(small.points[1]) == pytest.approx(10.0)


def test_preview_and_thumbnail_draw_what_they_are_given(qt_app: QApplication) -> None:
    preview = SignalPreview()
    preview.resize(640, 300)
    blank = preview.grab().toImage()
    preview.show_signal(ecg()[:, :2000], STANDARD_LEADS, FS_HZ)
    assert preview.grab().toImage() != blank
    preview.show_signal(np.full((12, 2000), np.nan, np.float32), STANDARD_LEADS, FS_HZ)
    preview.grab()
    picture = draw_thumbnail(ecg()[1, :2500], FS_HZ)
    assert picture.size() == SIZE * 2
    assert picture.toImage() != draw_thumbnail(flat(5.0)[0], FS_HZ).toImage()
    preview.deleteLater()
