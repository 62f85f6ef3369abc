"""Lead names as archives spell them, and the limb-lead identities."""

from __future__ import annotations

import numpy as np
import pytest

from ecgviewer.core.leads import (
    canonical_lead,
    limb_identity_errors,
    resembles_standard_lead,
    standard_indices,
)

LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")


@pytest.mark.parametrize(
    ("spelling", "lead"),
    [
        ("AVR", "aVR"),
        ("aVr", "aVR"),
        ("DI", "I"),
        ("D3", "III"),
        ("Lead I", "I"),
        ("lead_ii", "II"),
        ("MDC_ECG_LEAD_V3", "V3"),
        ("MDC_ECG_LEAD_I", "I"),
        ("ECG Lead aVF", "aVF"),
        ("strip_V6", "V6"),
        (" v1 ", "V1"),
        ("C4", "V4"),
        ("ECG-II", "II"),
        ("Lead - II", "II"),
        ("ECG: Lead II", "II"),
        ("V-1", "V1"),
        ("V_1", "V1"),
        ("D-II", "II"),
        ("a VR", "aVR"),
        ("aV-R", "aVR"),
    ],
)
def test_spellings_of_archives_are_understood(spelling: str, lead: str) -> None:
    assert canonical_lead(spelling) == lead


@pytest.mark.parametrize("name", ["MLII", "V7", "vx", "RESP", "ABP", "ECG", "", "IV", "Lead"])
def test_other_signals_are_not_taken_for_standard_leads(name: str) -> None:
    assert canonical_lead(name) is None


SIGNED = ("-aVR", "- aVR", "\N{EN DASH}aVR", "\N{MINUS SIGN}aVR", "aVR-", "-AVR", "-I", "-V1")
PREFIXED = ("Lead -aVR", "ECG--aVR", "ECG_-aVR", "MDC_ECG_LEAD_-aVR", "ECG I-II")
JOINED = ("I-II", "I_I", "II-I", "I I", "I_II")


@pytest.mark.parametrize("name", [*SIGNED, *PREFIXED, *JOINED])
def test_a_sign_or_a_second_lead_makes_another_lead(name: str) -> None:
    assert canonical_lead(name) is None
    assert resembles_standard_lead(name)


@pytest.mark.parametrize("name", ["aVR", "V-1", "MLII", "V7", "RESP", "", "V1-V2"])
def test_other_names_do_not_resemble_one(name: str) -> None:
    assert not resembles_standard_lead(name)


def test_the_identities_pass_over_a_lead_turned_over() -> None:
    names = tuple("-aVR" if lead == "aVR" else lead for lead in LIMB)
    assert set(limb_identity_errors(_limb_leads(), names)) == {"III", "aVL", "aVF"}


def test_leads_are_found_in_any_order_and_doubles_keep_the_first() -> None:
    assert standard_indices(["V1", "RESP", "ii", "I", "II"]) == {"V1": 0, "II": 2, "I": 3}


def _limb_leads(n: int = 2000) -> np.ndarray:
    rng = np.random.default_rng(3)
    i, ii = rng.normal(size=(2, n)).astype(np.float32)
    return np.stack([i, ii, ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2])


def test_true_limb_leads_satisfy_the_identities_despite_offsets_and_gaps() -> None:
    signal = _limb_leads() + np.arange(6, dtype=np.float32)[:, None]
    signal[2, 100:300] = np.nan
    errors = limb_identity_errors(signal, LIMB)
    assert set(errors) == {"III", "aVR", "aVL", "aVF"}
    assert max(errors.values()) < 0.05


def test_swapped_and_scaled_leads_are_revealed() -> None:
    signal = _limb_leads()
    swapped = limb_identity_errors(signal, ("I", "II", "III", "aVR", "aVF", "aVL"))
    assert swapped["aVL"] > 0.5 and swapped["aVF"] > 0.5 and swapped["III"] < 0.01
    signal[3] *= 2
    assert limb_identity_errors(signal, LIMB)["aVR"] > 0.3


def test_nothing_is_said_without_leads_one_and_two() -> None:
    assert limb_identity_errors(_limb_leads()[2:], LIMB[2:]) == {}
    assert limb_identity_errors(np.zeros((6, 100), np.float32), LIMB) == {}
