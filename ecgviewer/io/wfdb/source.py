"""Samples of WFDB records in mV, across files, rates and segments."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError
from ecgviewer.io.file_access import FileStamp, sha256_of
from ecgviewer.io.wfdb.files import Frames, SignalFile, open_signal_file
from ecgviewer.io.wfdb.formats import invalid_value
from ecgviewer.io.wfdb.header import Header, SignalSpec

FloatArray = npt.NDArray[np.float32]

_BLOCK_FRAMES = 1 << 14
"""Frames converted at a time: what stays in the processor's cache."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a signal is: which file, which columns of its frames."""

    file: int
    column: int
    spec: SignalSpec


class SegmentSignals:
    """The signals of one header without segments.

    Parameters
    ----------
    header : Header
        Its ``n_frames`` is checked against the files.

    Raises
    ------
    RecordError
        When a signal file is missing, shorter than the header says, or unreadable.
    """

    def __init__(self, header: Header) -> None:
        self.header = header
        groups: dict[str, list[SignalSpec]] = {}
        self._places: list[_Place] = []
        for spec in header.signals:
            group = groups.setdefault(spec.file_name, [])
            column = sum(one.samples_per_frame for one in group)
            self._places.append(_Place(list(groups).index(spec.file_name), column, spec))
            group.append(spec)
        self.files: list[SignalFile] = [
            open_signal_file(header, specs) for specs in groups.values()
        ]
        available = min((file.n_frames for file in self.files), default=0)
        self.n_frames = available if header.n_frames is None else header.n_frames
        for file in self.files:
            if file.n_frames < self.n_frames:
                raise CorruptFileError(
                    f"is truncated: it holds {file.n_frames} of the {self.n_frames} samples "
                    "that the header promises",
                    file.path,
                )
        if self.n_frames == 0:
            raise CorruptFileError("holds no samples", header.path)

    def read_mv(
        self,
        start: int,
        stop: int,
        signals: Sequence[int],
        scales: Sequence[float],
        samples_per_frame: int,
    ) -> FloatArray:
        """Return samples ``[start, stop)`` at ``samples_per_frame`` of these signals.

        ``scales`` are mV (or whatever is wanted) per unit of the analogue-digital converter.
        """
        out = np.full((len(signals), stop - start), np.nan, dtype=np.float32)
        block = _BLOCK_FRAMES * samples_per_frame
        for at in range(start, stop, block):
            end = min(at + block, stop)
            self._fill(
                out[:, at - start : end - start], at, end, signals, scales, samples_per_frame
            )
        return out

    def _fill(
        self,
        out: FloatArray,
        start: int,
        stop: int,
        signals: Sequence[int],
        scales: Sequence[float],
        samples_per_frame: int,
    ) -> None:
        places = [self._places[signal] for signal in signals]
        first = start // samples_per_frame
        # One frame more than needed: what lower rates are interpolated towards.
        last = -(-stop // samples_per_frame) + 1
        for number, file in enumerate(self.files):
            rows = [row for row, place in enumerate(places) if place.file == number]
            if not rows:
                continue
            skews = [places[row].spec.skew for row in rows]
            low = min(first + min(skews), self.n_frames)
            high = min(last + max(skews), self.n_frames)
            frames = file.read(low, high)
            for row in rows:
                place = places[row]
                values = _to_float(
                    frames[first + place.spec.skew - low : last + place.spec.skew - low],
                    place,
                    scales[row],
                )
                _place_samples(out[row], values, start, first, place.spec, samples_per_frame)

    def checksums_differ(self) -> list[SignalSpec]:
        """Return the signals whose checksum in the header is not that of their samples."""
        stated = [spec for spec in self.header.signals if spec.checksum is not None]
        if not any(spec.checksum for spec in stated):
            return []  # a row of zeros is what writers put that compute none
        differ = []
        for number, file in enumerate(self.files):
            frames = file.read(0, self.n_frames)
            for place in self._places:
                if place.file != number or place.spec.checksum is None:
                    continue
                stop = place.column + place.spec.samples_per_frame
                total = int(frames[:, place.column : stop].sum(dtype=np.int64))
                if (total - place.spec.checksum) % 65536:
                    differ.append(place.spec)
        return differ


def _to_float(frames: Frames, place: _Place, scale: float) -> npt.NDArray[np.floating]:
    """Return one signal of the frames, scaled, NaN where the format says missing."""
    spec = place.spec
    raw = frames[:, place.column : place.column + spec.samples_per_frame].reshape(-1)
    # float32 is exact for 16-bit samples; wider ones lose digits unless scaled as float64.
    exact = raw.dtype.itemsize <= 2 and abs(spec.baseline) < 2**23
    dtype = np.float32 if exact else np.float64
    values = np.subtract(raw, dtype(spec.baseline), dtype=dtype)
    values *= dtype(scale)
    invalid = invalid_value(spec.fmt)
    if invalid is not None:
        values[raw == invalid] = np.nan
    return values


def _place_samples(
    out: FloatArray,
    values: npt.NDArray[np.floating],
    start: int,
    first_frame: int,
    spec: SignalSpec,
    samples_per_frame: int,
) -> None:
    """Write a signal's samples, which begin at ``first_frame``, onto the common time base."""
    if values.size == 0:
        return
    if spec.samples_per_frame == samples_per_frame:
        skipped = start - first_frame * samples_per_frame
        values = values[skipped : skipped + out.size]
        out[: values.size] = values
        return
    step = spec.samples_per_frame / samples_per_frame
    at = np.arange(start, start + out.size) * step - first_frame * spec.samples_per_frame
    inside = at < values.size
    out[inside] = np.interp(at[inside], np.arange(values.size), values)


@dataclass(frozen=True, slots=True)
class SegmentPiece:
    """A stretch of the record: samples from ``start`` on come from one segment.

    ``signals[row]`` is the position of the row's signal in the segment, None where the segment
    lacks it; ``scales`` are mV per unit.
    """

    start: int
    stop: int
    segment: SegmentSignals
    signals: tuple[int | None, ...]
    scales: tuple[float, ...]


class WfdbSource:
    """Reads ranges of a WFDB record; gaps between the pieces are NaN."""

    def __init__(
        self,
        files: Sequence[Path],
        pieces: Sequence[SegmentPiece],
        samples_per_frame: int,
        answers: str,
    ) -> None:
        self._files = {path: FileStamp.of(path) for path in files}
        self._pieces = tuple(pieces)
        self._samples_per_frame = samples_per_frame
        self._answers = answers
        self._hash: str | None = None
        self._lock = threading.Lock()

    def read(self, start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        """Return samples ``[start, stop)`` of these rows in mV; see ``SignalSource``."""
        out = np.full((len(leads), stop - start), np.nan, dtype=np.float32)
        with self._lock:
            for piece in self._pieces:
                low, high = max(start, piece.start), min(stop, piece.stop)
                rows = [k for k, lead in enumerate(leads) if piece.signals[lead] is not None]
                if low >= high or not rows:
                    continue
                signals = [piece.signals[leads[row]] for row in rows]
                out[rows, low - start : high - start] = piece.segment.read_mv(
                    low - piece.start,
                    high - piece.start,
                    [signal for signal in signals if signal is not None],
                    [piece.scales[leads[row]] for row in rows],
                    self._samples_per_frame,
                )
        return out

    def content_hash(self) -> str:
        """Return the SHA-256 of header and signal files, in the order the header names them.

        Raises
        ------
        RecordError
            When a file is no longer the one that was opened: the hash of another content would
            put reviews and results to the wrong record.
        """
        if self._hash is None:
            found = sha256_of(self._files, self._answers)
            for path, stamp in self._files.items():
                stamp.check(path)
            self._hash = found
        return self._hash

    def close(self) -> None:
        """Do nothing: files are open only while they are read."""
