"""The data records of an EDF or BDF file: where each lies in time, samples by range, texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError
from ecgviewer.core.record.source_facts import FileEvent
from ecgviewer.io.edf.header import EdfHeader, EdfSignal
from ecgviewer.io.file_access import missing

FloatArray = npt.NDArray[np.float32]

_BLOCK_BYTES = 8 << 20
MAX_TEXTS = 100_000
_TAL = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15(\d+(?:\.\d*)?))?\x14([^\x00]*)\x14\x00")
"""A time-stamped annotation list: onset, duration, texts (parted by 0x14)."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What the annotation signals say: onsets of the data records (s), and the annotations."""

    onsets_s: npt.NDArray[np.float64]
    events: tuple[FileEvent, ...]


class Records:
    """Reads whole data records with ``seek`` and ``read``.

    Not through a mapping: a file that shrinks or a drive that goes away would end the process.
    """

    def __init__(self, path: Path, header: EdfHeader) -> None:
        self._path = path
        self._header = header

    def samples(self, first: int, last: int, signals: Sequence[EdfSignal]) -> list[FloatArray]:
        """Return each signal's samples of data records ``[first, last)`` in its own unit."""
        header = self._header
        per_block = max(_BLOCK_BYTES // header.record_bytes, 1)
        pieces: list[list[FloatArray]] = [[] for _ in signals]
        for at in range(first, last, per_block):
            block = self._block(at, min(at + per_block, last))
            for kept, one in zip(pieces, signals, strict=True):
                stop = one.first + one.samples_per_record
                if header.sample_bytes == 2:
                    stored = block.view("<i2")[:, one.first : stop].astype(np.float64)
                else:
                    stored = _of_24_bits(block[:, 3 * one.first : 3 * stop])
                kept.append(((stored + one.offset) * one.gain).astype(np.float32).reshape(-1))
        return [np.concatenate(kept) if kept else np.empty(0, np.float32) for kept in pieces]

    def texts(self) -> Texts:
        """Read the annotation signals of every data record.

        Raises
        ------
        CorruptFileError
            When a data record does not say when it begins.
        """
        header = self._header
        signals = [one for one in header.signals if one.is_annotations]
        onsets = np.full(header.n_records, np.nan)
        events: list[FileEvent] = []
        try:
            with self._path.open("rb") as file:
                for k in range(header.n_records):
                    for number, one in enumerate(signals):
                        place = header.header_bytes + k * header.record_bytes
                        file.seek(place + one.first * header.sample_bytes)
                        data = file.read(one.samples_per_record * header.sample_bytes)
                        found = list(_TAL.finditer(data))
                        if number == 0 and found:
                            onsets[k] = float(found[0][1])
                        if len(events) < MAX_TEXTS:
                            events += [event for match in found for event in _events(match)]
        except OSError as error:
            raise missing(self._path, error) from error
        if signals and np.isnan(onsets).any():
            number = int(np.flatnonzero(np.isnan(onsets))[0])
            raise CorruptFileError(f"data record {number} does not say when it begins", self._path)
        return Texts(onsets, tuple(events))

    def _block(self, first: int, last: int) -> npt.NDArray[np.uint8]:
        """Return the bytes of data records [last - first, bytes of a record]."""
        size = self._header.record_bytes
        try:
            with self._path.open("rb") as file:
                file.seek(self._header.header_bytes + first * size)
                data = file.read((last - first) * size)
        except OSError as error:
            raise missing(self._path, error) from error
        if len(data) < (last - first) * size:
            raise CorruptFileError("is shorter than when it was opened", self._path)
        return np.frombuffer(data, np.uint8).reshape(last - first, size)


def _of_24_bits(stored: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return little-endian numbers of three bytes, signed."""
    parts = stored.reshape(stored.shape[0], -1, 3).astype(np.int32)
    values = parts[..., 0] | (parts[..., 1] << 8) | (parts[..., 2] << 16)
    return np.where(values >= 1 << 23, values - (1 << 24), values).astype(np.float64)


def _events(match: re.Match[bytes]) -> list[FileEvent]:
    """Return the annotations of a list; the empty one that keeps the time is none."""
    onset, duration = float(match[1]), float(match[2] or 0)
    texts = [text.decode("utf-8", "replace").strip() for text in match[3].split(b"\x14")]
    return [FileEvent(onset, duration, text) for text in texts if text]
