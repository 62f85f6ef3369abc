"""Cut-offs of the filters for the eye, apart from the filters: menus name them without scipy."""

from __future__ import annotations

BASELINE_HZ = 0.5
"""High-pass against baseline wander."""
MUSCLE_HZ = 35.0
"""Low-pass against muscle noise."""
