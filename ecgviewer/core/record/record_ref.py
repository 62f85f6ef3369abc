"""Where a record is, before it is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "blank": " "}
DECIMALS = {"point": ".", "comma": ","}
TIME_UNITS_S = {"s": 1.0, "ms": 1e-3, "us": 1e-6}


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Answers to what a file leaves open; None and empty mean "as the file says".

    Attributes
    ----------
    fs_hz : float or None
    units : str or None
        ``mV``, ``uV``, ``V`` ...
    leads : tuple of str
        One name per signal.
    dataset : str or None
        Path of the signal inside an HDF5 file.
    delimiter : str or None
        What separates the columns of a text file: a key of :data:`DELIMITERS`.
    decimal : str or None
        A key of :data:`DECIMALS`.
    time : str or None
        Which column of a text file holds times, from 1, and in what: ``1:ms``, ``1``; ``none``.
    """

    fs_hz: float | None = None
    units: str | None = None
    leads: tuple[str, ...] = ()
    dataset: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    time: str | None = None

    def completed_by(self, others: ReadOptions) -> ReadOptions:
        """Return these answers, and those of others where these leave something open."""
        return ReadOptions(
            self.fs_hz or others.fs_hz,
            self.units or others.units,
            self.leads or others.leads,
            self.dataset or others.dataset,
            self.delimiter or others.delimiter,
            self.decimal or others.decimal,
            self.time or others.time,
        )


def time_column_of(text: str) -> tuple[int | None, float | None]:
    """Return the column of times, from 0, and its unit in seconds, as ``ReadOptions.time`` says.

    Raises
    ------
    ValueError
        When the text says neither a column nor ``none``.
    """
    if text == "none":
        return None, None
    column, mark, unit = text.partition(":")
    if not (column.isascii() and column.isdigit() and 0 < int(column) < 10_000):
        raise ValueError(f"{text!r} is no column of times: 1, 1:ms, none")
    if mark and unit not in TIME_UNITS_S:
        raise ValueError(f"{unit!r} is no unit of time: s, ms or us")
    return int(column) - 1, TIME_UNITS_S[unit] if mark else None


@dataclass(frozen=True, slots=True)
class RecordRef:
    """One record on disk: a file, and the index inside it for a file of many.

    Attributes
    ----------
    located : bool
        The path is that of the file to open, not one that still has to be looked for.
    """

    path: Path
    index: int | None = None
    options: ReadOptions = field(default_factory=ReadOptions)
    located: bool = field(default=False, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The record's name: the file's stem, with ``#index`` for a file of many."""
        return self.path.stem if self.index is None else f"{self.path.stem}#{self.index}"
