"""WFDB signal files: ranges of frames from disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.io import limits
from ecgviewer.io.file_access import FileStamp, beside, missing, starts_with
from ecgviewer.io.wfdb.flac import FlacFile
from ecgviewer.io.wfdb.formats import FLAC_INVALID, FORMATS
from ecgviewer.io.wfdb.header import Header, SignalSpec

Frames = npt.NDArray[np.signedinteger]


class SignalFile(Protocol):
    """One signal file; a frame holds the samples that all its signals take at one instant."""

    path: Path
    n_frames: int

    def read(self, start: int, stop: int) -> Frames:
        """Return frames ``[start, stop)`` as integers [stop - start, samples per frame]."""
        ...


class PackedFile:
    """A file in one of the packed formats."""

    def __init__(self, path: Path, fmt: str, frame_samples: int, byte_offset: int) -> None:
        self.path = path
        self._format = FORMATS[fmt]
        self._frame_samples = frame_samples
        self._offset = byte_offset
        self._stamp = FileStamp.of(path)
        n_bytes = max(self._stamp.size - byte_offset, 0)
        self.n_frames = self._format.n_samples(n_bytes) // frame_samples

    def read(self, start: int, stop: int) -> Frames:
        """Return frames ``[start, stop)`` as integers [stop - start, samples per frame]."""
        form = self._format
        first, last = start * self._frame_samples, stop * self._frame_samples
        first_block = first // form.block_samples
        n_bytes = form.n_bytes(last) - first_block * form.block_bytes
        self._stamp.check(self.path)
        try:
            data = np.fromfile(
                self.path,
                dtype=np.uint8,
                count=n_bytes,
                offset=self._offset + first_block * form.block_bytes,
            )
        except OSError as error:
            raise missing(self.path, error) from error
        if data.size != n_bytes:
            raise CorruptFileError("ends before the samples that were asked for", self.path)
        if data.size % form.block_bytes:
            data = np.pad(data, (0, -data.size % form.block_bytes))
        skipped = first - first_block * form.block_samples
        samples = form.decode(data)[skipped : skipped + last - first]
        return samples.reshape(stop - start, self._frame_samples)


class DifferenceFile:
    """A file in format 8: first differences, summed from the start of the file.

    Sums at every ``STRIDE`` frames are kept as they are passed, so that only the first read of
    a late range goes through what lies before it.
    """

    STRIDE = 1 << 16

    def __init__(self, path: Path, specs: Sequence[SignalSpec], byte_offset: int) -> None:
        self.path = path
        self._sizes = [spec.samples_per_frame for spec in specs]
        self._differences = PackedFile(path, "8", sum(self._sizes), byte_offset)
        self.n_frames = self._differences.n_frames
        self._sums = [np.array([spec.init_value for spec in specs], dtype=np.int64)]

    def read(self, start: int, stop: int) -> Frames:
        """Return frames ``[start, stop)`` as integers [stop - start, samples per frame]."""
        known = min(start // self.STRIDE, len(self._sums) - 1)
        at, before = known * self.STRIDE, self._sums[known]
        pieces = []
        while at < stop:
            next_at = min(at + self.STRIDE, self.n_frames)
            differences = self._differences.read(at, min(next_at, stop))
            values, before = self._sum_up(differences, before)
            if next_at <= stop and next_at == len(self._sums) * self.STRIDE:
                self._sums.append(before)
            if next_at > start:
                pieces.append(values[max(start - at, 0) :])
            at = next_at
        if not pieces:
            return np.empty((0, sum(self._sizes)), dtype=np.int64)
        return np.concatenate(pieces)

    def _sum_up(
        self, differences: Frames, before: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        values = np.empty(differences.shape, dtype=np.int64)
        after = before.copy()
        column = 0
        for k, size in enumerate(self._sizes):
            one = np.cumsum(differences[:, column : column + size], dtype=np.int64) + before[k]
            values[:, column : column + size] = one.reshape(-1, size)
            if one.size:
                after[k] = one[-1]
            column += size
        return values, after


def open_signal_file(header: Header, specs: Sequence[SignalSpec]) -> SignalFile:
    """Open the file that holds these signals of a header.

    Raises
    ------
    RecordError
        When it is missing, not what the header says, or of an unknown format.
    """
    first = specs[0]
    path = beside(header.path, first.file_name)
    if any(spec.fmt != first.fmt for spec in specs):
        raise CorruptFileError("the header gives one signal file two formats", header.path)
    sizes = [spec.samples_per_frame for spec in specs]
    if min(sizes) < 1 or sum(sizes) > limits.MAX_FRAME_SAMPLES:
        raise CorruptFileError("the header gives impossible samples per frame", header.path)
    if first.fmt in FLAC_INVALID:
        if any(spec.samples_per_frame != first.samples_per_frame for spec in specs):
            raise CorruptFileError("signals of one FLAC file differ in rate", header.path)
        return FlacFile(
            path, first.fmt, len(specs), first.samples_per_frame, sample_offset=first.byte_offset
        )
    if first.fmt not in FORMATS:
        raise UnsupportedFormatError(f"signal format {first.fmt} is not known", header.path)
    if path.suffix.lower() == ".mat" and starts_with(path, 6) == b"MATLAB":
        raise UnsupportedFormatError(
            "is a MATLAB 5 or newer file; the header describes plain samples", path
        )
    if first.fmt == "8":
        return DifferenceFile(path, specs, first.byte_offset)
    return PackedFile(path, first.fmt, sum(sizes), first.byte_offset)
