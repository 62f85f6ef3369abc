"""A folder whose scores lie higher than the model's normals is told from one that does not."""

from __future__ import annotations

import numpy as np

from ecgviewer.core.site_shift import MIN_RECORDS, SiteShift


def shift_of(normal: int, abnormal: int, power: float, part_power: float = 1.0) -> SiteShift:
    """Return the shift of a folder whose normals' p-values are uniform to a power."""
    shift, rng = SiteShift(), np.random.default_rng(3)
    for p in rng.random(normal):
        shift.add(p**power, {"residual": p**part_power, "rhythm": rng.random()})
    for _ in range(abnormal):
        shift.add(1e-4, {"residual": 1e-3, "rhythm": 1e-3})
    return shift


def test_a_usual_folder_is_not_shifted() -> None:
    assert shift_of(70, 30, 1.0).parts() == ()


def test_a_shifted_part_is_named() -> None:
    assert shift_of(90, 10, 1.0, 4.0).text() == "residual"
    assert set(shift_of(90, 10, 4.0, 4.0).parts()) == {"residual", "record"}


def test_few_records_say_nothing() -> None:
    assert shift_of(MIN_RECORDS - 1, 0, 9.0, 9.0).parts() == ()


def test_what_could_not_be_judged_is_not_counted() -> None:
    shift = SiteShift()
    for _ in range(100):
        shift.add(float("nan"), {"st": float("nan")})
    assert shift.parts() == ()
