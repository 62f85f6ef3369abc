"""The parts of a run that is not finished: each is on the disk whole, or not at all.

They lie beside ``FILE.parquet`` in ``FILE.parquet.parts``, and in ``_parts`` inside a folder, where
readers of Parquet folders pass them over. Rows come in as records are done; a part is written
when enough have come or enough time has passed, so that a kill costs seconds of work.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ecgviewer.cli.archive.schema import ROW_GROUP, About, arrow, as_table
from ecgviewer.cli.screening.table import Row
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.system.file_lock import FileLock

if TYPE_CHECKING:
    import pyarrow as pa

PART_ROWS = 50_000
PART_EVERY_S = 20.0
_KEY_COLUMNS = ("recording_sha256", "path", "record")


class Journal:
    """The parts of one archive. Use as a context manager: what came in is written at the end.

    Parameters
    ----------
    out : Path
        ``FILE.parquet``, or a folder of parts.
    about : About
    resume : bool
        Whether to go on with what is there; otherwise nothing may be there.

    Raises
    ------
    EcgViewerError
        When there is a table already (without ``resume``), or one of other rows, or the disk
        refuses. Parts that are there stay as they are.
    """

    def __init__(self, out: Path, about: About, resume: bool) -> None:
        arrow()
        self.out = out
        self.about = about
        self.folder = parts_folder(out)
        self.known: dict[str, tuple[int, str, str]] = {}
        """First row, path and record of each content that an earlier run settled."""
        self.n_rows = 0
        self._per_record = len(about.models)
        self._resume = resume
        self._rows: list[Row] = []
        self._next = 0
        self._due = 0.0
        self._lock = FileLock(out.with_name(f"{out.name}.lock"))

    def __enter__(self) -> Journal:
        try:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            if not self._lock.acquire():
                raise EcgViewerError("another run is writing into it", self.out)
            try:
                self._begin()
            except BaseException:
                self._lock.release()
                raise
        except OSError as error:
            raise _refused(error, self.out) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None or not issubclass(kind, EcgViewerError):  # the disk may have refused
                self.flush()
        finally:
            self._lock.release()

    def add(self, rows: Sequence[Row]) -> int:
        """Take the rows of a record, and return the number of the first; writes when it is time."""
        at = self.n_rows
        self._rows += rows
        self.n_rows += len(rows)
        if len(self._rows) >= PART_ROWS or time.monotonic() >= self._due:
            self.flush()
        return at

    def flush(self) -> None:
        """Write what has come in as a part; raises EcgViewerError when the disk refuses."""
        if self._rows:
            target = self.folder / f"part-{self._next:06d}.parquet"
            write_part(target, as_table(self._rows, self.about))
            self._next += 1
            self._rows.clear()
        self._due = time.monotonic() + PART_EVERY_S

    def parts(self) -> list[Path]:
        """Return the parts that are written, in the order of their rows."""
        return sorted(self.folder.glob("part-*.parquet"))

    def discard(self) -> None:
        """Take the parts away, once the table is whole."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self) -> None:
        finished = finished_parts(self.out)
        if not self._resume and (finished or self.folder.exists()):
            raise EcgViewerError(
                "is there already: --resume goes on with it; or name another table", self.out
            )
        _, parquet = arrow()
        for path in [*finished, *self.parts()]:
            self.about.check(_metadata(path), path)
        self.folder.mkdir(parents=True, exist_ok=True)
        for leftover in self.folder.glob("*.tmp"):
            leftover.unlink()
        there = self.parts()
        self._next = int(there[-1].stem.removeprefix("part-")) + 1 if there else 0
        for path in finished:
            path.replace(self.folder / f"part-{self._next:06d}.parquet")
            self._next += 1
        for path in self.parts():
            for columns in parquet.ParquetFile(path).iter_batches(columns=list(_KEY_COLUMNS)):
                self._learn(columns)
        self._due = time.monotonic() + PART_EVERY_S

    def _learn(self, columns: pa.RecordBatch) -> None:
        hashes, paths, records = (columns.column(name) for name in _KEY_COLUMNS)
        first = -self.n_rows % self._per_record
        for k in range(first, len(hashes), self._per_record):
            if sha256 := hashes[k].as_py():
                self.known[sha256] = (self.n_rows + k, paths[k].as_py(), records[k].as_py())
        self.n_rows += len(hashes)


def parts_folder(out: Path) -> Path:
    """Return where the parts of an unfinished run lie."""
    return out.with_name(f"{out.name}.parts") if is_file_name(out) else out / "_parts"


def is_file_name(out: Path) -> bool:
    """Return whether the archive is to be one file."""
    return out.suffix.lower() == ".parquet"


def finished_parts(out: Path) -> list[Path]:
    """Return the files of an archive that a run has finished."""
    if is_file_name(out):
        return [out] if out.is_file() else []
    return sorted(out.glob("part-*.parquet"))


def write_part(path: Path, table: pa.Table) -> None:
    """Write a table that is there whole or not at all.

    Raises
    ------
    EcgViewerError
        When the disk refuses; nothing of it stays behind.
    """
    write_groups(path, table.schema, iter([table]))


def write_groups(path: Path, schema: pa.Schema, tables: Iterator[pa.Table]) -> None:
    """Write tables one after the other as one file, as :func:`write_part` does."""
    _, parquet = arrow()
    partial = path.with_name(f"{path.name}.tmp")
    try:
        try:
            with partial.open("wb") as file:
                with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
                    for table in tables:
                        writer.write_table(table, row_group_size=ROW_GROUP)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _refused(error, path) from error


def _metadata(path: Path) -> dict[bytes, bytes] | None:
    pa, parquet = arrow()
    try:
        found: dict[bytes, bytes] | None = parquet.read_schema(path).metadata
    except (pa.ArrowException, OSError) as error:
        raise EcgViewerError("is no Parquet table, or a damaged one", path) from error
    return found


def _refused(error: OSError, path: Path) -> EcgViewerError:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return EcgViewerError(
        f"it cannot be written ({reason}); parts that are finished stay, and --resume goes on",
        path,
    )
