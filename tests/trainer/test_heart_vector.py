"""Windows as of hearts that lie otherwise: a vector turned, not leads changed one by one."""

from __future__ import annotations

import numpy as np

from tests.generators import ecg_uv
from trainer.fitting.heart_vector import turned


def _window() -> np.ndarray:
    x = np.asarray(ecg_uv(10.0, 100.0), dtype=np.float64)
    x += 5.0 * np.random.default_rng(0).standard_normal(x.shape)
    x -= x.mean(axis=1, keepdims=True)
    return (x / x.std(axis=1, keepdims=True)).astype(np.float32)


def test_leads_stay_in_network_units_and_close_to_what_they_were() -> None:
    before = _window()
    after = turned(before, 15.0, np.random.default_rng(1))
    assert not np.array_equal(after, before)
    np.testing.assert_allclose(after.mean(axis=1), 0.0, atol=1e-3)
    np.testing.assert_allclose(after.std(axis=1), 1.0, atol=1e-2)
    alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(before, after, strict=True)]
    assert np.median(alike) > 0.9
    # What a turn does to all leads together lies in the space that they span already.
    basis = np.linalg.svd(before, full_matrices=False)[2][: np.linalg.matrix_rank(before)]
    np.testing.assert_allclose(after - (after @ basis.T) @ basis, 0.0, atol=1e-3)


def test_missing_leads_stay_missing_and_few_leads_stay_as_they_are() -> None:
    window = _window()
    window[4, 100:200] = np.nan
    after = turned(window, 15.0, np.random.default_rng(2))
    np.testing.assert_array_equal(after[4], window[4])
    assert np.isfinite(np.delete(after, 4, axis=0)).all()
    window[3:, 0] = np.nan
    np.testing.assert_array_equal(turned(window, 15.0, np.random.default_rng(3)), window)
