"""What identifies a record's content, so that reviews and analyses find it again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecgviewer.io.file_access import sha256_of

ReadRange = Callable[[int, int, Sequence[int]], npt.NDArray[np.float32]]

_HASH_SAMPLES = 1 << 18


def record_hash(
    path: Path, answers: str, alone: bool, n_leads: int, n_samples: int, read: ReadRange
) -> str:
    """Return the SHA-256 of the file, or of the record's samples in a file of many.

    For a file of one record it is that of the file's bytes, as ``sha256sum`` prints it
    (followed by the user's answers where there are any); for a record in a file of many, that
    of its samples in mV as float32, block by block.
    """
    if alone:
        return sha256_of([path], answers)
    digest = hashlib.sha256(answers.encode())
    for at in range(0, n_samples, _HASH_SAMPLES):
        block = read(at, min(at + _HASH_SAMPLES, n_samples), range(n_leads))
        digest.update(block.astype("<f4").tobytes())
    return digest.hexdigest()
