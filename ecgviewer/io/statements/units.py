"""Physical units as files spell them."""

from __future__ import annotations

import math
import re

_MV_PER_UNIT = {
    "kv": 1e6,
    "v": 1e3, "volt": 1e3, "volts": 1e3,
    "mv": 1.0, "millivolt": 1.0, "millivolts": 1.0,
    "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "microvolt": 1e-3, "microvolts": 1e-3,
    "nv": 1e-6, "nanovolt": 1e-6, "nanovolts": 1e-6,
    "pv": 1e-9,
}  # fmt: skip

_COUNTS_PER_MV = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(?:counts?|adu|lsb)?\s*(?:/|per)\s*mv")
_COUNTED = re.compile(r"(\d+(?:\.\d*)?(?:e[+-]?\d+)?)\s*[*x]?\s*([a-zµμ]+)")


def mv_per_unit(unit: str) -> float | None:
    """Return how many mV one ``unit`` is, or None where it is no voltage that we know.

    ``"MV"`` reads as millivolt: no ECG is in megavolts, and some archives write upper case.
    A number may stand before the unit, as in ``1e-4V`` or ``4.88 uV``;
    ``"200/mV"`` is a converter's: 200 counts per mV.
    """
    text = unit.strip().lower()
    counts = _COUNTS_PER_MV.fullmatch(text)
    if counts is not None:
        return 1.0 / float(counts[1]) if float(counts[1]) > 0 else None
    counted = _COUNTED.fullmatch(text)
    if counted is None:
        return _MV_PER_UNIT.get(text)
    factor, known = float(counted[1]), _MV_PER_UNIT.get(counted[2])
    return factor * known if known is not None and 0 < factor < math.inf else None
