"""What the limb-lead identities reveal: leads that are swapped, mislabelled or scaled."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import numpy.typing as npt

from ecgviewer.core.leads import limb_identity_errors, standard_indices
from ecgviewer.core.percent import percent_text
from ecgviewer.core.record.recording import Note

TOLERANCE = 0.25
"""Relative error: rounding and baseline drift of real recordings stay below, swaps above."""
CONVINCING = 0.1
"""An explanation must leave errors below this."""
ROUNDING_STEPS = 1.5
"""Root mean square of the rounding of rebuilt leads, in steps of the converter: 0.8 to 1.3 in
files of one maker. Exchanged leads of a low ECG (0.3 mV) err by 2 and more."""
GLITCH_S = 0.1
"""What breaks the identities for no longer than this is an artefact, no matter of labels."""
GLITCH_EDGE = 0.05
LIMB_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF")

IDENTITIES: tuple[dict[str, float], ...] = (
    {"I": -1.0, "II": 1.0, "III": -1.0},
    {"I": 0.5, "II": 0.5, "aVR": 1.0},
    {"I": 1.0, "II": -0.5, "aVL": -1.0},
    {"I": -0.5, "II": 1.0, "aVF": -1.0},
)
"""Einthoven's and Goldberger's: each sum is zero."""
_IN_I_AND_II = ((-1.0, 1.0), (-0.5, -0.5), (1.0, -0.5), (-0.5, 1.0))
"""III, aVR, aVL and aVF as weights of I and II."""

FloatArray = npt.NDArray[np.float32]


def steep_errors(signal_mv: FloatArray, leads: Sequence[str]) -> dict[str, float]:
    """Return the identity errors of the sample-to-sample differences.

    Differences weigh the QRS complex; baseline drift that a recorder filtered in each lead on
    its own, which breaks the identities without any mistake, drops out.
    """
    if signal_mv.shape[1] < 2:
        return {}
    return limb_identity_errors(np.diff(signal_mv.astype(np.float64), axis=1), leads)


def identity_notes(signal_mv: FloatArray, leads: Sequence[str], fs_hz: float) -> list[Note]:
    """Return what the identities say about the labels of the limb leads.

    Parameters
    ----------
    signal_mv : array [n_leads, n]
        A few seconds are enough.
    leads : sequence of str
    fs_hz : float
    """
    errors = steep_errors(signal_mv, leads)
    if not errors:
        return []
    wrong = {lead: error for lead, error in errors.items() if error > TOLERANCE}
    if not wrong:
        largest = percent_text(max(errors.values()), 1)
        text = f"limb-lead identities hold (largest error {largest})"
        return [Note("info", f"{text}: this does not show exchanged electrodes")]
    if max(wrong.values()) * _steepness(signal_mv, leads) <= _rounding(signal_mv, leads):
        largest = percent_text(max(errors.values()), 1)
        text = f"limb-lead identities hold but for rounding (largest error {largest})"
        return [Note("info", text)]
    glitch = _glitch(signal_mv, leads, fs_hz)
    if glitch:
        return [Note("info", f"limb-lead identities hold but for {glitch}")]
    found = (
        _upside_down(signal_mv, leads)
        or _relabelled(signal_mv, leads)
        or (_other_gains(signal_mv, leads) if len(wrong) > 1 else None)
        or _inverted_or_scaled(signal_mv, leads, wrong)
        or "limb leads may be swapped or mislabelled"
    )
    listed = ", ".join(f"{lead} {percent_text(error)}" for lead, error in wrong.items())
    return [Note("warning", f"limb-lead identities do not hold ({listed}): {found}")]


def _steepness(signal_mv: FloatArray, leads: Sequence[str]) -> float:
    """Return the root mean square of the sample-to-sample differences of leads I and II."""
    at = standard_indices(leads)
    steep = np.diff(signal_mv[[at["I"], at["II"]]].astype(np.float64), axis=1)
    return float(np.sqrt(np.nanmean((steep - np.nanmedian(steep, axis=1, keepdims=True)) ** 2)))


def _rounding(signal_mv: FloatArray, leads: Sequence[str]) -> float:
    """Return the largest error that whole steps of a converter make in an identity, mV.

    Some files store limb leads that were rebuilt from others, each rounded on its own. The step
    is the smallest difference between two samples of any limb lead.
    """
    at = standard_indices(leads)
    rows = signal_mv[[at[lead] for lead in LIMB_LEADS if lead in at]].astype(np.float64)
    steps = np.abs(np.diff(rows, axis=1))
    steps = steps[steps > 0]
    return ROUNDING_STEPS * float(steps.min()) if steps.size else 0.0


def _glitch(signal_mv: FloatArray, leads: Sequence[str], fs_hz: float) -> str | None:
    """Look for the moment without which the identities hold."""
    at = standard_indices(leads)
    present = [lead for lead in LIMB_LEADS if lead in at]
    x = signal_mv[[at[lead] for lead in present]].astype(np.float64)
    steep = np.diff(x, axis=1)
    broken = np.zeros(steep.shape[1])
    for identity in IDENTITIES:
        if set(identity) <= set(present):
            rest = sum(weight * steep[present.index(lead)] for lead, weight in identity.items())
            broken = np.maximum(broken, np.abs(np.nan_to_num(rest)))
    first = int(np.argmax(broken))
    reach = round(GLITCH_S / 2 * fs_hz)
    around = slice(max(first - reach, 0), first + reach + 1)
    calm = x.copy()
    calm[:, around.start : around.stop + 1] = np.nan
    errors = steep_errors(calm.astype(np.float32), present)
    if not errors or max(errors.values()) > TOLERANCE:
        return None
    bad = np.flatnonzero(broken[around] > GLITCH_EDGE * broken[first])
    length_ms = max(bad[-1] - bad[0], 1) / fs_hz * 1000  # a sample has a step to either side
    return f"an artefact of {length_ms:.0f} ms at {(around.start + bad[0] + 1) / fs_hz:.2f} s"


def _upside_down(signal_mv: FloatArray, leads: Sequence[str]) -> str | None:
    """Look for the one lead whose turning over restores the identities."""
    rows = standard_indices(leads)
    for lead in LIMB_LEADS[:3]:
        if lead in rows:
            turned = signal_mv.copy()
            turned[rows[lead]] *= -1
            errors = steep_errors(turned, leads)
            if errors and max(errors.values()) < CONVINCING:
                return f"{lead} upside down"
    return None


def _other_gains(signal_mv: FloatArray, leads: Sequence[str]) -> str | None:
    """Look for one gain per lead with which the identities hold.

    A file that scales every lead to the same height keeps them in what it stores.
    """
    at = standard_indices(leads)
    if not set(LIMB_LEADS) <= set(at):
        return None
    steep = np.diff(signal_mv[[at[lead] for lead in LIMB_LEADS]].astype(np.float64), axis=1)
    steep = steep[:, np.isfinite(steep).all(axis=0)]
    power = np.square(steep).sum(axis=1)
    if not (power > 0).all():
        return None
    shares = []
    for lead, signs in zip(LIMB_LEADS[2:], _IN_I_AND_II, strict=True):
        row = LIMB_LEADS.index(lead)
        weights, *_ = np.linalg.lstsq(steep[:2].T, steep[row], rcond=None)
        rest = steep[row] - weights @ steep[:2]
        if np.sum(rest**2) > CONVINCING**2 * power[row]:
            return None
        # The gain of I over that of II, as this lead has it.
        expected = weights / np.asarray(signs)
        if not (expected > 0).all():
            return None
        shares.append(float(expected[0] / expected[1]))
    if max(shares) > (1 + TOLERANCE) * min(shares):
        return None
    return "the gains contradict each other: with other gains per lead the identities hold"


def _relabelled(signal_mv: FloatArray, leads: Sequence[str]) -> str | None:
    """Look for the smallest exchange of labels that restores the identities."""
    at = standard_indices(leads)
    present = [lead for lead in LIMB_LEADS if lead in at]
    steep = np.diff(signal_mv[[at[lead] for lead in present]].astype(np.float64), axis=1)
    steep = steep[:, np.isfinite(steep).all(axis=0)]
    if steep.size == 0:
        return None
    power = steep @ steep.T
    orders = np.array(list(permutations(range(len(present)))))
    moved = (orders != np.arange(len(present))).sum(axis=1)
    # Squared error of an identity under every order at once: a quadratic form in the powers.
    worst = np.zeros(len(orders))
    for identity in IDENTITIES:
        if not set(identity) <= set(present):
            continue
        rows = [(orders[:, present.index(lead)], weight) for lead, weight in identity.items()]
        worst = np.maximum(worst, sum(a * b * power[r, q] for r, a in rows for q, b in rows))
    i, ii = orders[:, 0], orders[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.sqrt(np.maximum(worst, 0.0) / ((power[i, i] + power[ii, ii]) / 2))
    fits = np.flatnonzero((relative < CONVINCING) & (moved > 0))
    if fits.size == 0:
        return None
    best = orders[fits[np.argmin(moved[fits])]]
    pairs = [
        f"what is labelled {present[row]} is {label}"
        for label, row in zip(present, best, strict=True)
        if present[row] != label
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
