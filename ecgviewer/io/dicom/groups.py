"""The multiplex groups of a DICOM waveform: their leads, scale, place in time, and role.

DICOM PS3.3, C.10.9. A group is rhythm or the median beat by its originality and label, and by its
length where a writer leaves those out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.core.leads import canonical_lead
from ecgviewer.io.dicom.elements import Place
from ecgviewer.io.statements.units import mv_per_unit

MEDIAN_BELOW_S = 2.5
"""A derived group shorter than this is a beat, not rhythm."""
_TYPES = {(16, "SS"): "i2", (16, "US"): "u2", (8, "SB"): "i1", (8, "UB"): "u1",
          (32, "SL"): "i4", (32, "UL"): "u4"}  # fmt: skip
_COMPANDED = {"MB": "mu-law", "AB": "A-law"}
_LEAD_OF_CODE = {
    1: "I", 2: "II", 3: "V1", 4: "V2", 5: "V3", 6: "V4", 7: "V5", 8: "V6",
    61: "III", 62: "aVR", 63: "aVL", 64: "aVF",
}  # fmt: skip
"""Lead numbers of ISO/IEEE 11073-10101 and of SCP-ECG (EN 1064), which are the same for these."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: its name, and mV of a stored number (``stored * scale + shift``)."""

    name: str
    scale: float
    shift: float
    unit: str
    has_unit: bool
    highpass_hz: float | None
    lowpass_hz: float | None
    mains_hz: float | None
    disputed: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """One multiplex group."""

    number: int
    label: str
    derived: bool
    fs_hz: float
    n_samples: int
    offset_s: float | None
    dtype: np.dtype[Any]
    padding: int | None
    place: Place
    channels: tuple[Channel, ...]

    @property
    def n_stored(self) -> int:
        """Channels of a sample in the file."""
        return len(self.channels)

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.n_samples / self.fs_hz

    @property
    def leads(self) -> tuple[str, ...]:
        """Names, standard ones where recognised."""
        return tuple(canonical_lead(one.name) or one.name for one in self.channels)


def groups_of(dataset: Any, places: list[Place | None], big: bool, path: Path) -> list[Group]:
    """Return the multiplex groups that hold samples.

    Raises
    ------
    RecordError
        When a group is damaged, or coded in a way that is not supported.
    """
    sequence = dataset.WaveformSequence
    if len(sequence) != len(places):
        raise CorruptFileError("its waveform sequence is damaged", path)
    return [
        _group(number, item, place, big, path)
        for number, (item, place) in enumerate(zip(sequence, places, strict=True), start=1)
        if place is not None and place.length
    ]


def is_median(group: Group, groups: list[Group]) -> bool:
    """Return whether a group is the median beat of others."""
    if "MEDIAN" in group.label.upper():
        return True
    if "RHYTHM" in group.label.upper() or group.seconds >= MEDIAN_BELOW_S:
        return False
    longer = any(
        other.seconds > 2 * group.seconds and set(group.leads) <= set(other.leads)
        for other in groups
    )
    return longer or (group.derived and any(not other.derived for other in groups))


def _group(number: int, item: Any, place: Place, big: bool, path: Path) -> Group:
    bits = int(item.get("WaveformBitsAllocated") or 0)
    coding = str(item.get("WaveformSampleInterpretation") or "")
    if coding in _COMPANDED:
        raise UnsupportedFormatError(
            f"is a DICOM waveform in {_COMPANDED[coding]} coding: not supported yet", path
        )
    if (bits, coding) not in _TYPES:
        raise UnsupportedFormatError(
            f"is a DICOM waveform of {bits} bits, coding {coding or 'unknown'}: not supported", path
        )
    dtype = np.dtype((">" if big else "<") + _TYPES[bits, coding])
    n_channels = int(item.get("NumberOfWaveformChannels") or 0)
    n_samples = int(item.get("NumberOfWaveformSamples") or 0)
    fs_hz = float(item.get("SamplingFrequency") or 0)
    channels = tuple(_channel(k, one) for k, one in enumerate(item.ChannelDefinitionSequence, 1))
    if n_channels != len(channels) or n_channels == 0:
        raise CorruptFileError(
            f"group {number} claims {n_channels} channels and defines {len(channels)}", path
        )
    if not (n_samples > 0 and fs_hz > 0):
        raise CorruptFileError(f"group {number} claims {n_samples} samples, {fs_hz:g} Hz", path)
    expected = n_samples * n_channels * dtype.itemsize
    if place.length not in (expected, expected + expected % 2):
        held = place.length / (n_channels * dtype.itemsize)
        raise CorruptFileError(
            f"group {number} claims {n_samples} samples per channel and holds {held:g}", path
        )
    offset = item.get("MultiplexGroupTimeOffset")
    return Group(
        number=number,
        label=str(item.get("MultiplexGroupLabel") or ""),
        derived=str(item.get("WaveformOriginality") or "") == "DERIVED",
        fs_hz=fs_hz,
        n_samples=n_samples,
        offset_s=None if offset is None else float(offset) / 1000,
        dtype=dtype,
        padding=_padding(item.get("WaveformPaddingValue"), dtype),
        place=place,
        channels=channels,
    )


