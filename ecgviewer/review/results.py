"""The result tables of ``analyze``, Parquet or CSV, a million rows as well as ten.

Sorting, filtering and counting are pyarrow's; here is only what the columns mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from csv import reader as reader_of_lines
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.record.record_ref import RecordRef

if TYPE_CHECKING:
    import pyarrow as pa

NEEDED = ("path", "record", "model", "score", "p_value", "abnormal", "error")
COLUMNS = (
    *("path", "record", "model", "score", "p_value", "abnormal", "quality", "worst_lead"),
    *("worst_start_s", "worst_end_s", "error", "site_shift"),
)
"""What is read: a table's other columns would cost memory and are not shown."""
FEW_TEXTS = ("model", "worst_lead", "site_shift", "quality", "error")
FIRST_ROWS = 4096
"""Shown while the rest is read."""
NUMBERS = ("score", "p_value", "worst_start_s", "worst_end_s")

Counts = npt.NDArray[np.int64]
RowNumbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ResultFilter:
    """Which rows to show; empty and None let everything pass.

    Attributes
    ----------
    text : str
        Part of the record's path or name, in any case.
    model, site : str
    abnormal, errors : bool
        Only rows called abnormal; only those with an error.
    """

    text: str = ""
    model: str = ""
    site: str = ""
    abnormal: bool = False
    errors: bool = False


@dataclass(eq=False)
class ResultTable:
    """The rows of a result table.

    Attributes
    ----------
    path : Path
        The file or folder.
    table : pyarrow.Table
        :data:`COLUMNS` and ``site``, the folder of each record.
    """

    path: Path
    table: pa.Table

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def models(self) -> list[str]:
        """Return the models in it."""
        return self._different("model")

    def sites(self) -> list[str]:
        """Return the folders whose records are in it."""
        return self._different("site")

    def _different(self, name: str) -> list[str]:
        found: list[str] = _compute().unique(self.table.column(name)).to_pylist()
        return sorted(found)

    def arrange(self, column: str, descending: bool, only: ResultFilter) -> RowNumbers:
        """Return the numbers of the rows that pass, sorted; rows without a value come last."""
        values = self.table[column].combine_chunks()
        mask = self._mask(only)
        order = "descending" if descending else "ascending"
        sort = _compute().array_sort_indices
        if mask is None:
            return np.asarray(sort(values, order=order), dtype=np.int64)
        numbers: RowNumbers = np.flatnonzero(mask)[
            np.asarray(sort(values.filter(mask), order=order))
        ]
        return numbers

    def _mask(self, only: ResultFilter) -> npt.NDArray[np.bool_] | None:
        compute, table = _compute(), self.table
        conditions = []
        if only.text:
            conditions += [
                compute.or_(
                    compute.match_substring(table["path"], only.text, ignore_case=True),
                    compute.match_substring(table["record"], only.text, ignore_case=True),
                )
            ]
        if only.model:
            conditions.append(compute.equal(table["model"], only.model))
        if only.site:
            conditions.append(compute.equal(table["site"], only.site))
        if only.abnormal:
            conditions.append(compute.equal(table["abnormal"], 1))
        if only.errors:
            conditions.append(compute.not_equal(table["error"], ""))
        if not conditions:
            return None
        mask = np.ones(len(self), dtype=bool)
        for condition in conditions:
            mask &= condition.fill_null(False).to_numpy()
        return mask

    def rows(self, numbers: Sequence[int] | RowNumbers) -> list[dict[str, Any]]:
        """Return some rows, as values by column."""
        found: list[dict[str, Any]] = self.table.take(np.asarray(numbers)).to_pylist()
        return found

    def histogram(self, model: str, site: str, n_bins: int) -> Counts:
        """Return how many p-values of a model lie in each of equal parts of 0 to 1.

        Parameters
        ----------
        site : str
            A folder; empty takes all.
        """
        mask = self._mask(ResultFilter(model=model, site=site))
        p = self.table["p_value"].to_numpy()
        p = p if mask is None else p[mask]
        counts: Counts = np.histogram(p[np.isfinite(p)], n_bins, (0.0, 1.0))[0]
        return counts

    def locate(self, row: dict[str, Any]) -> RecordRef:
        """Return where the record of a row is.

        A path that is not absolute is looked for beside the table, above it, and here.

        Raises
        ------
        EcgViewerError
            When it is nowhere there, or the table names no path.
        """
        text = str(row["path"])
        if not text:
            raise EcgViewerError("the table is anonymous: it names no record", self.path)
        beside = self.path.absolute().parent
        places = [base / text for base in (beside, *beside.parents, Path.cwd())]
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            raise EcgViewerError("is not where the table says it is", Path(text))
        stem, mark, number = str(row["record"]).rpartition("#")
        index = int(number) if mark and stem == found.stem and number.isdecimal() else None
        return RecordRef(found, index)


