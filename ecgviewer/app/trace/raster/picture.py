"""Draws traces straight into the picture: one vertical run of pixels per device column.

A column covers exactly what the line through the samples covers there, its two ends blended by
the share of the pixel they cover. The cost depends on the size of the picture alone, not on the
length of the view, and no spike is ever lost between two pixels. All lanes of a layer are
computed as one array: numpy's cost per call would otherwise exceed that of the pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]
TALL_SHARE = 0.25
"""Share of a lane's area that its columns cover, above which comparing rows beats addressing
pixels."""


class Picture:
    """A QImage whose pixels numpy can write.

    Attributes
    ----------
    pixels : array [height, width] of uint32
        ``0xffRRGGBB``.
    image, plain : QImage
        The same memory, with its device pixel ratio and without.
    """

    def __init__(self, width: int, height: int, ratio: float) -> None:
        self.pixels = np.full((max(height, 1), max(width, 1)), 0xFF000000, dtype=np.uint32)
        height, width = self.pixels.shape
        memory = self.pixels.data
        self.image = QImage(memory, width, height, width * 4, QImage.Format.Format_RGB32)
        self.plain = QImage(memory, width, height, width * 4, QImage.Format.Format_RGB32)
        self.image.setDevicePixelRatio(ratio)
        self.ratio = ratio


@dataclass(frozen=True, slots=True)
class Runs:
    """Device columns of lanes that begin and end at the same columns, ready to fill.

    Attributes
    ----------
    first : int
        The picture's column of the first entry.
    top, bottom : array [n_lanes, width]
        In device pixels; NaN leaves a gap.
    clip : array [n_lanes, 2]
        Rows ``[upper, lower)`` that each lane may draw on.
    """

    first: int
    top: FloatArray
    bottom: FloatArray
    clip: npt.NDArray[np.int64]


def fill(picture: Picture, runs: Sequence[Runs], color: QColor) -> None:
    """Fill the runs of many lanes; where they overlap, the later ones lie on top."""
    for group in runs:
        _fill_group(picture, group, color)


def _fill_group(picture: Picture, runs: Runs, color: QColor) -> None:
    height, width = picture.pixels.shape
    inside = slice(max(-runs.first, 0), max(width - runs.first, 0))
    top, bottom = runs.top[:, inside], runs.bottom[:, inside]
    left = runs.first + inside.start
    clip = np.clip(runs.clip, 0, height).astype(np.float32)
    upper, lower = clip[:, :1], clip[:, 1:]
    seen = (bottom > upper) & (top < lower) & (lower > upper)
    if not seen.any():
        return
    whole = bool(seen.all())
    if not whole:
        # What is not seen is a run of no length in its lane's first row.
        top, bottom = np.where(seen, top, upper), np.where(seen, bottom, upper)
    ends = np.stack(
        (
            np.minimum(np.maximum(top, upper), lower - np.float32(0.01)),
            np.minimum(np.maximum(bottom, upper + np.float32(0.01)), lower - np.float32(0.001)),
        )
    )
    rows = ends.astype(np.int32)
    begin = rows[0] + 1
    length = np.maximum(rows[1] - begin, 0)
    if not whole:
        length[~seen] = 0
    _fill_inner(picture, left, begin, length, color.rgb())
    weight, index = _end_pixels(ends, rows, left, width)
    weight, index = weight.ravel(), index.ravel()
    if not whole:
        drawn = np.flatnonzero(np.broadcast_to(seen, ends.shape))
        weight, index = weight[drawn], index[drawn]
    _blend(picture, index, weight, color)


def _fill_inner(picture: Picture, left: int, begin: IntArray, length: IntArray, color: int) -> None:
    """Set rows ``[begin, begin + length)`` of every column of every lane."""
    total = length.sum(axis=1)
    drawn = length > 0
    short = []
    for lane in np.flatnonzero(total).tolist():
        starts = begin[lane][drawn[lane]]
        upper = int(starts.min())
        lower = int((begin[lane] + length[lane])[drawn[lane]].max())
        if total[lane] > TALL_SHARE * (lower - upper) * length.shape[1]:
            _fill_tall(picture, left, begin[lane], length[lane], (upper, lower), color)
        else:
            short.append(lane)
    if short:
        _fill_short(picture, left, begin[short], length[short], color)


def _fill_short(picture: Picture, left: int, begin: IntArray, length: IntArray, color: int) -> None:
    """Address pixel by pixel: cost by their number."""
    width = picture.pixels.shape[1]
    count = length.ravel()
    # Index of run r, row k: (begin + k) * width + column, with k counted by one long ramp.
    before = np.cumsum(count) - count
    column = left + np.arange(length.shape[1])
    origin = (begin * np.intp(width) + column).ravel() - before * width
    index = np.arange(0, int(count.sum()) * width, width)
    index += np.repeat(origin, count)
    picture.pixels.reshape(-1)[index] = color


def _fill_tall(
    picture: Picture,
    left: int,
    begin: IntArray,
    length: IntArray,
    rows: tuple[int, int],
    color: int,
) -> None:
    """Compare row by row: cost by the area."""
    upper, lower = rows
    width = picture.pixels.shape[1]
    # One comparison of unsigned numbers tests both ends: rows above the run wrap around.
    start, count = np.zeros((2, width), dtype=np.uint8 if lower - upper < 256 else np.uint16)
    start[left : left + begin.size] = np.where(length > 0, begin - upper, 0)
    count[left : left + begin.size] = length
    row = np.arange(lower - upper).astype(start.dtype)[:, np.newaxis]
    np.putmask(picture.pixels[upper:lower], row - start < count, np.uint32(color))


def _end_pixels(
    ends: FloatArray, rows: IntArray, left: int, width: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.intp]]:
    """Return how much of 256 the first and the last pixel of each run are covered, and where
    they are.

    Parameters
    ----------
    ends, rows : array [2, n_lanes, width]
        Upper and lower end of each run, and the rows that hold them.
    """
    top, bottom = ends
    covered = np.empty_like(ends)
    np.subtract(rows[0] + np.float32(1), top, out=covered[0])
    np.subtract(bottom, rows[1], out=covered[1])
    # One pixel that holds a whole run counts as both ends, and is written twice alike.
    np.copyto(covered, bottom - top, where=rows[0] == rows[1])
    covered *= np.float32(256)
    index = rows * np.intp(width)
    index += left + np.arange(ends.shape[2])
    return covered.astype(np.uint32), index


def _blend(
    picture: Picture, index: npt.NDArray[np.intp], weight: npt.NDArray[np.uint32], color: QColor
) -> None:
    """Mix the colour into pixels, by weights of up to 256."""
    flat = picture.pixels.reshape(-1)
    under = flat[index]
    rest = np.uint32(256) - weight
    # Red and blue are mixed in one word: each has eight bits to spare above it.
    odd, even, rgb = np.uint32(0x00FF00FF), np.uint32(0x0000FF00), color.rgb()
    mixed = under & odd
    mixed *= rest
    mixed += weight * np.uint32(rgb & 0xFF00FF)
    mixed >>= np.uint32(8)
    mixed &= odd
    under &= even
    under >>= np.uint32(8)
    under *= rest
    weight *= np.uint32(rgb >> 8 & 0xFF)
    under += weight
    under &= even
    mixed |= under
    mixed |= np.uint32(0xFF000000)
    flat[index] = mixed
