"""What an HDF5 file says about a dataset: rate, unit, lead names; where such things are said.

Looked for in the attributes of the dataset, then of its groups up to the root, then in small
datasets beside it and in the groups above (MATLAB keeps them so).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import h5py
import numpy as np

from ecgviewer.core.errors import RecordError
from ecgviewer.core.recording import Note
from ecgviewer.io.hdf5.file import HDF5_ERRORS, checked_dataset

_RATE = {
    "fs", "sfreq", "sr", "samplingrate", "samplingfrequency", "samplerate", "samplefreq",
    "samplingfreq", "samplefrequency", "fshz", "samplingratehz",
}  # fmt: skip
_MAYBE_RATE = {"frequency", "freq"}
"""May be that of a filter or of the mains: taken only where nothing else is said, and told."""
_UNITS = {"units", "unit", "amplitudeunit", "amplitudeunits"}
_LEADS = {
    "leadnames", "leads", "channels", "channelnames", "signames", "signalnames", "leadorder",
    "signame",
}  # fmt: skip
SCALE = {"scale", "scalefactor"}
DIVISOR = {"adcgain"}
BASELINE = {"baseline"}
OFFSET = {"offset", "addoffset"}
AMBIGUOUS_SCALE = {"gain", "resolution"}
MISSING = {"fillvalue", "missingvalue"}
_NORMALISED = {"normalisation", "normalization", "normalised", "normalized", "standardisation"}
_SCALING = SCALE | DIVISOR | BASELINE | OFFSET | MISSING
_TAKEN = _RATE | _UNITS | _LEADS | _SCALING | _NORMALISED
_KEYS = _TAKEN | _MAYBE_RATE | AMBIGUOUS_SCALE
_TECHNICAL = {
    "class", "matlabclass", "matlabempty", "matlabintdecode", "matlabsparse", "dimensionlist",
    "dimensionlabels", "referencelist", "pytablesformatversion",
}  # fmt: skip
_MAX_NAMES = 512

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that a file says: ``name`` as it spells it, ``key`` that without marks.

    ``where`` is "" for an attribute of the dataset itself, else what holds the statement.
    """

    key: str
    name: str
    value: object
    where: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a dataset; None where the file does not say.

    Attributes
    ----------
    rates_hz : tuple of float
        The nearest statement of the sampling frequency: one value, or several where it gives one
        per lead and they differ.
    units : tuple of str, optional
        One for all leads, or one per lead.
    leads : tuple of str, optional
    normalised : str, optional
    notes : tuple of Note
        What is doubtful about these.
    said : tuple of Statement
        All that is said under the keys known here, nearest first.
    """

    rates_hz: tuple[float, ...]
    units: tuple[str, ...] | None
    leads: tuple[str, ...] | None
    normalised: str | None
    notes: tuple[Note, ...]
    said: tuple[Statement, ...]

    @property
    def fs_hz(self) -> float | None:
        """The sampling frequency, where the file gives one."""
        return self.rates_hz[0] if len(self.rates_hz) == 1 else None

    @property
    def unit(self) -> str | None:
        """The unit of all leads, where they have one in common."""
        return self.units[0] if self.units is not None and len(set(self.units)) == 1 else None


def facts_of(dataset: h5py.Dataset) -> Facts:
    """Collect what the file says about a dataset."""
    said = tuple(_statements(dataset))
    rates_hz, notes = _rates(said)
    return Facts(
        rates_hz=rates_hz,
        units=_look(said, _UNITS, _texts),
        leads=_look(said, _LEADS, _names),
        normalised=_look(said, _NORMALISED, _text),
        notes=notes,
        said=said,
    )


def _rates(said: Sequence[Statement]) -> tuple[tuple[float, ...], tuple[Note, ...]]:
    """Return the nearest statement of the rate, and notes on what speaks against it."""
    clear = [(one, rates) for one in said if one.key in _RATE and (rates := numbers(one.value))]
    maybe = [
        (one, rates) for one in said if one.key in _MAYBE_RATE and (rates := numbers(one.value))
    ]
    if not clear and not maybe:
        return (), ()
    taken, values = (clear or maybe)[0]
    rates_hz = tuple(dict.fromkeys(values))
    if not clear:
        text = f"sampling frequency {rates_hz[0]:g} Hz: the file says so under {taken.name!r} only"
        return rates_hz, (Note("assumed", text, "fs"),)
    others = [
        f"{other[0]:g} Hz ({one.name})" for one, other in clear[1:] if set(other) != set(rates_hz)
    ]
    if not others:
        return rates_hz, ()
    text = f"{rates_hz[0]:g} Hz ({taken.name}) was taken; the file also says {', '.join(others)}"
    return rates_hz, (Note("warning", text, "fs"),)


def comments_of(dataset: h5py.Dataset) -> tuple[str, ...]:
    """Return what else its attributes say, and those of its groups, as ``key: value``."""
    said: list[str] = []
    for holder in (dataset, *_groups(dataset)):
        for key, value in attributes_text(holder).items():
            if _key(key) not in _TAKEN | _TECHNICAL and value:
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
    said: Iterable[Statement], keys: set[str], convert: Callable[[object], T | None]
) -> T | None:
    """Return the nearest statement under one of these keys that makes sense."""
    for one in said:
        if one.key in keys:
            converted = convert(one.value)
            if converted is not None:
                return converted
    return None


def _statements(dataset: h5py.Dataset) -> Iterator[Statement]:
    """Yield what is said under the keys known here, nearest first."""
    groups = _groups(dataset)
    for holder in (dataset, *groups):
        where = "" if holder is dataset else _place(holder)
        for name in holder.attrs:
            if (key := _key(name)) in _KEYS:
                value = _value(holder.attrs, name)
                if value is not None:
                    yield Statement(key, name, value, where)
    for group in groups:
        for name in islice(group, _MAX_NAMES):
            key = _key(name)
            if key in _KEYS and isinstance(group.get(name, getlink=True), h5py.HardLink):
                item = group[name]
                if isinstance(item, h5py.Dataset) and item.size and item.size <= _MAX_NAMES:
                    value = _dereferenced(item)
                    if value is not None:
                        yield Statement(key, name, value, _place(group))


def _place(group: h5py.Group) -> str:
    return "the file" if group.name == "/" else f"group {group.name.strip('/')}"


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


def _dereferenced(item: h5py.Dataset) -> object | None:
    """Return a small dataset's value; MATLAB cells and char arrays become texts.

    None where it keeps its values in another file, as nothing outside this one is read.
    """
    if not _inside(item):
        return None
    value: object = item[()]
    if h5py.check_ref_dtype(item.dtype) is h5py.Reference:
        targets = [item.file[one] for one in np.ravel(np.asarray(value))]
        return [
            _characters(one[()])
            for one in targets
            if isinstance(one, h5py.Dataset) and _inside(one)
        ]
    if item.attrs.get("MATLAB_class") in (b"char", "char"):
        return _characters(value)
    return value


def _inside(item: h5py.Dataset) -> bool:
    try:
        checked_dataset(item.file, item.name or "", Path(item.file.filename), kinds="fiubSO")
    except RecordError:
        return False
    return True


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


def numbers(value: object) -> tuple[float, ...] | None:
    """Return one number, or one per lead; None where any is none or not finite."""
    plain = _plain(value)
    if isinstance(plain, list):
        several = [_number(one) for one in plain]
        found = tuple(one for one in several if one is not None)
        return found if found and len(found) == len(several) else None
    number = _number(plain)
    return None if number is None else (number,)


def _number(plain: object) -> float | None:
    if isinstance(plain, str):
        match = re.match(r"\s*([-+]?[0-9.]+(?:[eE][+-]?\d+)?)\s*(?:Hz)?\s*$", plain)
        plain = match[1] if match else None
    try:
        number = float(plain)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def shown(value: object) -> str:
    """Return what a statement says, as one short line; what is the same for all leads once."""
    plain = _plain(value)
    every = list(dict.fromkeys(map(str, plain if isinstance(plain, list) else [plain])))
    text = " ".join(" ".join(every[:3]).split())[:60]
    return text if len(every) <= 3 else f"{text} ..."


def _text(value: object) -> str | None:
    texts = _texts(value)
    return texts[0] if texts is not None and len(set(texts)) == 1 else None


def _texts(value: object) -> tuple[str, ...] | None:
    """Return one text, or one per lead."""
    plain = _plain(value)
    every = plain if isinstance(plain, list) else [plain]
    texts = tuple(one.strip() for one in every if isinstance(one, str))
    return texts if any(texts) and len(texts) == len(every) else None


def _names(value: object) -> tuple[str, ...] | None:
    plain = _plain(value)
    if isinstance(plain, str):
        plain = [part for part in re.split(r"[,;|\s]+", plain.strip(" []()'\"")) if part]
        plain = [part.strip("'\"") for part in plain]
    if isinstance(plain, list) and plain and all(isinstance(one, str) for one in plain):
        return tuple(one.strip() for one in plain)
    return None
