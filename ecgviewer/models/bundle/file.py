"""The outside of a bundle: header, version, checksum, and writing it whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import BundleError, RecordError
from ecgviewer.core.system.files import write_whole
from ecgviewer.io.file_access import FileStamp
from ecgviewer.models.networks.architectures import model_ids

FORMAT = "ecgmodel"
FORMAT_VERSION = (3, 0)
"""Another major version is refused, a newer minor one is read."""
MAX_FILE_BYTES = 64 << 20
"""The shipped ones have 2 MB."""
MAX_HEADER_BYTES = 4 << 20
DTYPES = frozenset({"F32", "F64", "I64", "I32", "U8", "BOOL"})


Array = npt.NDArray[Any]


def read_content(path: Path) -> bytes:
    """Return a bundle's bytes.

    Raises
    ------
    BundleError
        When the file cannot be read, is no regular file, or too large for a bundle.
    """
    try:
        size = FileStamp.of(path).size
        if size > MAX_FILE_BYTES:
            raise BundleError(f"{size >> 20} MB is too large for a model bundle", path)
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES)
    except RecordError as error:
        raise BundleError(f"the file cannot be read: {error.reason}", path) from error
    except OSError as error:
        raise BundleError(f"the file cannot be read: {error.strerror}", path) from error


def parse_metadata(content: bytes, path: Path) -> dict[str, str]:
    """Return a bundle's metadata after checking format and version.

    Raises
    ------
    BundleError
    """
    length = int.from_bytes(content[:8], "little")
    if not 2 <= length <= min(MAX_HEADER_BYTES, len(content) - 8):
        raise BundleError("this is not a model bundle (no safetensors header)", path)
    try:
        header = json.loads(content[8 : 8 + length].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleError("this is not a model bundle (no safetensors header)", path) from error
    metadata = header.pop("__metadata__", None) if isinstance(header, dict) else None
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise BundleError("this safetensors file is not a model bundle", path)
    if not all(isinstance(v, str) for v in metadata.values()):
        raise BundleError("the metadata is not valid: values must be text", path)
    _check_version(metadata.get("format_version", ""), path)
    for tensor in header.values():
        kind = tensor.get("dtype") if isinstance(tensor, dict) else None
        if not isinstance(kind, str) or kind not in DTYPES:
            raise BundleError("the bundle holds tensors of an unknown type", path)
    if metadata.get("architecture") not in model_ids():
        raise BundleError(f"unknown architecture {metadata.get('architecture')!r:.60}", path)
    return cast("dict[str, str]", metadata)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; raises BundleError when the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content, 0o644)
    except OSError as error:
        raise BundleError(f"the file cannot be written: {error.strerror}", path) from error


def content_sha256(metadata: Mapping[str, str], tensors: Mapping[str, Array]) -> str:
    """Return the hash (hex) over metadata and tensors, whatever their order in the file."""
    digest = hashlib.sha256(json.dumps(dict(metadata), sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\n{name} {tensor.dtype.str} {tensor.shape}\n".encode())
        digest.update(np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _check_version(text: str, path: Path) -> None:
    major = text.split(".")[0]
    if not major.isdigit():
        raise BundleError(f"the bundle states no format version ({text!r:.20})", path)
    if int(major[:9]) != FORMAT_VERSION[0]:
        raise BundleError(
            f"the bundle has format version {text:.20}; this program reads {FORMAT_VERSION[0]}.x",
            path,
        )
