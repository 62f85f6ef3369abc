"""WFDB signal formats: packed bytes to integers, block by block.

Formats: https://physionet.org/physiotools/wag/signal-5.htm. Decoding a byte range, rather than
a file, is what lets a day of ECG open at once; the FLAC formats (508, 516, 524) are in
:mod:`ecgviewer.io.wfdb.flac`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ByteArray = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class PackedFormat:
    """How samples are packed.

    Attributes
    ----------
    block_samples, block_bytes : int
        The smallest run of samples that fills whole bytes.
    tail_bytes : tuple of int
        Bytes that 1, 2 ... samples of a last, incomplete block take.
    decode : callable
        Whole blocks as uint8 to integers [n].
    invalid : int or None
        The value that marks a missing sample.
    """

    block_samples: int
    block_bytes: int
    tail_bytes: tuple[int, ...]
    decode: Callable[[ByteArray], npt.NDArray[np.signedinteger]]
    invalid: int | None

    def n_bytes(self, n_samples: int) -> int:
        """Return how many bytes a file of ``n_samples`` samples has at least."""
        blocks, rest = divmod(n_samples, self.block_samples)
        return blocks * self.block_bytes + (self.tail_bytes[rest - 1] if rest else 0)

    def n_samples(self, n_bytes: int) -> int:
        """Return how many whole samples ``n_bytes`` bytes hold."""
        blocks, rest = divmod(n_bytes, self.block_bytes)
        return blocks * self.block_samples + sum(size <= rest for size in self.tail_bytes)


def _decode_80(data: ByteArray) -> npt.NDArray[np.signedinteger]:
    return data.astype(np.int16) - np.int16(128)


def _decode_160(data: ByteArray) -> npt.NDArray[np.signedinteger]:
    return data.view("<u2").astype(np.int32) - np.int32(32768)


def _decode_24(data: ByteArray) -> npt.NDArray[np.signedinteger]:
    triples = data.reshape(-1, 3)
    out = np.empty(len(triples), dtype="<i4")
    bytes_out = out.view(np.uint8).reshape(-1, 4)
    bytes_out[:, 1:] = triples
    bytes_out[:, 0] = 0
    return out >> 8  # the arithmetic shift carries the sign


def _decode_212(data: ByteArray) -> npt.NDArray[np.signedinteger]:
    triples = data.reshape(-1, 3).astype(np.int16)
    out = np.empty((len(triples), 2), dtype=np.int16)
    out[:, 0] = triples[:, 0] | (triples[:, 1] & 0x0F) << 8
    out[:, 1] = triples[:, 2] | (triples[:, 1] & 0xF0) << 4
    return _signed(out, 12).reshape(-1)


def _decode_310(data: ByteArray) -> npt.NDArray[np.signedinteger]:
    words = data.view("<u2").reshape(-1, 2).astype(np.int32)
    out = np.empty((len(words), 3), dtype=np.int16)
    out[:, :2] = words >> 1 & 0x3FF
    out[:, 2] = words[:, 0] >> 11 | words[:, 1] >> 11 << 5
    return _signed(out, 10).reshape(-1)


def _decode_311(data: ByteArray) -> npt.NDArray[np.signedinteger]:
    words = data.view("<u4")
    out = np.empty((len(words), 3), dtype=np.int16)
    for k in range(3):
        out[:, k] = words >> (10 * k) & 0x3FF
    return _signed(out, 10).reshape(-1)


def _signed(values: npt.NDArray[np.int16], bits: int) -> npt.NDArray[np.int16]:
    """Read the low ``bits`` bits as two's complement."""
    shift = 16 - bits
    return values << shift >> shift


FORMATS: dict[str, PackedFormat] = {
    # First differences; WfdbSignalFile sums them up.
    "8": PackedFormat(1, 1, (), lambda data: data.view("i1"), None),
    "16": PackedFormat(1, 2, (), lambda data: data.view("<i2"), -(2**15)),
    "24": PackedFormat(1, 3, (), _decode_24, -(2**23)),
    "32": PackedFormat(1, 4, (), lambda data: data.view("<i4"), -(2**31)),
    "61": PackedFormat(1, 2, (), lambda data: data.view(">i2"), -(2**15)),
    "80": PackedFormat(1, 1, (), _decode_80, -(2**7)),
    "160": PackedFormat(1, 2, (), _decode_160, -(2**15)),
    "212": PackedFormat(2, 3, (2,), _decode_212, -(2**11)),
    "310": PackedFormat(3, 4, (2, 4), _decode_310, -(2**9)),
    "311": PackedFormat(3, 4, (2, 3), _decode_311, -(2**9)),
}

FLAC_INVALID = {"508": -(2**7), "516": -(2**15), "524": -(2**23)}
"""The FLAC formats and the value that marks a missing sample in each."""


def invalid_value(fmt: str) -> int | None:
    """Return the value that marks a missing sample in a format."""
    return FLAC_INVALID[fmt] if fmt in FLAC_INVALID else FORMATS[fmt].invalid
