"""How stored values of an HDF5 dataset become its unit: factors, offsets, marks of missing samples.

``scale`` and ``offset`` (and ``scale_factor`` and ``add_offset`` of the netCDF convention) give
``stored * scale + offset``; ``adc_gain`` and ``baseline`` are those of WFDB, ``(stored -
baseline) / adc_gain``, and hold for whole numbers only, as the samples of a converter are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import h5py
import numpy as np
import numpy.typing as npt

from ecgviewer.core.record.recording import Note
from ecgviewer.io.hdf5.locate.columns import NUMBERS, kind_of
from ecgviewer.io.hdf5.statements import (
    AMBIGUOUS_SCALE,
    BASELINE,
    DIVISOR,
    MISSING,
    OFFSET,
    SCALE,
    Statement,
    numbers,
    shown,
)

_NOTHING = {"", "none", "n/a", "na", "no", "null", "nan"}
"""Texts that say that there is no factor."""
_LOOKED_AT = 64
"""So many values along each axis show whether a dataset holds whole numbers."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """``stored * scales + offsets``, per row or one for all, in the dataset's unit.

    Attributes
    ----------
    scales, offsets : tuple of float
        One value, or one per row.
    missing : tuple of float
        Stored values that mean "no sample".
    notes : tuple of Note
        What was applied, and where the file says so.
    doubt : str or None
        A statement on the amplitude that could not be applied: the unit is then not known.
    """

    scales: tuple[float, ...] = (1.0,)
    offsets: tuple[float, ...] = (0.0,)
    missing: tuple[float, ...] = ()
    notes: tuple[Note, ...] = ()
    doubt: str | None = None

    def row(self, k: int) -> tuple[float, float]:
        """Return factor and offset of row ``k``."""
        return self.scales[k % len(self.scales)], self.offsets[k % len(self.offsets)]


def scaling_of(dataset: h5py.Dataset, said: Sequence[Statement], n_rows: int) -> Scaling:
    """Return how the values of a dataset of ``n_rows`` leads are to be scaled, by what is said.

    The dataset must have been checked to lie inside its file.
    """
    said = [one for one in said if shown(one.value).lower() not in _NOTHING]
    missing = _missing(said)
    scale, offset = _first(said, SCALE), _first(said, OFFSET)
    gain, unclear = _first(said, DIVISOR), _first(said, AMBIGUOUS_SCALE)
    if scale is None and gain is not None:
        if _whole_numbers(dataset):
            return _of_a_converter(gain, _first(said, BASELINE), n_rows, missing)
        text = f"{gain.name} was not applied: the samples are no whole numbers"
        return Scaling(missing=missing, notes=(Note("info", text),))
    if scale is None and unclear is not None and kind_of(dataset) in "iu":
        return Scaling(missing=missing, doubt=_quoted([unclear]))
    used = [one for one in (scale, offset) if one is not None]
    scales, offsets = _per_row(scale, n_rows, 1.0), _per_row(offset, n_rows, 0.0)
    if scales is None or offsets is None or 0.0 in scales:
        return Scaling(missing=missing, doubt=_quoted(used))
    plain = set(scales) == {1.0} and set(offsets) == {0.0}
    return Scaling(scales, offsets, missing, () if plain else (_note(used),))


def _of_a_converter(
    gain: Statement, baseline: Statement | None, n_rows: int, missing: tuple[float, ...]
) -> Scaling:
    used = [gain] if baseline is None else [gain, baseline]
    gains, zeros = _per_row(gain, n_rows, 1.0), _per_row(baseline, n_rows, 0.0)
    if gains is None or zeros is None or 0.0 in gains:
        return Scaling(missing=missing, doubt=_quoted(used))
    n = max(len(gains), len(zeros))
    pairs = [(gains[k % len(gains)], zeros[k % len(zeros)]) for k in range(n)]
    return Scaling(
        tuple(1.0 / gain for gain, _ in pairs),
        tuple(-zero / gain for gain, zero in pairs),
        missing,
        (_note(used),),
    )


def without_missing(
    values: npt.NDArray[np.generic], missing: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Return stored values as numbers, NaN where they mean "no sample"."""
    stored = values.astype(np.float64)
    if missing:
        stored[np.isin(stored, missing)] = np.nan
    return stored


def _first(said: Sequence[Statement], keys: set[str]) -> Statement | None:
    return next((one for one in said if one.key in keys), None)


def _per_row(one: Statement | None, n_rows: int, default: float) -> tuple[float, ...] | None:
    """Return one value, or one per row; None where the statement is not understood."""
    if one is None:
        return (default,)
    found = numbers(one.value)
    return found if found is not None and len(found) in (1, n_rows) else None


def _missing(said: Sequence[Statement]) -> tuple[float, ...]:
    """Return the marks of missing samples, without 0: every ECG passes through it."""
    found = [numbers(one.value) or () for one in said if one.key in MISSING]
    return tuple(dict.fromkeys(value for values in found for value in values if value != 0.0))


def _whole_numbers(dataset: h5py.Dataset) -> bool:
    if kind_of(dataset) in "iu":
        return True
    if dataset.dtype.kind not in NUMBERS:
        return False
    some = np.asarray(dataset[tuple(slice(0, min(n, _LOOKED_AT)) for n in dataset.shape)])
    some = some[np.isfinite(some)]
    return bool(some.size) and bool(np.all(some == np.round(some))) and bool(np.any(some))


def _quoted(used: Sequence[Statement]) -> str:
    return " and ".join(f"{one.name} = {shown(one.value)}" for one in used)


def _note(used: Sequence[Statement]) -> Note:
    """Tell what was applied; what is not said of the dataset itself is an assumption."""
    elsewhere = [one.where for one in used if one.where]
    if not elsewhere:
        return Note("info", f"scaled as the file says: {_quoted(used)}")
    return Note("assumed", f"scaled as {elsewhere[0]} says: {_quoted(used)}")
