"""Published HDF5 layouts that state neither rate nor leads: what their documentation says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import h5py
import numpy as np
import numpy.typing as npt

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.percent import percent_text
from ecgviewer.io.statements.lead_identity import steep_errors

_LIMB, _CHEST = STANDARD_LEADS[:3], STANDARD_LEADS[6:]


@dataclass(frozen=True, slots=True)
class PublishedLayout:
    """What documents of a data set say.

    ``orders`` are lead orders, likeliest first; ``other_units`` those that other documents of it
    give.
    """

    name: str
    fs_hz: float
    units: str
    orders: tuple[tuple[str, ...], ...]
    other_units: str = ""


_CODE_SAMPLES = 4096
"""With the zeros around each; what has far fewer is something else under the same name."""
CODE = PublishedLayout(
    "CODE",
    400.0,
    "mV",
    (STANDARD_LEADS, (*_LIMB, "aVL", "aVF", "aVR", *_CHEST)),
    other_units="1e-4V",
)
"""CODE and CODE-15%: https://doi.org/10.5281/zenodo.4916206. Files of it were published in tenths
of millivolts too."""
SPH = PublishedLayout("SPH", 500.0, "mV", (STANDARD_LEADS,))
"""Shandong Provincial Hospital: https://doi.org/10.1038/s41597-022-01403-5."""


def published_layout(dataset: h5py.Dataset) -> PublishedLayout | None:
    """Return the published layout that a dataset has by name, shape and type."""
    name = dataset.name.rsplit("/", 1)[-1].lower()
    if name == "tracings" and dataset.ndim == 3 and dataset.shape[2] == 12:
        return CODE if dataset.shape[1] >= _CODE_SAMPLES // 2 else None
    if dataset.name == "/ecg" and dataset.ndim == 2 and dataset.shape[0] == 12:
        return SPH if dataset.dtype == np.float16 and not dataset.attrs else None
    return None


def choose_order(
    signal_mv: npt.NDArray[np.float32], orders: Sequence[tuple[str, ...]]
) -> tuple[tuple[str, ...], str]:
    """Return the lead order whose limb-lead identities hold best, and how it was chosen.

    Parameters
    ----------
    signal_mv : array [n_leads, n]
    orders : sequence of lead orders, likeliest first
    """
    if len(orders) == 1:
        return orders[0], "the only order documented"
    worst = [max(steep_errors(signal_mv, order).values(), default=np.inf) for order in orders]
    best = int(np.argmin(worst))
    if not np.isfinite(worst[best]) or sorted(worst)[1] - worst[best] < 0.05:
        return orders[0], "the limb-lead identities cannot tell"
    return orders[best], f"limb-lead identities hold to {percent_text(worst[best], 1)}"
