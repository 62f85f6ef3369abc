"""What may be the ECG in an HDF5 file, and the first samples of it: runs in the reader process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecgviewer.io.hdf5.facts import facts_of
from ecgviewer.io.hdf5.file import checked_dataset, opened
from ecgviewer.io.hdf5.locate.columns import shape_of
from ecgviewer.io.hdf5.locate.find import (
    ECG_NAMES,
    axes_of,
    candidates,
    find_layout,
    offered_vectors,
    plain_name,
    read_block,
)
from ecgviewer.io.hdf5.locate.layout import CandidateDataset
from ecgviewer.io.hdf5.statements import attributes_text
from ecgviewer.io.process.progress import tell_progress


def list_candidates(path: Path) -> list[CandidateDataset]:
    """See :func:`ecgviewer.io.hdf5.locate.layout.inspect`.

    Raises
    ------
    RecordError
        When the file is no readable HDF5.
    """
    found = []
    with opened(path) as file:
        arrays, leads_apart = candidates(file, path)
        root = attributes_text(file)
        for (group, _), names in leads_apart.items():
            tell_progress()
            first = file[next(iter(names.values()))]
            facts = facts_of(first)
            found.append(
                CandidateDataset(
                    group, first.shape, str(first.dtype), 1, len(names), first.size,
                    facts.fs_hz, facts.unit, tuple(names), root | attributes_text(first),
                )
            )  # fmt: skip
        for name, item in arrays.items():
            tell_progress()
            facts = facts_of(item)
            axes, shape = axes_of(item, facts), shape_of(item)
            if axes is None:
                continue
            found.append(
                CandidateDataset(
                    name, shape, str(item.dtype) if item.dtype.names is None else "table",
                    shape[axes.record] if axes.record is not None else 1,
                    shape[axes.lead] if axes.lead is not None else 1,
                    shape[axes.time],
                    facts.fs_hz, facts.unit, facts.leads, root | attributes_text(item),
                )
            )  # fmt: skip
        for name, (n, facts) in offered_vectors(file, path).items() if not found else ():
            item = file[name]
            found.append(
                CandidateDataset(
                    name, item.shape, str(item.dtype), 1, 1, n,
                    facts.fs_hz, facts.unit, facts.leads, root | attributes_text(item),
                )
            )  # fmt: skip
    found.sort(key=lambda one: (plain_name(one.dataset) not in ECG_NAMES, one.n_leads != 12))
    return found


def read_preview(path: Path, dataset: str, n_samples: int) -> npt.NDArray[np.float32]:
    """See :func:`ecgviewer.io.hdf5.locate.layout.preview`.

    Raises
    ------
    RecordError
        When they cannot be read.
    """
    with opened(path) as file:
        layout = find_layout(file, path, dataset)
        member = layout.members[0]
        rows = []
        for name in member.datasets:
            item = checked_dataset(file, name, path)
            rows.append(read_block(item, layout.axes, 0, 0, n_samples))
        shortest = min(row.shape[1] for row in rows)
        return np.concatenate([row[:, :shortest] for row in rows]).astype(np.float32)
