"""HL7 aECG: its series and sequence sets, of which the parser reads the first alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecgviewer.io.clinical.parsing import guarded, module_of, parser_of
from ecgviewer.io.file_access import read_bytes
from ecgviewer.io.recognise import AECG

MAX_ROUNDING = 1e-5
"""Relative: of an increment written with six figures."""
_BEAT = "REPRESENTATIVE_BEAT"


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """One sequence set: leads that were recorded at the same time.

    Attributes
    ----------
    start : object
        What the parser's dates are (datetime), None where the file gives no absolute time.
    offset_s : float or None
        Of the first sample, where the file counts from a start of its own.
    """

    leads: list[Any]
    fs_hz: float
    start: Any
    offset_s: float | None


def parts_of(path: Path, limit: int) -> tuple[list[list[SequenceSet]], list[str]]:
    """Return the sequence sets of each rhythm series, and what the parser warned of."""
    return guarded(path, lambda: _parts(path, limit))


def _parts(path: Path, limit: int) -> list[list[SequenceSet]]:
    module = module_of(AECG)
    root = module.parse_xml_root(read_bytes(path, limit))
    parser = parser_of(AECG)
    parser._warnings = []
    found = []
    for series in root.findall("component/series"):
        code = series.find("code")
        if code is not None and code.get("code", "").upper() == _BEAT:
            continue
        sets = []
        for component in series.findall("component"):
            one_set = component.find("sequenceSet")
            if one_set is None:
                continue
            # A series with this set alone.
            alone = type(series)("series")
            alone.append(component)
            leads, when = parser._read_sequence_set(alone, "rhythm", path)
            if leads:
                sets.append(_part(module, leads, when))
        if sets:
            found.append(sets)
    for text in parser._warnings:
        if "rounded to" not in text:
            module.warnings.warn(text)
    return found


def _part(module: Any, leads: list[Any], when: dict[str, Any]) -> SequenceSet:
    absolute = when.get("code", "").upper() == "TIME_ABSOLUTE"
    offset = None
    if not absolute:
        scale = module._INCREMENT_TO_S.get(when.get("head_unit", ""))
        head = module._float(when.get("head"))
        offset = head * scale if head is not None and scale is not None else None
    start = module._parse_ts(when.get("head"), need_time=True) if absolute else None
    return SequenceSet(
        leads, _whole_where_rounded(float(when["sampling_rate_exact"])), start, offset
    )


def _whole_where_rounded(fs_hz: float) -> float:
    """Return the whole rate that an increment such as 0.00555555 s stands for; 499.5 is not 500."""
    whole = float(round(fs_hz))
    return whole if abs(fs_hz - whole) <= MAX_ROUNDING * whole else fs_hz
