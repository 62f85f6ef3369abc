"""Whether what a bundle asks for can be done in the memory of an ordinary computer.

Judged from numbers alone, before anything is built: a bundle is untrusted input. The limits lie
an order of magnitude above the published and the shipped configurations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ecgviewer.core.errors import BundleError

if TYPE_CHECKING:
    from ecgviewer.models.run.windows import Windowing
    from ecgviewer.signal.preprocessing import Preprocessing

MAX_HYPER = 1024
"""No layer of any sensible configuration is wider or deeper."""
LARGEST: Mapping[str, int] = {"layers": 8, "context": 8, "heads": 64, "lead_heads": 64}
"""By hyperparameter, where less than ``MAX_HYPER`` is sensible (``context`` 8: 20 s)."""
AT_LEAST_ONE = ("block", "heads", "lead_heads", "layers", "hidden", "latent", "lead_width")
ABOVE_ZERO = ("floor_sd",)
MIN_LOW_HZ = 0.01
"""A filter below needs minutes of context around every chunk."""
SCALE_MV = (1e-4, 100.0)
MAX_SAMPLES = 80_000
"""Per lead of a window, over the complementary masks."""
MAX_STATES = 1_000_000
"""Steps times the widest layer, over the masks."""
MAX_ATTENTION = 8_000_000
"""Heads times steps squared, over the masks."""
STEM_STRIDE = 8
MASKS = 4


def check_hyper(hyper: Mapping[str, Any]) -> None:
    """Raise BundleError for hyperparameters that no configuration has."""
    for name, value in hyper.items():
        if isinstance(value, str | bool):
            continue
        number = isinstance(value, int | float)
        low = 1 if name in AT_LEAST_ONE else 0
        if (
            not number
            or not low <= value <= LARGEST.get(name, MAX_HYPER)
            or (name in ABOVE_ZERO and value <= 0)
        ):
            raise BundleError(f"the hyperparameter {name} = {value!r:.40} makes no sense")


def check_kinds(hyper: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Raise BundleError for a word where a number belongs, and the other way round."""
    for name, default in defaults.items():
        value = hyper[name]
        wanted = (int, float) if isinstance(default, int | float) else str
        if isinstance(default, bool) != isinstance(value, bool) or not isinstance(value, wanted):
            raise BundleError(f"the hyperparameter {name} = {value!r:.40} makes no sense")


def check_work(
    hyper: Mapping[str, Any], preprocessing: Preprocessing, windowing: Windowing
) -> None:
    """Raise BundleError when one window would take more memory than there is.

    Parameters
    ----------
    hyper : mapping
        Complete: with the architecture's defaults.
    """
    if preprocessing.low_hz < MIN_LOW_HZ:
        raise BundleError(f"a high-pass at {preprocessing.low_hz:g} Hz makes no sense")
    scales = preprocessing.lead_scale_mv
    if scales and (len(scales) != 12 or not all(SCALE_MV[0] <= v <= SCALE_MV[1] for v in scales)):
        raise BundleError("the scales of the leads make no sense")
    masks = MASKS if float(hyper["hidden_share"]) > 0 else 1
    samples = windowing.length_s * preprocessing.fs_hz
    steps = samples / (STEM_STRIDE if hyper.get("stem", True) else 1)
    width = max(
        float(hyper.get(name, 0)) for name in ("hidden", "latent", "lead_width", "bottleneck")
    )
    attention = float(hyper.get("heads", 0)) * steps**2
    if (
        samples * masks > MAX_SAMPLES
        or steps * width * masks > MAX_STATES
        or attention * masks > MAX_ATTENTION
    ):
        raise BundleError(
            f"windows of {windowing.length_s:g} s at {preprocessing.fs_hz:g} Hz need more memory "
            "with this network than a computer has"
        )
