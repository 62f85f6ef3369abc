"""The 12 standard leads: names, aliases, orders, limb-lead identities."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

STANDARD_LEADS: tuple[str, ...] = (
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6",
)  # fmt: skip

CABRERA_LEADS: tuple[str, ...] = (
    "aVL", "I", "-aVR", "II", "aVF", "III", "V1", "V2", "V3", "V4", "V5", "V6",
)  # fmt: skip
"""Cabrera order; ``-aVR`` is lead aVR drawn upside down."""

_BY_KEY = {lead.upper(): lead for lead in STANDARD_LEADS} | {
    "DI": "I", "DII": "II", "DIII": "III",
    "D1": "I", "D2": "II", "D3": "III",
    "L1": "I", "L2": "II", "L3": "III",
    "C1": "V1", "C2": "V2", "C3": "V3", "C4": "V4", "C5": "V5", "C6": "V6",
}  # fmt: skip
# MLII and the like are modified positions: they are not lead II and stay unmapped.

_PREFIX = re.compile(r"(?:MDC[_ ]?ECG|LEAD|ECG|CHANNEL|STRIP)(?:-\s*|\s+-\s+|[\s_:]*)")
"""What may stand before a name, with one hyphen at most: a second one is a minus sign."""

_GAP = r"[\s_\-]*"
_SPACED = re.compile(rf"[VC]{_GAP}[1-6]|[DL]{_GAP}(?:I{{1,3}}|[1-3])|A{_GAP}V{_GAP}[RLF]")
"""Where a name may be torn apart without becoming another; between two leads it may not."""
_SEPARATORS = re.compile(r"[\s_\-\u2010-\u2015\u2212]")


def canonical_lead(name: str) -> str | None:
    """Return the standard name of a lead, or None where it is not one of the twelve.

    ``-aVR`` is lead aVR turned over and ``I-II`` the difference of two leads: both are others
    than the twelve.

    Parameters
    ----------
    name : str
        A name as found in a file: ``"AVR"``, ``"DI"``, ``"Lead II"``, ``"MDC_ECG_LEAD_V3"``.
    """
    key = name.strip().upper()
    while (prefix := _PREFIX.match(key)) and prefix.end() < len(key):
        key = key[prefix.end() :]
    if _SPACED.fullmatch(key):
        key = _SEPARATORS.sub("", key)
    return _BY_KEY.get(key)


_ECG = re.compile(r"ecg|ekg|electrocardiogra|mdc_ecg|holter", re.IGNORECASE)
_OTHER_CHANNEL = re.compile(
    r"resp|respir\w*|breath\w*|breathing|airflow|flow|nasal|thor|thorax|abdo|abdomen|abdominal|"
    r"pleth\w*|ppg|spo2|sao2|sp02|o2|co2|etco2|capno\w*|oximet\w*|"
    r"[an]?bp|aobp|fap|abpm|nibp|ibp\d?|art|arterial|pap|cvp|icp|lap|rap|rvp|uap|uvp|press|pressure|mmhg|"
    r"eeg|emg|eog|erg|eda|gsr|scr|imp|impedance|icg|bcg|scg|pcg|phono\w*|"
    r"temp|temperature|acc|accel\w*|gyro\w*|magnetometer|position|"
    r"marker|markers|trigger|trig|event|events|annotations?|status|stim|sync|nseq|battery|"
    r"snore|snoring|light|sound|audio|microphone|pulse|heart ?rate|hr|time|timestamps?",
)
_WORDS = re.compile(r"[a-z]+\d?|\d+")


def is_ecg_channel(name: str) -> bool:
    """Return whether a channel may be an ECG: False for those named as something else.

    Respiration, plethysmogram, pressures, EEG, EMG, "EDF Annotations", triggers and the like are
    never leads, whatever unit a file gives them. A name that says nothing may be a lead.
    """
    if canonical_lead(name) is not None or _ECG.search(name):
        return True
    words = _WORDS.findall(name.lower().replace("_", " "))
    return not any(_OTHER_CHANNEL.fullmatch(word) for word in words)


def resembles_standard_lead(name: str) -> bool:
    """Return whether only a sign, hyphen or blank keeps a name from being a standard lead's."""
    if canonical_lead(name) is not None:
        return False
    return canonical_lead(_SEPARATORS.sub("", name)) is not None


def standard_indices(names: Sequence[str]) -> dict[str, int]:
    """Return ``{standard lead: position}`` for the standard leads among ``names``.

    The first occurrence wins where a lead is named twice.
    """
    found: dict[str, int] = {}
    for position, name in enumerate(names):
        lead = canonical_lead(name)
        if lead is not None:
            found.setdefault(lead, position)
    return found


def limb_identity_errors(
    signal_mv: npt.NDArray[np.floating], leads: Sequence[str]
) -> dict[str, float]:
    """Return how far the derived limb leads are from what Einthoven and Goldberger give.

    Parameters
    ----------
    signal_mv : array [n_leads, n]
        Samples in mV (any unit works: the errors are relative). NaN is ignored.
    leads : sequence of str
        The name of each row.

    Returns
    -------
    dict
        For each of III, aVR, aVL, aVF that is present together with I and II: the root mean
        square of the difference, relative to that of leads I and II together, after removing
        each lead's median. 0 means that the identity holds exactly.
    """
    at = standard_indices(leads)
    if "I" not in at or "II" not in at:
        return {}

    def centred(lead: str) -> npt.NDArray[np.float64]:
        row = np.asarray(signal_mv[at[lead]], dtype=np.float64)
        finite = row[np.isfinite(row)]
        return row - (np.median(finite) if finite.size else 0.0)

    i, ii = centred("I"), centred("II")
    expected = {"III": ii - i, "aVR": -(i + ii) / 2, "aVL": i - ii / 2, "aVF": ii - i / 2}
    squares = np.concatenate([i, ii]) ** 2
    scale = float(np.sqrt(np.nanmean(squares))) if np.isfinite(squares).any() else 0.0
    if scale == 0.0:
        return {}
    errors: dict[str, float] = {}
    for lead, expectation in expected.items():
        if lead in at:
            difference = centred(lead) - expectation
            if np.isfinite(difference).any():
                errors[lead] = float(np.sqrt(np.nanmean(difference**2))) / scale
    return errors
