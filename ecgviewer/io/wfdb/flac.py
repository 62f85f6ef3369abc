"""WFDB formats 508, 516 and 524: FLAC streams, decoded from a frame on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.io.file_access import FileStamp, starts_with

_BITS = {"PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}
_BLOCK = 1 << 20
"""Samples per call: libsndfile fails above 2**24."""


class FlacFile:
    """A FLAC signal file. Every signal has the same number of samples per frame."""

    def __init__(
        self, path: Path, fmt: str, n_signals: int, samples_per_frame: int, sample_offset: int
    ) -> None:
        self.path = path
        self._n_signals = n_signals
        self._per_frame = samples_per_frame
        self._offset = sample_offset
        self._stamp = FileStamp.of(path)
        if starts_with(path, 4) != b"fLaC":
            raise CorruptFileError("is not the FLAC file that the header says", path)
        import soundfile  # 0.15 s, and few records need it

        self._soundfile = soundfile
        try:
            with soundfile.SoundFile(path) as stream:
                subtype, channels, n_samples = stream.subtype, stream.channels, stream.frames
        except RuntimeError as error:
            raise CorruptFileError("is a damaged FLAC file", path) from error
        self._bits = _BITS.get(subtype, 0)
        if not 0 < self._bits <= int(fmt) - 500:
            raise UnsupportedFormatError(f"holds {subtype} samples, not format {fmt}", path)
        if channels != n_signals:
            raise CorruptFileError(
                f"holds {channels} signals where the header says {n_signals}", path
            )
        self.n_frames = max(n_samples - sample_offset, 0) // samples_per_frame

    def read(self, start: int, stop: int) -> npt.NDArray[np.signedinteger]:
        """Return frames ``[start, stop)`` as integers [stop - start, samples per frame]."""
        self._stamp.check(self.path)
        n_samples = (stop - start) * self._per_frame
        samples = np.empty((n_samples, self._n_signals), dtype=np.int32)
        try:
            with self._soundfile.SoundFile(self.path) as stream:
                stream.seek(start * self._per_frame + self._offset)
                for at in range(0, n_samples, _BLOCK):
                    block = samples[at : at + _BLOCK]
                    if len(stream.read(out=block)) != len(block):
                        raise CorruptFileError("ends before its stated length", self.path)
        except RuntimeError as error:
            raise CorruptFileError("is a damaged FLAC file", self.path) from error
        samples >>= 32 - self._bits
        frames = samples.reshape(stop - start, self._per_frame, self._n_signals)
        return frames.transpose(0, 2, 1).reshape(stop - start, -1)
