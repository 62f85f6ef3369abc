"""What an HDF5 file says about a dataset: rate, unit, scale, lead names.

Looked for in the attributes of the dataset, then of its groups up to the root, then in small
datasets beside it and in the groups above (MATLAB keeps them so).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import h5py
import numpy as np

from ecgviewer.io.hdf5_file import HDF5_ERRORS

_RATE = {
    "fs", "sfreq", "sr", "samplingrate", "samplingfrequency", "samplerate", "samplefreq",
    "samplingfreq", "samplefrequency", "frequency", "freq", "fshz", "samplingratehz",
}  # fmt: skip
_UNITS = {"units", "unit", "amplitudeunit", "amplitudeunits"}
_LEADS = {
    "leadnames", "leads", "channels", "channelnames", "signames", "signalnames", "leadorder",
    "signame",
}  # fmt: skip
_SCALE = {"scale", "scalefactor"}
_DIVISOR = {"adcgain"}
_OFFSET = {"offset", "addoffset"}
_NORMALISED = {"normalisation", "normalization", "normalised", "normalized", "standardisation"}
_KEYS = _RATE | _UNITS | _LEADS | _SCALE | _DIVISOR | _OFFSET | _NORMALISED
_TECHNICAL = {
    "class", "matlabclass", "matlabempty", "matlabintdecode", "matlabsparse", "dimensionlist",
    "dimensionlabels", "referencelist", "fillvalue", "pytablesformatversion",
}  # fmt: skip
_MAX_NAMES = 512

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a dataset; None where the file does not say.

    ``scale`` and ``offset`` give ``value * scale + offset`` in ``units``.
    """

    fs_hz: float | None
    units: str | None
    leads: tuple[str, ...] | None
    scale: float
    offset: float
    normalised: str | None


def facts_of(dataset: h5py.Dataset) -> Facts:
    """Collect what the file says about a dataset."""
    said = list(_statements(dataset))
    divisor = _look(said, _DIVISOR, _number)
    scale = _look(said, _SCALE, _number)
    if scale is None and divisor:
        scale = 1.0 / divisor
    return Facts(
        fs_hz=_look(said, _RATE, _number),
        units=_look(said, _UNITS, _text),
        leads=_look(said, _LEADS, _names),
        scale=scale if scale else 1.0,
        offset=_look(said, _OFFSET, _number) or 0.0,
        normalised=_look(said, _NORMALISED, _text),
    )


def comments_of(dataset: h5py.Dataset) -> tuple[str, ...]:
    """Return what else its attributes say, and those of its groups, as ``key: value``."""
    said: list[str] = []
    for holder in (dataset, *_groups(dataset)):
        for key, value in attributes_text(holder).items():
            if _key(key) not in _KEYS | _TECHNICAL and value:
                said.append(f"{key}: {value}")
    return tuple(dict.fromkeys(said))


def attributes_text(item: h5py.Dataset | h5py.Group) -> dict[str, str]:
    """Return an object's attributes as short texts, for display."""
    shown = {}
    for key in list(item.attrs)[:50]:
        value = _value(item.attrs, key)
        if value is not None:
            shown[key] = " ".join(str(_plain(value)).split())[:200]
    return shown


def _look(
    said: Iterable[tuple[str, object]], keys: set[str], convert: Callable[[object], T | None]
) -> T | None:
    """Return the nearest statement under one of these keys that makes sense."""
    for key, value in said:
        if key in keys:
            converted = convert(value)
            if converted is not None:
                return converted
    return None


def _statements(dataset: h5py.Dataset) -> Iterator[tuple[str, object]]:
    """Yield what is said under the keys known here, nearest first."""
    groups = _groups(dataset)
    for holder in (dataset, *groups):
        for name in holder.attrs:
            if (key := _key(name)) in _KEYS:
                value = _value(holder.attrs, name)
                if value is not None:
                    yield key, value
    for group in groups:
        for name in islice(group, _MAX_NAMES):
            key = _key(name)
            if key in _KEYS and isinstance(group.get(name, getlink=True), h5py.HardLink):
                item = group[name]
                if isinstance(item, h5py.Dataset) and item.size and item.size <= _MAX_NAMES:
                    yield key, _dereferenced(item)


def _groups(dataset: h5py.Dataset) -> list[h5py.Group]:
    """Return the groups that a dataset is in, up to the root."""
    groups = [dataset.parent]
    while groups[-1].name != "/":
        groups.append(groups[-1].parent)
    return groups


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _value(attributes: h5py.AttributeManager, key: str) -> object | None:
    """Return an attribute, None where its type is beyond h5py or absurdly large."""
    try:
        identity = attributes.get_id(key)
        if int(np.prod(identity.shape, dtype=np.float64)) > _MAX_NAMES:
            return None
        return attributes[key]  # type: ignore[no-any-return]
    except HDF5_ERRORS:
        return None


def _dereferenced(item: h5py.Dataset) -> object:
    """Return a small dataset's value; MATLAB cells and char arrays become texts."""
    value = item[()]
    if h5py.check_ref_dtype(item.dtype) is h5py.Reference:
        targets = [item.file[one] for one in np.ravel(value)]
        return [_characters(one[()]) for one in targets if isinstance(one, h5py.Dataset)]
    if item.attrs.get("MATLAB_class") in (b"char", "char"):
        return _characters(value)
    return value


def _characters(value: object) -> str:
    return "".join(chr(int(code)) for code in np.ravel(np.asarray(value))[:200])


def _plain(value: object) -> object:
    """Return bytes as text and one-element arrays as their element."""
    if isinstance(value, np.ndarray):
        if value.size == 1:
            return _plain(value.reshape(-1)[0])
        return [_plain(one) for one in value.reshape(-1)[:_MAX_NAMES]]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _number(value: object) -> float | None:
    plain = _plain(value)
    if isinstance(plain, str):
        match = re.match(r"\s*([0-9.]+(?:[eE][+-]?\d+)?)\s*(?:Hz)?\s*$", plain)
        plain = match[1] if match else None
    try:
        number = float(plain)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _text(value: object) -> str | None:
    plain = _plain(value)
    if isinstance(plain, list):
        texts = {str(one) for one in plain}
        plain = texts.pop() if len(texts) == 1 else None
    return plain.strip() or None if isinstance(plain, str) else None


def _names(value: object) -> tuple[str, ...] | None:
    plain = _plain(value)
    if isinstance(plain, str):
        plain = [part for part in re.split(r"[,;|\s]+", plain.strip(" []()'\"")) if part]
        plain = [part.strip("'\"") for part in plain]
    if isinstance(plain, list) and plain and all(isinstance(one, str) for one in plain):
        return tuple(one.strip() for one in plain)
    return None
