"""Finds the data sets below folders.

A folder is recognised by what lies in it (see ``wfdb``, ``ptbxl`` and ``hdf5`` beside this
module); a folder that holds none of the known tables is searched for folders that do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ecgviewer.io.file_access import is_folder, is_regular
from trainer.datasets import hdf5, ptbxl, wfdb
from trainer.datasets.checks import keep_patients_together, note_unlisted, unclaimed
from trainer.datasets.entries import DataError, DataSet, Index, UnlabelledError
from trainer.datasets.tables import files_in

MAX_FOLDERS = 100_000
MAX_DEPTH = 100
"""Parts of a path; deeper folders are not searched."""

Recogniser = Callable[[Path], DataSet | None]


def scan(paths: Sequence[Path]) -> Index:
    """Return the records under these folders (or HDF5 files).

    Raises
    ------
    UnlabelledError
        When nothing in a path was recognised.
    DataError
        When a path does not exist, or its labels cannot be read or contradict each other.
    """
    files_in.cache_clear()
    datasets: list[DataSet] = []
    claimed: set[tuple[Path, int | None]] = set()
    for path in paths:
        if not (is_regular(path) or is_folder(path)):
            raise DataError("there is no such file or folder", path)
        recognised = list(_scan(path.resolve(), set()))
        found = [dataset for dataset in recognised if dataset.entries]
        if recognised and not found:
            raise DataError(
                f"{recognised[0].kind}: none of its rows names a record that is here", path
            )
        if not found:
            raise UnlabelledError(
                "no data set was recognised here: no ptbxl_database.csv, record_list.csv, "
                "REFERENCE.csv, labels.csv, WFDB headers with #Dx, or labelled HDF5 (normal or "
                "scp_codes inside, or a CSV file beside it with exam_id and normal)",
                path,
            )
        for dataset in found:
            dataset.entries = unclaimed(dataset, claimed)
        datasets += [dataset for dataset in found if dataset.entries]
    keep_patients_together(datasets)
    note_unlisted(datasets, claimed)
    return Index(tuple(datasets))


def _scan(path: Path, visited: set[Path]) -> Iterable[DataSet]:
    """Yield data sets, the more specific tables of subfolders first.

    ``visited`` are the folders seen before, so that links cannot lead round in circles.
    """
    if path.is_file():
        dataset = hdf5.labelled_file(path)
        if dataset is not None:
            yield dataset
        return
    visited.add(path.resolve())
    if len(visited) > MAX_FOLDERS:
        raise DataError(f"more than {MAX_FOLDERS} folders are searched", path)
    whole: tuple[Recogniser, ...] = (ptbxl.ptbxl, wfdb.mimic)
    for recognise in whole:
        dataset = recognise(path)
        if dataset is not None:
            yield dataset
            return
    try:
        children = sorted(path.iterdir())
    except OSError as error:
        raise DataError(f"the folder cannot be searched: {error.strerror}", path) from error
    for child in children:
        if is_folder(child) and not child.name.startswith("."):
            if child.resolve() not in visited and len(child.parts) <= MAX_DEPTH:
                yield from _scan(child, visited)
        elif child.suffix.lower() in hdf5.SUFFIXES:
            dataset = hdf5.labelled_file(child)
            if dataset is not None:
                yield dataset
    here: tuple[Recogniser, ...] = (
        wfdb.reference_table,
        wfdb.labels_table,
        wfdb.dx_headers,
    )
    for recognise in here:
        dataset = recognise(path)
        if dataset is not None:
            yield dataset