def _channel(number: int, item: Any) -> Channel:
    sources = item.get("ChannelSourceSequence") or ()
    meaning = str(sources[0].get("CodeMeaning") or "") if sources else ""
    label = str(item.get("ChannelLabel") or "")
    by_code = _lead_of_code(sources[0]) if sources else None
    plain = meaning.partition("(")[0].strip()  # "Lead I (Einthoven)"
    by_name = canonical_lead(plain) or canonical_lead(label)
    name = by_name or by_code or plain or label or f"channel {number}"
    sensitivity = item.get("ChannelSensitivity")
    units = item.get("ChannelSensitivityUnitsSequence") or ()
    unit = str(units[0].get("CodeValue") or "") if units else ""
    factor = mv_per_unit(unit)
    has_unit = sensitivity is not None and factor is not None
    correction = item.get("ChannelSensitivityCorrectionFactor")
    baseline = item.get("ChannelBaseline")
    scale = (
        float(sensitivity) * (1.0 if correction is None else float(correction)) * (factor or 1.0)
        if sensitivity is not None
        else 1.0
    )
    shift = float(baseline or 0) * (factor or 1.0) if sensitivity is not None else 0.0
    return Channel(
        name=name,
        scale=scale,
        shift=shift,
        unit=unit,
        has_unit=has_unit,
        highpass_hz=_frequency(item, "FilterLowFrequency"),
        lowpass_hz=_frequency(item, "FilterHighFrequency"),
        mains_hz=_frequency(item, "NotchFilterFrequency"),
        disputed=by_code if by_code and by_name and by_code != by_name else "",
    )


def _lead_of_code(source: Any) -> str | None:
    scheme = str(source.get("CodingSchemeDesignator") or "").upper()
    value = str(source.get("CodeValue") or "")
    prefix = {"MDC": "2:", "SCPECG": "5.6.3-9-"}.get(scheme)
    if prefix is None or not value.startswith(prefix):
        return None
    number = value[len(prefix) :]
    return _LEAD_OF_CODE.get(int(number)) if number.isascii() and number.isdigit() else None


def _frequency(item: Any, name: str) -> float | None:
    value = item.get(name)
    return float(value) if value not in (None, "") and float(value) > 0 else None


def _padding(value: Any, dtype: np.dtype[Any]) -> int | None:
    if value is None or value == b"":
        return None
    if isinstance(value, bytes):
        if len(value) < dtype.itemsize:
            return None
        return int(np.frombuffer(value[: dtype.itemsize], dtype)[0])
    return int(value)


def to_mv(
    stored: npt.NDArray[Any], channels: tuple[Channel, ...], padding: int | None
) -> npt.NDArray[np.float32]:
    """Return samples [n, channels] as [channels, n] in mV; NaN where they are padding."""
    scales = np.array([one.scale for one in channels])[:, None]
    shifts = np.array([one.shift for one in channels])[:, None]
    values: npt.NDArray[np.float32] = (stored.T.astype(np.float64) * scales + shifts).astype(
        np.float32
    )
    if padding is not None:
        values[padding == stored.T] = np.nan
    return values
