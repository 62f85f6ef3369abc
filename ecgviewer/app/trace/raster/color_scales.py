"""Colour scales that survive colour blindness and grey printing, as 256-entry tables."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

# Stations of steadily rising lightness, without red against green.
_STATIONS = {
    "heat": ("#12092c", "#43105f", "#84206b", "#c43c4e", "#ee6a24", "#fbae3c", "#fdf6dc"),
    "attention": ("#0b1f46", "#1d3f6e", "#3f6480", "#6d8a86", "#a0ae86", "#d3d08a", "#f8f5d8"),
}


def _table(stations: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    rgb = np.array([[int(s[i : i + 2], 16) for i in (1, 3, 5)] for s in stations], dtype=float)
    at = np.linspace(0, len(stations) - 1, 256)
    return np.stack(
        [np.interp(at, np.arange(len(stations)), rgb[:, channel]) for channel in range(3)], axis=1
    ).astype(np.uint8)


ColorWords = npt.NDArray[np.uint32]
_TABLES: dict[str, npt.NDArray[np.uint8]] = {name: _table(s) for name, s in _STATIONS.items()}


@lru_cache
def color_table(name: str, dark: bool) -> tuple[int, ...]:
    """Return 256 opaque ARGB values for an indexed image.

    Parameters
    ----------
    name : str
        ``heat`` or ``attention``.
    dark : bool
        On dark paper the scale rises to bright, on light paper to dark: low values always
        recede into the paper.
    """
    table = _TABLES[name] if dark else _TABLES[name][::-1]
    return tuple(0xFF000000 | int(r) << 16 | int(g) << 8 | int(b) for r, g, b in table)


@lru_cache
def color_words(name: str, dark: bool) -> ColorWords:
    """Return the same table as words to index by arrays."""
    return np.array(color_table(name, dark), dtype=np.uint32)


def to_index(
    values: npt.NDArray[np.float32], low: float, high: float
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Return table indices for fixed levels, and where there is no value.

    Parameters
    ----------
    low, high : float
        Levels of the first and last colour; values beyond take the end colours.
    """
    missing = ~np.isfinite(values)
    scaled = (values - np.float32(low)) * np.float32(255.0 / max(high - low, 1e-12))
    if missing.any():
        scaled[missing] = 0.0
    return np.minimum(np.maximum(scaled, 0), 255).astype(np.uint8), missing
