"""What the symbols and rhythm names of WFDB annotation files mean.

Meanings: https://archive.physionet.org/physiobank/annotations.shtml
"""

from __future__ import annotations

BEATS = {
    "N": "Normal beat", "L": "LBBB beat", "R": "RBBB beat", "a": "Aberrated atrial premature beat",
    "V": "Ventricular premature beat", "F": "Fusion beat", "J": "Junctional premature beat",
    "A": "Atrial premature beat", "S": "Supraventricular premature beat",
    "E": "Ventricular escape beat", "j": "Junctional escape beat", "/": "Paced beat",
    "Q": "Unclassifiable beat", "B": "Bundle branch block beat", "e": "Atrial escape beat",
    "n": "Supraventricular escape beat", "x": "Blocked atrial beat", "f": "Paced fusion beat",
    "r": "R-on-T ventricular beat", "?": "Beat (learning)",
}  # fmt: skip
POINTS = {
    "|": "Artefact", "^": "Pacing spike", "s": "ST change", "T": "T-wave change",
    "!": "Flutter wave",
    "[": "Ventricular flutter begins", "]": "Ventricular flutter ends", "=": "Measurement",
    "@": "Link", "*": "Systole", "D": "Diastole",
}  # fmt: skip
WAVES = {"p": "P wave", "t": "T wave", "u": "U wave"}
FLUTTER = "Ventricular flutter"
_RHYTHMS = {
    "N": "Sinus rhythm", "AFIB": "Atrial fibrillation", "AFL": "Atrial flutter",
    "AB": "Atrial bigeminy", "B": "Ventricular bigeminy", "T": "Ventricular trigeminy",
    "BII": "2nd degree AV block", "IVR": "Idioventricular rhythm", "NOD": "Junctional rhythm",
    "P": "Paced rhythm", "PREX": "Pre-excitation", "SBR": "Sinus bradycardia",
    "SVTA": "Supraventricular tachycardia", "VFL": "Ventricular flutter",
    "VT": "Ventricular tachycardia", "VF": "Ventricular fibrillation",
}  # fmt: skip
MAX_QUALITY_SIGNALS = 4
"""So many signals have bits in the subtype of a mark of signal quality."""


def rhythm_name(aux: str) -> str:
    """Return what a mark of rhythm says begins: ``(AFIB`` is atrial fibrillation."""
    name = aux.strip().removeprefix("(")
    return _RHYTHMS.get(name, name or "Rhythm")


def bad_signals(subtype: int) -> dict[int, str]:
    """Return ``{signal: "noisy" or "unreadable"}`` as a mark of signal quality says it.

    Bit ``k`` of the subtype says that signal ``k`` is noisy, bit ``k + 4`` that it cannot be read;
    -1, that none can.
    """
    if subtype == -1:
        return dict.fromkeys(range(MAX_QUALITY_SIGNALS), "unreadable")
    return {
        k: "unreadable" if subtype >> k & 0x10 else "noisy"
        for k in range(MAX_QUALITY_SIGNALS)
        if subtype >> k & 0x11
    }
