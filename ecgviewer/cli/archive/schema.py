"""The columns of an archive, and what its rows depend on. The only place that needs pyarrow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ecgviewer import __version__
from ecgviewer.cli.screening.table import COLUMNS, Row
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.models.score.parts import PARTS

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
ABOUT_KEY = b"ecgviewer"
PART_PREFIX = "p_"
"""``p_beat`` and the like: the p-value of each part of the score."""
TEXTS = ("path", "record", "quality", "error", "recording_sha256")
FEW_TEXTS = ("model", "worst_lead", "site_shift", "bundle_sha256", "version")
"""Columns of few different texts: kept as numbers of a list."""
ROW_GROUP = 65_536


def arrow() -> tuple[ModuleType, ModuleType]:
    """Return pyarrow and its Parquet module.

    Raises
    ------
    EcgViewerError
        Naming the extra, where they are not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise EcgViewerError(
            "Parquet tables need the package pyarrow: pip install 'ecgviewer[archive]'"
        ) from error
    return pyarrow, parquet


@dataclass(frozen=True, slots=True)
class About:
    """What the rows of an archive depend on besides the records.

    Attributes
    ----------
    models : tuple of (str, str)
        Name and content hash of each bundle, in the order of the rows of a record.
    specificity : float
    anonymous : bool
    version : str
        Of the program.
    """

    models: tuple[tuple[str, str], ...]
    specificity: float
    anonymous: bool = False
    version: str = __version__

    def metadata(self) -> dict[bytes, bytes]:
        """Return this as the metadata of a Parquet schema."""
        values = {
            "format": FORMAT,
            "version": self.version,
            "models": self.models,
            "specificity": self.specificity,
            "anonymous": self.anonymous,
        }
        return {ABOUT_KEY: json.dumps(values).encode()}

    def check(self, metadata: dict[bytes, bytes] | None, path: Path) -> None:
        """See that a table holds such rows; raises EcgViewerError saying how it differs."""
        try:
            found = json.loads((metadata or {})[ABOUT_KEY])
            theirs = About(
                tuple((name, sha256) for name, sha256 in found["models"]),
                found["specificity"],
                found["anonymous"],
                found["version"],
            )
            layout = found["format"]
        except (KeyError, ValueError, TypeError) as error:
            raise EcgViewerError("is no table of this program", path) from error
        if layout != FORMAT or theirs.version != self.version:
            raise EcgViewerError(
                f"was made by version {theirs.version} of the program, this is {self.version}: "
                "go on with that one, or name another table",
                path,
            )
        if theirs != self:
            raise EcgViewerError(
                "holds the rows of other models or of another threshold: name another table", path
            )


def schema(about: About) -> pa.Schema:
    """Return the columns: those of the CSV, then parts, content hashes, version."""
    pa, _ = arrow()
    few = pa.dictionary(pa.int32(), pa.string())
    kinds: dict[str, Any] = dict.fromkeys(TEXTS, pa.string()) | dict.fromkeys(FEW_TEXTS, few)
    kinds["abnormal"] = pa.int8()
    names = (*COLUMNS, *part_columns(), "recording_sha256", "bundle_sha256", "version")
    return pa.schema(
        [(name, kinds.get(name, pa.float64())) for name in names], metadata=about.metadata()
    )


def part_columns() -> tuple[str, ...]:
    """Return the columns of the score's parts."""
    return tuple(f"{PART_PREFIX}{part}" for part in PARTS)


def as_table(rows: Sequence[Row], about: About) -> pa.Table:
    """Return rows as a table; texts that are no Unicode (names of files) are escaped."""
    pa, _ = arrow()
    target = schema(about)
    columns = []
    for column in target:
        values: list[Any]
        if column.name == "version":
            values = [about.version] * len(rows)
        elif column.name.startswith(PART_PREFIX) and column.name != "p_value":
            part = column.name.removeprefix(PART_PREFIX)
            values = [row.parts.get(part) for row in rows]
        else:
            values = [getattr(row, column.name) for row in rows]
            if column.name in TEXTS:
                values = [_unicode(value) for value in values]
        columns.append(pa.array(values, type=column.type))
    return pa.Table.from_arrays(columns, schema=target)


def _unicode(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