def open_results(path: Path, on_first: Callable[[ResultTable], None] | None = None) -> ResultTable:
    """Read a result table: a Parquet file or folder of parts, finished or not, or a CSV.

    Parameters
    ----------
    on_first : callable, optional
        Given the first rows as soon as they are there.

    Raises
    ------
    EcgViewerError
        When it is none, is damaged, or pyarrow is not installed.
    """
    pa = _arrow()
    try:
        if path.suffix.lower() == ".csv":
            return _prepared(path, _read_csv(path, on_first))
        files = _parts(path)
        if not files:
            raise EcgViewerError("holds no result table", path)
        tables = []
        for number, file in enumerate(files):
            if number == 0 and on_first is not None:
                on_first(_prepared(path, _first_rows(file)))
            tables.append(_read_parquet(file))
        return _prepared(path, pa.concat_tables(tables))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise EcgViewerError("is no result table, or a damaged one", path) from error


def _parts(path: Path) -> list[Path]:
    if path.is_dir():
        inside = sorted(path.glob("part-*.parquet"))
        return inside + sorted((path / "_parts").glob("part-*.parquet"))
    return [path]


def _check(path: Path, names: Sequence[str]) -> list[str]:
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise EcgViewerError(f"is no table of analyze: it has no column {missing[0]!r}", path)
    return [name for name in COLUMNS if name in names]


def _first_rows(path: Path) -> pa.Table:
    from pyarrow import parquet

    file = parquet.ParquetFile(path)
    columns = _check(path, file.schema_arrow.names)
    first = next(file.iter_batches(FIRST_ROWS, columns=columns), None)
    schema = file.schema_arrow
    return _arrow().Table.from_batches(
        [first] if first is not None else [], schema if first is None else None
    )


def _read_parquet(path: Path) -> pa.Table:
    from pyarrow import parquet

    names = parquet.read_schema(path).names
    dictionaries = [name for name in FEW_TEXTS if name in names]
    return parquet.read_table(path, columns=_check(path, names), read_dictionary=dictionaries)


def _read_csv(path: Path, on_first: Callable[[ResultTable], None] | None) -> pa.Table:
    from pyarrow import csv

    pa = _arrow()
    with path.open(encoding="utf-8", newline="") as file:
        names = next(reader_of_lines(file), [])
    kinds = dict.fromkeys(COLUMNS, pa.string()) | dict.fromkeys(NUMBERS, pa.float64())
    kinds["abnormal"] = pa.int8()
    convert = csv.ConvertOptions(
        include_columns=_check(path, names), column_types=kinds, strings_can_be_null=False
    )
    if on_first is not None:
        with csv.open_csv(path, convert_options=convert) as reader:
            batch = next(iter(reader), None)
        if batch is not None:
            on_first(_prepared(path, pa.Table.from_batches([batch.slice(0, FIRST_ROWS)])))
    return csv.read_csv(path, convert_options=convert)


def _prepared(path: Path, table: pa.Table) -> ResultTable:
    """Return a table with every column, texts that repeat kept once, and the records' folders."""
    pa, compute = _arrow(), _compute()
    few = pa.dictionary(pa.int32(), pa.string())
    columns = []
    for name in COLUMNS:
        if name in table.column_names:
            column = table[name]
        else:
            kind = pa.float64() if name in NUMBERS else pa.string()
            column = pa.chunked_array([pa.nulls(len(table), kind)])
        if name in FEW_TEXTS:
            column = column.cast(pa.string()).fill_null("") if column.null_count else column
            encoded = pa.types.is_dictionary(column.type)
            column = (column if encoded else column.dictionary_encode()).cast(few)
        columns.append(column)
    paths = table["path"].cast(pa.string())
    site = compute.replace_substring_regex(paths, r"[/\\]?[^/\\]*$", "").dictionary_encode()
    made = pa.table([*columns, site.cast(few)], names=[*COLUMNS, "site"])
    return ResultTable(path, made.unify_dictionaries().combine_chunks())


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise EcgViewerError(
            "result tables need the package pyarrow: pip install 'ecgviewer[archive]'"
        ) from error
    return pyarrow


def _compute() -> Any:
    from pyarrow import compute

    return compute
