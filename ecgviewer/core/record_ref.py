"""Where a record is, before it is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


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
    """

    fs_hz: float | None = None
    units: str | None = None
    leads: tuple[str, ...] = ()
    dataset: str | None = None

    def completed_by(self, others: ReadOptions) -> ReadOptions:
        """Return these answers, and those of others where these leave something open."""
        return ReadOptions(
            self.fs_hz or others.fs_hz,
            self.units or others.units,
            self.leads or others.leads,
            self.dataset or others.dataset,
        )


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
