"""What may be the ECG in an HDF5 file: for an import dialog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecgviewer.io.process.client import call


@dataclass(frozen=True, slots=True)
class CandidateDataset:
    """A dataset, or a group of one dataset per lead, that may hold the ECG.

    Attributes
    ----------
    dataset : str
        What to pass as ``ReadOptions.dataset``.
    shape : tuple of int
    dtype : str
    n_records, n_leads, n_samples : int
        As the axes are understood.
    fs_hz, units, leads
        What the file says, None where it does not.
    attributes : mapping
        Attributes of the dataset and the root, as texts.
    """

    dataset: str
    shape: tuple[int, ...]
    dtype: str
    n_records: int
    n_leads: int
    n_samples: int
    fs_hz: float | None
    units: str | None
    leads: tuple[str, ...] | None
    attributes: Mapping[str, str]


def inspect(path: Path) -> list[CandidateDataset]:
    """List what may be the ECG in a file, likeliest first.

    Raises
    ------
    RecordError
        When the file is no readable HDF5.
    """
    answer, _ = call("inspect", path)
    return [
        CandidateDataset(
            **one
            | {
                "shape": tuple(one["shape"]),
                "leads": None if one["leads"] is None else tuple(one["leads"]),
            }
        )
        for one in answer["candidates"]
    ]


def preview(path: Path, dataset: str, n_samples: int = 5000) -> npt.NDArray[np.float32]:
    """Return the first samples [n_leads, n] of a candidate as stored.

    Raises
    ------
    RecordError
        When they cannot be read.
    """
    _, samples = call("preview", path, dataset=dataset, n_samples=n_samples)
    return samples
