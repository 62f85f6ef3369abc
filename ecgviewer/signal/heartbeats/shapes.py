"""Things of one shape: rows of unit length in groups of those that resemble each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.gaps import FloatArray


def unit_rows(rows: FloatArray) -> FloatArray:
    """Return rows at unit length; a row of zeros stays one."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, np.float32(1e-9)), dtype=np.float32)


def group_alike(
    rows: FloatArray, alike: float, most: int | None = None
) -> list[tuple[npt.NDArray[np.intp], int]]:
    """Return groups of rows that resemble each other, each with its most typical member.

    The first row that nothing resembles yet begins a group, the mean of its lookalikes draws the
    others in: one pass over what is left for each group (leader clustering; Hartigan 1975,
    *Clustering Algorithms*, chapter 3).

    Parameters
    ----------
    rows : float32 array [N, d]
        At unit length (:func:`unit_rows`).
    alike : float
        The least correlation with the group's mean.
    most : int, optional
        The most groups that are made; what is left then is the last of them.

    Returns
    -------
    list of (int array, int)
        Rows of a group, ascending, and its typical row; in order of their first rows.
    """
    left = np.arange(rows.shape[0])
    own = rows
    groups: list[tuple[npt.NDArray[np.intp], int]] = []
    while left.size:
        if most is not None and len(groups) == most - 1:
            groups.append((left, int(left[0])))
            break
        near = own @ own[0] >= alike
        near[0] = True
        centre = own[near].mean(axis=0)
        likeness = own @ (centre / max(float(np.linalg.norm(centre)), 1e-9))
        members = likeness >= alike
        members[0] = True  # each pass takes one away
        groups.append((left[members], int(left[members][np.argmax(likeness[members])])))
        left, own = left[~members], own[~members]
    return groups
