"""What differs between two recordings of one patient, and what is no more than repeats do."""

import numpy as np
import pytest

from ecgviewer.signal.measures.comparison import Difference, compare
from ecgviewer.signal.measures.intervals import measure
from tests.generators import LEADS, ecg_mv

FS_HZ = 500.0


def measured(signal_mv):
    return measure(signal_mv, FS_HZ, LEADS)


def beyond(first, second):
    found = compare(measured(first), measured(second))
    return {one.name for one in found.differences if one.beyond}, found


def test_a_repeat_of_the_same_heart_differs_by_nothing_that_counts():
    names, found = beyond(ecg_mv(10.0), ecg_mv(10.0, seed=1))
    assert names == set()
    assert found.turned == ()
    assert len(found.differences) == 8 + 12


def test_a_faster_heart_and_a_raised_st_are_marked():
    raised = ecg_mv(10.0, heart_rate_bpm=110)
    t = np.arange(raised.shape[1]) / FS_HZ
    since_r = (t + 0.3) % (60 / 110)
    between = np.where((since_r > 0.06) & (since_r < 0.16), 0.2, 0.0)
    raised[LEADS.index("V3")] += between
    names, found = beyond(ecg_mv(10.0), raised)
    assert {"Rate", "ST V3"} <= names
    assert not {"ST V2", "ST V4", "QRS", "PR", "QRS axis"} & names
    (st,) = (one for one in found.differences if one.name == "ST V3")
    assert st.value == pytest.approx(0.2, abs=0.03)
    assert st.limit < 0.1


def test_a_t_wave_that_turned_is_named():
    turned = ecg_mv(10.0)
    t = np.arange(turned.shape[1]) / FS_HZ
    since_r = (t + 0.3) % (60 / 70)
    turned[LEADS.index("V5")] -= 0.8 * np.exp(-0.5 * ((since_r - 0.26) / 0.045) ** 2)
    assert beyond(ecg_mv(10.0), turned)[1].turned == ("V5",)


def test_directions_differ_the_shorter_way_around():
    one = Difference("QRS axis", "°", 170.0, -170.0, 11.0)
    assert (one.value, one.beyond) == (20.0, True)


def test_what_cannot_be_measured_in_one_is_no_difference():
    names, found = beyond(ecg_mv(10.0), np.zeros((12, 5000)))
    assert names == set()
    assert [one.value for one in found.differences] == [None] * len(found.differences)
