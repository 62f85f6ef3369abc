"""Numpy arrays to Qt polygons without a Python loop."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QPolygonF
from shiboken6 import VoidPtr

DoubleArray = npt.NDArray[np.float64]


def polygon(x: npt.ArrayLike, y: npt.ArrayLike) -> QPolygonF:
    """Return the points (x[i], y[i]).

    Written straight into the polygon's memory: two doubles per point on every platform that
    Qt's QPointF supports.
    """
    x = np.asarray(x)
    points = QPolygonF()
    points.resize(x.size)
    if x.size:
        # Its stubs know neither a pointer to points nor the size.
        memory = VoidPtr(points.data(), x.size * 16, True)  # type: ignore[call-arg, arg-type]
        view: DoubleArray = np.frombuffer(memory, dtype=np.float64).reshape(-1, 2)  # type: ignore[call-overload]
        view[:, 0] = x
        view[:, 1] = y
    return points
