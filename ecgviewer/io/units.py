"""Physical units as files spell them."""

from __future__ import annotations

_MV_PER_UNIT = {
    "kv": 1e6,
    "v": 1e3, "volt": 1e3, "volts": 1e3,
    "mv": 1.0, "millivolt": 1.0, "millivolts": 1.0,
    "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "microvolt": 1e-3, "microvolts": 1e-3,
    "nv": 1e-6, "nanovolt": 1e-6, "nanovolts": 1e-6,
    "pv": 1e-9,
}  # fmt: skip


def mv_per_unit(unit: str) -> float | None:
    """Return how many mV one ``unit`` is, or None where it is no voltage that we know.

    ``"MV"`` reads as millivolt: no ECG is in megavolts, and some archives write upper case.
    """
    return _MV_PER_UNIT.get(unit.strip().lower())
