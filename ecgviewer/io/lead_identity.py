"""What the limb-lead identities reveal: leads that are swapped, mislabelled or scaled."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import numpy.typing as npt

from ecgviewer.core.leads import limb_identity_errors, standard_indices
from ecgviewer.core.recording import Note

TOLERANCE = 0.25
"""Relative error: rounding and baseline drift of real recordings stay below, swaps above."""
CONVINCING = 0.1
"""An explanation must leave errors below this."""
LIMB_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF")

FloatArray = npt.NDArray[np.float32]


def steep_errors(signal_mv: FloatArray, leads: Sequence[str]) -> dict[str, float]:
    """Return the identity errors of the sample-to-sample differences.

    Differences weigh the QRS complex; baseline drift that a recorder filtered in each lead on
    its own, which breaks the identities without any mistake, drops out.
    """
    if signal_mv.shape[1] < 2:
        return {}
    return limb_identity_errors(np.diff(signal_mv, axis=1), leads)


def identity_notes(signal_mv: FloatArray, leads: Sequence[str]) -> list[Note]:
    """Return what the identities say about the labels of the limb leads.

    Parameters
    ----------
    signal_mv : array [n_leads, n]
        A few seconds are enough.
    leads : sequence of str
    """
    errors = steep_errors(signal_mv, leads)
    if not errors:
        return []
    wrong = {lead: error for lead, error in errors.items() if error > TOLERANCE}
    if not wrong:
        return [
            Note("info", f"limb-lead identities hold (largest error {max(errors.values()):.1%})")
        ]
    found = (
        _relabelled(signal_mv, leads)
        or _inverted_or_scaled(signal_mv, leads, wrong)
        or "limb leads may be swapped or mislabelled"
    )
    listed = ", ".join(f"{lead} {error:.0%}" for lead, error in wrong.items())
    return [Note("warning", f"limb-lead identities do not hold ({listed}): {found}")]


def _relabelled(signal_mv: FloatArray, leads: Sequence[str]) -> str | None:
    """Look for an exchange of labels that restores the identities."""
    at = standard_indices(leads)
    present = [lead for lead in LIMB_LEADS if lead in at]
    rows = signal_mv[[at[lead] for lead in present]]
    # Few samples say enough; the steepest carry the QRS.
    steep = np.diff(rows, axis=1)
    keep = np.argsort(np.nan_to_num(np.abs(steep).max(axis=0)))[-500:]
    sample = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(steep[:, keep], axis=1)], axis=1)
    best: tuple[int, tuple[str, ...]] | None = None
    for order in permutations(present):
        moved = sum(a != b for a, b in zip(order, present, strict=True))
        if moved == 0 or (best is not None and moved >= best[0]):
            continue
        errors = steep_errors(sample.astype(np.float32), order)
        if errors and max(errors.values()) < CONVINCING:
            best = (moved, order)
    if best is None:
        return None
    pairs = [
        f"what is labelled {label} is {true}"
        for label, true in zip(present, best[1], strict=True)
        if label != true
    ]
    return "; ".join(pairs)


def _inverted_or_scaled(
    signal_mv: FloatArray, leads: Sequence[str], wrong: dict[str, float]
) -> str | None:
    """Say by which factor the wrong leads differ from what I and II give."""
    at = standard_indices(leads)
    i, ii = (np.diff(signal_mv[at[lead]].astype(np.float64)) for lead in ("I", "II"))
    expected = {"III": ii - i, "aVR": -(i + ii) / 2, "aVL": i - ii / 2, "aVF": ii - i / 2}
    found = []
    for lead in wrong:
        have, want = np.diff(signal_mv[at[lead]].astype(np.float64)), expected[lead]
        good = np.isfinite(have) & np.isfinite(want)
        power = float(np.sum(want[good] ** 2))
        if power == 0.0:
            return None
        factor = float(np.sum(have[good] * want[good])) / power
        rest = have[good] - factor * want[good]
        explained = np.sqrt(np.sum(rest**2) / power) <= CONVINCING * abs(factor)
        if not explained or abs(factor - 1.0) < CONVINCING:
            return None
        found.append(f"{lead} is {factor:.2g} times what I and II give")
    return "; ".join(found)
