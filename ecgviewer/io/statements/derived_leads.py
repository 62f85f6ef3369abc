"""Limb leads that a file leaves out and that two others give: four of six are always redundant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecgviewer.core.leads import STANDARD_LEADS, standard_indices
from ecgviewer.core.record.recording import Note, Recording, SignalSource

FloatArray = npt.NDArray[np.float32]

_OF_I_AND_II = {
    "I": (1.0, 0.0), "II": (0.0, 1.0), "III": (-1.0, 1.0),
    "aVR": (-0.5, -0.5), "aVL": (1.0, -0.5), "aVF": (-0.5, 1.0),
}  # fmt: skip
"""Einthoven's and Goldberger's leads as sums of I and II."""
_PAIRS = (("I", "II"), ("I", "III"), ("II", "III"))


@dataclass(frozen=True, slots=True)
class _Sum:
    """A lead as ``a`` times one row of the file and ``b`` times another."""

    rows: tuple[int, int]
    weights: tuple[float, float]


class DerivedSource:
    """Reads a file's leads, and computes those that follow from two of them."""

    def __init__(self, source: SignalSource, n_stored: int, sums: Sequence[_Sum]) -> None:
        self.stored = source
        self._n_stored = n_stored
        self._sums = tuple(sums)

    def read(self, start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        """Return samples ``[start, stop)`` of these rows in mV; see ``SignalSource``."""
        needed: dict[int, None] = {}
        for lead in leads:
            rows = (lead,) if lead < self._n_stored else self._sums[lead - self._n_stored].rows
            needed.update(dict.fromkeys(rows))
        at = {row: k for k, row in enumerate(needed)}
        block = self.stored.read(start, stop, list(needed))
        if list(needed) == list(leads):
            return block
        out = np.empty((len(leads), stop - start), dtype=np.float32)
        for k, lead in enumerate(leads):
            if lead < self._n_stored:
                out[k] = block[at[lead]]
                continue
            one = self._sums[lead - self._n_stored]
            first, second = (block[at[row]] for row in one.rows)
            out[k] = one.weights[0] * first + one.weights[1] * second
        return out

    def content_hash(self) -> str:
        """Return the SHA-256 of the record's files: computed leads add nothing to them."""
        return self.stored.content_hash()

    def close(self) -> None:
        """Release file handles."""
        self.stored.close()


def with_limb_leads(recording: Recording) -> Recording:
    """Return the recording with the limb leads that two of I, II and III give, where some lack.

    Only where the file gives the unit: leads that were scaled one by one cannot be added.
    """
    at = standard_indices(recording.leads)
    pair = next((pair for pair in _PAIRS if set(pair) <= set(at)), None)
    lacking = [lead for lead in STANDARD_LEADS[:6] if lead not in at]
    if pair is None or not lacking or not recording.units_known:
        return recording
    basis = np.array([_OF_I_AND_II[lead] for lead in pair]).T
    sums = []
    for lead in lacking:
        a, b = np.linalg.solve(basis, np.array(_OF_I_AND_II[lead]))
        sums.append(_Sum((at[pair[0]], at[pair[1]]), (float(a), float(b))))
    n_stored = len(recording.leads)
    numbering = recording.numbering
    numbers = tuple(numbering.signal(row) for row in range(n_stored)) + (None,) * len(lacking)
    text = f"computed from {pair[0]} and {pair[1]}: {', '.join(lacking)}"
    return replace(
        recording,
        leads=(*recording.leads, *lacking),
        source=DerivedSource(recording.source, n_stored, sums),
        numbering=replace(numbering, signals=numbers),
        notes=(*recording.notes, Note("info", text)),
    )
