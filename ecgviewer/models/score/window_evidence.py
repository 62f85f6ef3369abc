"""What one analysed window hands to the scorer: the trace, its beats, the network's answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ecgviewer.models.networks.network import NetworkOutput
    from ecgviewer.signal.device_filter import HighPass

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

T = TypeVar("T")

LONGEST_GAP_S = 0.05
"""What is longer may hide a QRS."""


def digest_of(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Return what tells one calibration from another."""
    digest = sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.digest()


def unknown_highpass() -> HighPass | None:
    """Say nothing of the device's high-pass."""
    return None


class Looks:
    """What is computed of a window without a network: once, for all the models that see it.

    Keys name what was computed and, where a model's calibration went into it, that calibration:
    models calibrated on the same normals share it.
    """

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made under this key, making it the first time."""
        if key not in self._found:
            self._found[key] = make()
        found: T = self._found[key]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One window of a record, as the network saw it and as the scorer judges it.

    Attributes
    ----------
    signal_mv : array [12, n]
        The filtered trace at the model's rate, standard lead order. In mV, or in unknown units
        where ``amplitude_known`` is False. Rows outside ``lead_mask`` may hold anything finite.
    network_input : array [12, n]
        The same samples in network units: what ``output.mean`` tries to restore.
    output : NetworkOutput
        The network's answer to this window.
    fs_hz : float
        Samples per second of every array here.
    r_peaks : array [n_beats] of int64
        R peaks as samples of this window, ascending; may be empty.
    lead_mask : array [12] of bool
        True for the leads that may be judged.
    amplitude_known : bool
        False when the file gives no physical unit, so that only shapes can be judged.
    usable : array [12, n] of bool, optional
        True for samples that may be judged, where quality differs within the window.
    start_s : float
        Where the window starts in its record.
    looks : Looks
        Of the same prepared window, whichever network's answer this is.
    highpass : callable
        Returns the device's high-pass as the file states or the trace shows it; None: not known.
    levels_lost : str
        Why, by what the file says of its filters, ST levels cannot be judged; or empty.
    """

    signal_mv: FloatArray
    network_input: FloatArray
    output: NetworkOutput
    fs_hz: float
    r_peaks: npt.NDArray[np.int64]
    lead_mask: BoolArray
    amplitude_known: bool = True
    usable: BoolArray | None = None
    start_s: float = 0.0
    looks: Looks = field(default_factory=Looks)
    highpass: Callable[[], HighPass | None] = unknown_highpass
    levels_lost: str = ""

    def judged(self) -> BoolArray:
        """Return which samples may be judged, [12, n]."""
        mask = np.broadcast_to(self.lead_mask[:, None], self.signal_mv.shape)
        return mask.copy() if self.usable is None else mask & self.usable

    def seen(self) -> BoolArray | None:
        """Return where any lead may be judged, [n]; None where some lead always may."""
        seen = np.asarray(self.judged().any(axis=0))
        return None if seen.all() else seen

    def has_gap(self) -> bool:
        """Whether a beat may be hidden where no lead can be judged."""
        seen = self.seen()
        return seen is not None and bool((~seen).sum() > LONGEST_GAP_S * self.fs_hz)
