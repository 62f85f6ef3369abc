"""What the tensors of a calibrated scorer must look like to give finite scores."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import BundleError
from ecgviewer.models.score.beat_features.expected import N_CONTEXT
from ecgviewer.models.score.beat_features.window_features import BEAT_S, INTERVALS, RHYTHM
from ecgviewer.models.score.residual import N_PHASES

Array = npt.NDArray[Any]
LARGEST = 1e6
"""Of any value; real ones stay below 1,000."""
SMALLEST_SPREAD = 1e-7
MIN_NORMALS = 8
_BEAT = 12 * (round(BEAT_S[1] * 100) - round(BEAT_S[0] * 100))
_ANY = -1
_SHAPES: tuple[tuple[str, tuple[int, ...]], ...] = (
    (r"log_p", (_ANY, _ANY)),
    (r"record_reference|map_reference|reference\.\w+", (_ANY,)),
    (r"density\.(raw|residual)\.quantiles", (9, 1)),
    (r"density\.rhythm\.(quantiles)", (9, len(RHYTHM))),
    (r"density\.intervals\.(quantiles)", (9, len(INTERVALS))),
    (r"density\.st_\w+\.(quantiles)", (9, 60)),
    (r"density\.(raw|residual)\.signs", (1,)),
    (r"density\.rhythm\.signs", (len(RHYTHM),)),
    (r"density\.intervals\.signs", (len(INTERVALS),)),
    (r"density\.st_\w+\.signs", (60,)),
    (r"density\.beat_\w+\.(median|spread|mean)", (_BEAT,)),
    (r"density\.beat_\w+\.axes", (_ANY, _BEAT)),
    (r"density\.(beat_\w+|latent)\.variance", (_ANY,)),
    (r"density\.(beat_\w+|latent)\.rest", (1,)),
    (r"expected\.(raw|residual|latent)", (1 + 4 * N_CONTEXT,)),
    (r"map\.residual\.\w+\.(centre|spread)", (12, N_PHASES + 1)),
    (r"map\.unit\.\w+", (2,)),
    (r"map\.waves\.st_\w+\.weights", (2, 12, 4)),
    (r"map\.waves\.st_\w+\.spread", (2, 12)),
    (r"map\.waves\.p_weights", (12,)),
    (r"map\.waves\.(p|qrs)_quantiles", (9, 2)),
    (r"map\.waves\.odd_quantiles", (9, 1)),
)
"""By tensor name; those of the latent depend on the network."""


def check_scorer_tensors(tensors: Mapping[str, Array], latent_size: int) -> None:
    """Raise BundleError naming the first tensor that no calibration writes.

    Parameters
    ----------
    latent_size : int
        How many numbers describe a window's latent.
    """
    d = latent_size
    shapes = dict(_SHAPES) | {
        r"density\.latent\.(median|spread|mean)": (d,),
        r"density\.latent\.axes": (_ANY, d),
    }
    for name, values in tensors.items():
        if values.dtype != np.float32:
            raise _odd(name, f"holds {values.dtype}")
        if np.isinf(values).any() or (name != "log_p" and np.isnan(values).any()):
            raise _odd(name, "holds values that are not finite")
        if values.size and np.nanmax(np.abs(values), initial=0.0) > LARGEST:
            raise _odd(name, "holds impossible values")
        shape = next((s for pattern, s in shapes.items() if re.fullmatch(pattern, name)), None)
        if shape is not None and not _fits(values.shape, shape):
            raise _odd(name, f"has the shape {values.shape}")
        for pattern, sound in _RULES:
            if re.search(pattern, name) and not sound(values):
                raise _odd(name, "makes no sense")
    _check_together(tensors)


def _fits(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(found) == len(wanted) and all(
        n == m or (m == _ANY and n > 0) for n, m in zip(found, wanted, strict=True)
    )


def _check_together(tensors: Mapping[str, Array]) -> None:
    """Check what several tensors must agree on."""
    named = {m[1] for name in tensors if (m := re.match(r"density\.(\w+)\.", name))}
    if not {"residual", "latent"} <= named:
        raise BundleError("the calibration is not valid: the network's own parts are absent")
    if not {"expected.residual", "expected.latent"} <= set(tensors):
        raise BundleError("the calibration is not valid: what is expected of normals is absent")
    log_p = tensors.get("log_p")
    if log_p is None or log_p.shape[1] != len(named):
        raise BundleError("the calibration is not valid: log_p does not fit the densities")
    if np.isfinite(log_p).all(axis=1).sum() < MIN_NORMALS:
        raise BundleError("the calibration is not valid: log_p holds too few normals")
    for name in named:
        axes, variance = (tensors.get(f"density.{name}.{part}") for part in ("axes", "variance"))
        if axes is not None and (variance is None or len(axes) != len(variance)):
            raise BundleError(f"the calibration is not valid: the axes of {name} have no variance")


def _odd(name: str, why: str) -> BundleError:
    return BundleError(f"the calibration is not valid: {name[:60]} {why}")


def _spread(values: Array) -> bool:
    return bool((values >= SMALLEST_SPREAD).all())


def _ascending(values: Array) -> bool:
    return bool((np.diff(values, axis=0) >= 0).all())


def _apart(values: Array) -> bool:
    return bool(values[1] - values[0] >= SMALLEST_SPREAD)


_RULES: tuple[tuple[str, Callable[[Array], bool]], ...] = (
    (r"\.(spread|rest)$", _spread),
    (r"\.variance$", lambda values: bool((values >= 0).all())),
    (r"quantiles$", _ascending),
    (r"^map\.unit\.", _apart),
    (r"reference", lambda values: values.size >= MIN_NORMALS),
)
