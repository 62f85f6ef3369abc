"""Statements of an HDF5 file about a dataset: attributes and small datasets under known keys.

Looked for in the attributes of the dataset, then of its groups up to the root, then in small
datasets beside it and in the groups above (MATLAB keeps them so).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import h5py
import numpy as np

from ecgviewer.core.errors import RecordError
from ecgviewer.io.hdf5.file import HDF5_ERRORS, checked_dataset

RATE = {
    "fs", "sfreq", "sr", "samplingrate", "samplingfrequency", "samplerate", "samplefreq",
    "samplingfreq", "samplefrequency", "fshz", "samplingratehz",
}  # fmt: skip
MAYBE_RATE = {"frequency", "freq"}
"""May be that of a filter or of the mains: taken only where nothing else is said, and told."""
UNITS = {"units", "unit", "amplitudeunit", "amplitudeunits"}
LEADS = {
    "leadnames", "leads", "channels", "channelnames", "signames", "signalnames", "leadorder",
    "signame", "chnames", "chname", "chlabels", "channellabels", "leadlabels", "signallabels",
    "columns", "columnnames", "leadname", "channelname", "lead", "derivations", "electrodes",
}  # fmt: skip
SCALE = {"scale", "scalefactor"}
DIVISOR = {"adcgain"}
BASELINE = {"baseline"}
OFFSET = {"offset", "addoffset"}
AMBIGUOUS_SCALE = {"gain", "resolution"}
MISSING = {"fillvalue", "missingvalue"}
NORMALISED = {"normalisation", "normalization", "normalised", "normalized", "standardisation"}
_SCALING = SCALE | DIVISOR | BASELINE | OFFSET | MISSING
INTERVAL = re.compile(
    r"(?:sampl(?:e|ing)(?:interval|period)|timestep|deltat|dt|tsample)(?P<unit>s|sec|seconds|ms|us)?"
)
START = {
    "starttime", "startdatetime", "recordingstart", "recordingtime", "recordingdatetime",
    "acquisitiondatetime", "measdate", "datetime", "startofrecording", "basedatetime",
}  # fmt: skip
DATE = {"date", "startdate", "recordingdate", "acquisitiondate", "recdate", "basedate"}
CLOCK = {"time", "timeofday", "acquisitiontime", "rectime", "basetime", "starttimeofday"}
_TAKEN = RATE | UNITS | LEADS | _SCALING | NORMALISED
_KEYS = _TAKEN | MAYBE_RATE | AMBIGUOUS_SCALE | START | DATE | CLOCK
_TECHNICAL = {
    "class", "matlabclass", "matlabempty", "matlabintdecode", "matlabsparse", "dimensionlist",
    "dimensionlabels", "referencelist", "pytablesformatversion",
}  # fmt: skip
MAX_NAMES = 512


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that a file says: ``name`` as it spells it, ``key`` that without marks.

    ``where`` is "" for an attribute of the dataset itself, else what holds the statement.
    """

    key: str
    name: str
    value: object
    where: str


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
        value = value_of(item.attrs, key)
        if value is not None:
            shown[key] = " ".join(str(plain_value(value)).split())[:200]
    return shown


def statements(dataset: h5py.Dataset) -> Iterator[Statement]:
    """Yield what is said under the keys known here, nearest first."""
    groups = _groups(dataset)
    for holder in (dataset, *groups):
        where = "" if holder is dataset else _place(holder)
        for name in holder.attrs:
            if _is_known(key := _key(name)):
                value = value_of(holder.attrs, name)
                if value is not None:
                    yield Statement(key, name, value, where)
    for group in groups:
        for name in islice(group, MAX_NAMES):
            key = _key(name)
            if _is_known(key) and isinstance(group.get(name, getlink=True), h5py.HardLink):
                item = group[name]
                if isinstance(item, h5py.Dataset) and item.size and item.size <= MAX_NAMES:
                    value = dereferenced(item)
                    if value is not None:
                        yield Statement(key, name, value, _place(group))


def _is_known(key: str) -> bool:
    return key in _KEYS or INTERVAL.fullmatch(key) is not None


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


def value_of(attributes: h5py.AttributeManager, key: str) -> object | None:
    """Return an attribute; None where it is absent, or of a type beyond h5py, or absurdly large."""
    if key not in attributes:
        return None
    try:
        identity = attributes.get_id(key)
        if int(np.prod(identity.shape, dtype=np.float64)) > MAX_NAMES:
            return None
        return attributes[key]  # type: ignore[no-any-return]
    except HDF5_ERRORS:
        return None


def dereferenced(item: h5py.Dataset) -> object | None:
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


def plain_value(value: object) -> object:
    """Return bytes as text and one-element arrays as their element."""
    if isinstance(value, np.ndarray):
        if value.size == 1:
            return plain_value(value.reshape(-1)[0])
        return [plain_value(one) for one in value.reshape(-1)[:MAX_NAMES]]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def numbers(value: object) -> tuple[float, ...] | None:
    """Return one number, or one per lead; None where any is none or not finite."""
    plain = plain_value(value)
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
    plain = plain_value(value)
    every = list(dict.fromkeys(map(str, plain if isinstance(plain, list) else [plain])))
    text = " ".join(" ".join(every[:3]).split())[:60]
    return text if len(every) <= 3 else f"{text} ..."


def text_in(value: object) -> str | None:
    texts = texts_in(value)
    return texts[0] if texts is not None and len(set(texts)) == 1 else None


def texts_in(value: object) -> tuple[str, ...] | None:
    """Return one text, or one per lead."""
    plain = plain_value(value)
    every = plain if isinstance(plain, list) else [plain]
    texts = tuple(one.strip() for one in every if isinstance(one, str))
    return texts if any(texts) and len(texts) == len(every) else None


def names_in(value: object) -> tuple[str, ...] | None:
    plain = plain_value(value)
    if isinstance(plain, str):
        plain = [part for part in re.split(r"[,;|\s]+", plain.strip(" []()'\"")) if part]
        plain = [part.strip("'\"") for part in plain]
    if isinstance(plain, list) and plain and all(isinstance(one, str) for one in plain):
        return tuple(one.strip() for one in plain)
    return None
