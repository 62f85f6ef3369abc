"""Spans in time with the leads they belong to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


class Spans:
    """Spans in time with the leads they belong to, found quickly among many.

    Parameters
    ----------
    starts_s, stops_s : sequence of float
        In order of start.
    leads : sequence of tuple of str
        Per span; empty means it belongs to no lead in particular.
    """

    def __init__(
        self,
        starts_s: Sequence[float],
        stops_s: Sequence[float],
        leads: Sequence[tuple[str, ...]],
    ) -> None:
        self.starts = np.asarray(starts_s, dtype=np.float64)
        self.stops = np.asarray(stops_s, dtype=np.float64)
        # A span may outlast later ones; the latest stop so far only ever grows.
        self._latest_stop = np.maximum.accumulate(self.stops) if len(leads) else self.stops
        self.leads = tuple(leads)
        names = {lead for entry in leads for lead in entry}
        self._on = {
            name: np.array([name in entry for entry in leads], dtype=bool) for name in names
        }
        self.everywhere = np.array([not entry for entry in leads], dtype=bool)

    def __len__(self) -> int:
        return len(self.leads)

    def within(self, start_s: float, stop_s: float) -> npt.NDArray[np.int64]:
        """Return the indices of the spans that touch a range."""
        first = int(np.searchsorted(self._latest_stop, start_s))
        stop = int(np.searchsorted(self.starts, stop_s))
        return first + np.flatnonzero(self.stops[first:stop] >= start_s)

    def names(self, lead: str, among: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return which of ``among`` name a lead."""
        mask = self._on.get(lead)
        return np.zeros(among.size, dtype=bool) if mask is None else mask[among]


NO_SPANS = Spans([], [], [])
