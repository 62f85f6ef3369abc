"""Shares in per cent look the same everywhere."""

from __future__ import annotations

import pytest

from ecgviewer.core.percent import percent_text


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (0.95, 0, "95 %"),
        (0.9985, 2, "99.85 %"),
        (0.05, 2, "5 %"),
        (0.0712, 1, "7.1 %"),
        (0, 0, "0 %"),
    ],
)
def test_a_share_is_never_parted_from_its_sign(share: float, decimals: int, text: str) -> None:
    assert percent_text(share, decimals) == text.replace(" ", "\u00a0")
