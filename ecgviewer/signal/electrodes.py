"""Electrodes on the wrong limb or in the wrong order, as far as the trace can tell.

Exchanged electrodes leave the limb-lead identities intact: what betrays them is the heart, whose
left side lead I and lead V6 both look at. The signs are those of the textbooks (Batchvarov 2007,
Europace 9:1081); the limits were set on the normals of the visible records with their electrodes
exchanged in thought, against all records as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.core.leads import standard_indices
from ecgviewer.core.quality import EXCHANGES
from ecgviewer.signal.gaps import DoubleArray
from ecgviewer.signal.heartbeats.beats import detect_r_peaks, median_beats

LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")
CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")
UPSIDE_DOWN_QRS = -0.5
"""Correlation of lead I with V6 within the QRS; below this they see the heart from two sides."""
UPSIDE_DOWN_BEAT = -0.6
"""The same from QRS to the end of T."""
P_MV_SHARE = 0.015
"""Smallest height of a P wave that has a direction, relative to the tallest QRS."""
EMPTY_SHARE = 0.1
"""A limb lead with less than this share of the others' power is between two legs (0.16 is the
least in 832 records)."""
CHEST_ALIKE = 0.5
BEFORE_S, AFTER_S = 0.3, 0.5


@dataclass(frozen=True, slots=True)
class ElectrodeFinding:
    """Electrodes that seem exchanged.

    ``kind`` is a key of :data:`ecgviewer.core.quality.EXCHANGES`; ``leads`` are those that do not
    show what their names say.
    """

    kind: str
    leads: tuple[str, ...]


def exchanged_electrodes(
    signal_mv: npt.ArrayLike,
    fs_hz: float,
    leads: Sequence[str],
    r_peaks: npt.NDArray[np.int64] | None = None,
) -> ElectrodeFinding | None:
    """Return what the median beat says about exchanged electrodes; None where it says nothing.

    Arms (LA with RA): lead I upside down against V6 in P, QRS and T. An arm with the right leg:
    II or III hardly shows the heart. Chest leads in reverse order: V1 like lead I, V6 against it.
    Left arm and left leg cannot be told from a normal ECG.

    Parameters
    ----------
    signal_mv : array [L, n]
        Any unit; NaN = missing.
    r_peaks : int array, optional
        Where they are known already.
    """
    at = standard_indices(leads)
    if not {"I", "II", "V1", "V6"} <= set(at):
        return None
    x = np.asarray(signal_mv)
    r = detect_r_peaks(x, fs_hz) if r_peaks is None else r_peaks
    if r.size < 2:
        return None
    names = ("I", "II", "V1", "V6")
    beats = median_beats(x[[at[name] for name in names]], r, fs_hz, BEFORE_S, AFTER_S)
    if not np.isfinite(beats).all():
        return None
    level = _levelled(beats.astype(np.float64), fs_hz)
    one, two, v1, v6 = level
    qrs, wave = _part(fs_hz, -0.05, 0.07), _part(fs_hz, -0.05, 0.40)
    tallest = float(np.ptp(level[:, qrs], axis=1).max())
    power = np.sqrt(np.square([one, two, two - one]).mean(axis=1))
    if power.min() < EMPTY_SHARE * power.max():
        if power[1] == power.min() > 0:
            return ElectrodeFinding("right arm and leg exchanged", LIMB)
        if power[2] == power.min() > 0:
            return ElectrodeFinding("left arm and leg exchanged", LIMB)
        return None
    p_mv = _p_wave(one, fs_hz)
    least = P_MV_SHARE * tallest
    against = _alike(one[qrs], v6[qrs])
    if (
        p_mv < -least
        and against < UPSIDE_DOWN_QRS
        and _alike(one[wave], v6[wave]) < UPSIDE_DOWN_BEAT
        and _net(v6[qrs]) > 0
    ):
        return ElectrodeFinding("arms exchanged", ("I", "II", "III", "aVR", "aVL"))
    if (
        p_mv > least
        and _net(one[qrs]) > 0
        and (against < 0.0 or _net(v6[qrs]) < 0 < _net(v1[qrs]))
        and _alike(v1[qrs], one[qrs]) > CHEST_ALIKE
    ):
        return ElectrodeFinding("V1 to V6 reversed", CHEST)
    return None


def _part(fs_hz: float, start_s: float, stop_s: float) -> slice:
    """Return the samples of a median beat between two times from the R peak."""
    r = round(BEFORE_S * fs_hz)
    return slice(r + round(start_s * fs_hz), r + round(stop_s * fs_hz))


def _levelled(beats: DoubleArray, fs_hz: float) -> DoubleArray:
    """Return median beats [L, n] with the PR segment at zero."""
    level = np.median(beats[:, _part(fs_hz, -0.09, -0.055)], axis=1, keepdims=True)
    return np.asarray(beats - level)


def _p_wave(beat: DoubleArray, fs_hz: float) -> float:
    """Return the largest deflection before the QRS, with its sign."""
    p = beat[_part(fs_hz, -0.22, -0.06)]
    ends = p[:3].mean(), p[-3:].mean()
    p = p - np.linspace(ends[0], ends[1], p.size)
    return float(p[np.abs(p).argmax()])


def _net(qrs: DoubleArray) -> float:
    return float(qrs.max() + qrs.min())


def _alike(a: DoubleArray, b: DoubleArray) -> float:
    """Return the correlation of two leads."""
    a, b = a - a.mean(), b - b.mean()
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length > 0 else 0.0


def finding_text(finding: ElectrodeFinding | None) -> str:
    """Return ``ok`` or what seems exchanged."""
    return EXCHANGES[finding.kind] if finding is not None else "ok"
