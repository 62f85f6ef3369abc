"""Hearts lie differently in chests: windows with the heart vector turned and stretched a little."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

AXES = 3
STRETCH = 0.005
"""Change along each axis for every degree that the vector may be turned."""


def turned(window: FloatArray, degrees: float, rng: np.random.Generator) -> FloatArray:
    """Return a window in network units [12, n] as of a heart that lies otherwise.

    Leads of unit variance have lost what each sees of the heart vector, so the vector is what a
    window shows of itself: its three strongest principal components. They are turned by up to
    ``degrees`` about each axis and stretched; what they leave of the leads stays, and each lead
    is brought back to mean 0 and standard deviation 1. Leads with missing samples stay as they
    are.
    """
    whole = np.isfinite(window).all(axis=1)
    if whole.sum() <= AXES:
        return window
    x = window[whole].astype(np.float64)
    values, axes = np.linalg.eigh(x @ x.T)
    axes = axes[:, np.argsort(values)[-AXES:]]
    change = _rotation(np.radians(rng.uniform(-degrees, degrees, AXES)))
    change *= 1.0 + STRETCH * degrees * rng.uniform(-1.0, 1.0, AXES)
    x = x + axes @ ((change - np.eye(AXES)) @ (axes.T @ x))
    x -= x.mean(axis=1, keepdims=True)
    out = window.copy()
    out[whole] = x / np.maximum(x.std(axis=1, keepdims=True), 1e-3)
    return out


def _rotation(angles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the rotation [3, 3] by these angles (rad) about the three axes, one after another."""
    out = np.eye(AXES)
    for axis, angle in enumerate(angles):
        i, j = (axis + 1) % AXES, (axis + 2) % AXES
        turn = np.eye(AXES)
        turn[[i, j], [i, j]] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        out = turn @ out
    return out
