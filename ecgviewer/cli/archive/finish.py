"""From the parts of a run to its table: in the order of the list, whatever came when."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ecgviewer.cli.archive.journal import Journal, is_file_name, write_groups
from ecgviewer.cli.archive.schema import PART_PREFIX, ROW_GROUP, arrow, part_columns, schema
from ecgviewer.cli.screening.shifts import SiteShifts
from ecgviewer.core.site_shift import RECORD, SiteShift

if TYPE_CHECKING:
    import pyarrow as pa

FILE_ROWS = 16 * ROW_GROUP
"""Rows of each file of a folder: some 150 MB."""
NOT_YET = -1


@dataclass(slots=True)
class ListOrder:
    """Where the rows of each record of the list are, in the order of the list.

    Attributes
    ----------
    starts : array of int
        The first row in the journal, -1 while a record is not done.
    renamed : dict
        Path and record of those that an earlier run knew by another name.
    """

    starts: array[int] = field(default_factory=lambda: array("q"))
    renamed: dict[int, tuple[str, str]] = field(default_factory=dict)

    def place(self) -> int:
        """Make room for the next record of the list and return its number."""
        self.starts.append(NOT_YET)
        return len(self.starts) - 1


def finish(journal: Journal, order: ListOrder) -> SiteShifts:
    """Write the table of a run that is done, and take its parts away.

    ``site_shift`` is that of all records of a folder, the same in each of its rows.

    Raises
    ------
    EcgViewerError
        When the disk refuses; the parts stay then.
    """
    journal.flush()
    arrays, parquet = arrow()
    target = schema(journal.about)
    parts = [parquet.read_table(path) for path in journal.parts()]
    found = arrays.concat_tables(parts).unify_dictionaries() if parts else target.empty_table()
    n_models = len(journal.about.models)
    starts = np.asarray(order.starts, dtype=np.int64)
    rows = (starts[:, None] + np.arange(n_models)).ravel()
    shifts, groups = _shifts(found, rows, order.renamed, n_models)

    def chunk(first: int, stop: int) -> pa.Table:
        taken = found.take(arrays.array(rows[first:stop]))
        texts = arrays.array(
            [shift.text() for shift in shifts.found.values()], type=arrays.string()
        )
        inside = groups[first:stop] >= 0
        of_rows = arrays.array(groups[first:stop], mask=~inside, type=arrays.int32())
        column = texts.take(of_rows).fill_null("") if len(texts) else [""] * len(taken)
        taken = _replaced(taken, "site_shift", column, target)
        for column_name, names in _names(taken, order.renamed, first, stop, n_models).items():
            taken = _replaced(taken, column_name, names, target)
        return taken

    def tables(first: int, stop: int) -> Iterator[pa.Table]:
        for at in range(first, stop, ROW_GROUP):
            yield chunk(at, min(at + ROW_GROUP, stop))

    for path, first, stop in _files(journal.out, len(rows)):
        write_groups(path, target, tables(first, stop))
    journal.discard()
    return shifts


def _files(out: Path, n_rows: int) -> Iterator[tuple[Path, int, int]]:
    if is_file_name(out):
        yield out, 0, n_rows
        return
    for number, first in enumerate(range(0, max(n_rows, 1), FILE_ROWS)):
        yield out / f"part-{number:05d}.parquet", first, min(first + FILE_ROWS, n_rows)


def _replaced(table: pa.Table, name: str, values: object, target: pa.Schema) -> pa.Table:
    arrays, _ = arrow()
    at = target.get_field_index(name)
    kind = target.field(at).type
    column = values if isinstance(values, arrays.Array) else arrays.array(values, arrays.string())
    if arrays.types.is_dictionary(kind):
        column = column.dictionary_encode().cast(kind)
    return table.set_column(at, target.field(at), column)


def _names(
    table: pa.Table, renamed: Mapping[int, tuple[str, str]], first: int, stop: int, n_models: int
) -> dict[str, list[str]]:
    """Return the columns of names where some of these rows changed theirs."""
    places = [k for k in range(first // n_models, -(-stop // n_models)) if k in renamed]
    if not places:
        return {}
    columns = {name: table.column(name).to_pylist() for name in ("path", "record")}
    for place in places:
        for row in range(max(place * n_models, first), min((place + 1) * n_models, stop)):
            columns["path"][row - first], columns["record"][row - first] = renamed[place]
    return columns


def _shifts(
    found: pa.Table,
    rows: npt.NDArray[np.int64],
    renamed: Mapping[int, tuple[str, str]],
    n_models: int,
) -> tuple[SiteShifts, npt.NDArray[np.int32]]:
    """Return the shift of each folder and model, and each row's number in there (-1: in none)."""
    shifts = SiteShifts()
    paths = found.column("path").to_pylist()
    models = found.column("model").to_pylist()
    values = {
        part: found.column(column).to_numpy()
        for part, column in [
            *((name.removeprefix(PART_PREFIX), name) for name in part_columns()),
            (RECORD, "p_value"),
        ]
    }
    numbers: dict[tuple[str, str], int] = {}
    groups = np.full(len(rows), -1, dtype=np.int32)
    judged = np.isfinite(values[RECORD].astype(np.float64))
    for k, row in enumerate(rows.tolist()):
        if judged[row]:
            name = renamed[k // n_models][0] if k // n_models in renamed else paths[row]
            group = (os.path.dirname(name), models[row])  # noqa: PTH120 - a million of Path are slow
            groups[k] = numbers.setdefault(group, len(numbers))
    inside = groups >= 0
    found_shifts = [SiteShift() for _ in numbers]
    for part, column in values.items():
        p = column[rows].astype(np.float64)
        known = inside & np.isfinite(p)
        n = np.bincount(groups[known], minlength=len(numbers))
        calm = np.bincount(groups[known & (p > 0.5)], minlength=len(numbers))
        for shift, n_records, n_calm in zip(found_shifts, n.tolist(), calm.tolist(), strict=True):
            if n_records:
                shift.n[part], shift.calm[part] = n_records, n_calm
    for (folder, model), shift in zip(numbers, found_shifts, strict=True):
        shifts.found[Path(folder), model] = shift
    return shifts, groups
