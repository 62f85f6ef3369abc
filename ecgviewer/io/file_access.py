"""Opening files as they are: regular, unchanged since the record was opened, read-only."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from ecgviewer.core.errors import CorruptFileError, MissingFileError, RecordError

_HASH_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What tells whether a file is still the one that was opened."""

    size: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path) -> FileStamp:
        """Stat a regular file; raises MissingFileError, or RecordError for a device or pipe."""
        try:
            status = path.stat()
        except OSError as error:
            raise missing(path, error) from error
        except ValueError as error:  # NUL in the name
            raise CorruptFileError("a file name in the header is impossible", path) from error
        if not stat.S_ISREG(status.st_mode):
            raise RecordError("is not a regular file", path)
        return cls(status.st_size, status.st_mtime_ns)

    def check(self, path: Path) -> None:
        """Raise RecordError when the file changed or went away since the stamp was taken."""
        if FileStamp.of(path) != self:
            raise RecordError("was changed by another program while open; open it again", path)


def missing(path: Path, error: OSError) -> RecordError:
    """Return the typed error for a file that cannot be opened."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return MissingFileError("the file is missing", path)
    return RecordError(f"cannot be opened ({error.strerror or error})", path)


def beside(header: Path, name: str) -> Path:
    """Return the file that a header names, which must lie in the header's folder or below.

    Names beyond ASCII may be spelt in Latin-1 on the disk: Linux keeps them as bytes.

    Raises
    ------
    CorruptFileError
        For absolute names, drive letters, and names that climb out with ``..``.
    """
    for flavour in (PurePosixPath(name), PureWindowsPath(name)):
        if flavour.is_absolute() or flavour.anchor or ".." in flavour.parts:
            raise CorruptFileError(
                f"the header points outside its folder ({name!r}): refused", header
            )
    if not PurePosixPath(name).parts or "\0" in name:
        raise CorruptFileError("the header names no signal file", header)
    path = header.parent / name
    if not name.isascii() and not is_regular(path):
        with contextlib.suppress(UnicodeError):  # no such spelling
            spelt = header.parent / os.fsdecode(name.encode("latin-1"))
            if is_regular(spelt):
                return spelt
    return path


def is_regular(path: Path) -> bool:
    """Return whether a regular file is there; False for names that no file can have."""
    return _has_mode(path, stat.S_ISREG)


def is_folder(path: Path) -> bool:
    """Return whether a folder is there; False for names that no folder can have."""
    return _has_mode(path, stat.S_ISDIR)


def _has_mode(path: Path, is_kind: Callable[[int], bool]) -> bool:
    # Not Path.is_file: it raises where a name is too long or a folder above is closed.
    try:
        return is_kind(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def read_bytes(path: Path, limit: int) -> bytes:
    """Return a small file whole; raises CorruptFileError above ``limit`` bytes."""
    if FileStamp.of(path).size > limit:
        raise CorruptFileError(f"is larger than any such file ({limit} bytes)", path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise missing(path, error) from error


def sha256_of(paths: Iterable[Path], *extra: str) -> str:
    """Return the SHA-256 (hex) of the files' bytes one after the other, then of ``extra``.

    Without ``extra`` it equals ``cat FILES | sha256sum``.
    """
    digest = hashlib.sha256()
    for path in paths:
        FileStamp.of(path)
        try:
            with path.open("rb") as file:
                while block := file.read(_HASH_BLOCK):
                    digest.update(block)
        except OSError as error:
            raise missing(path, error) from error
    for text in extra:
        digest.update(text.encode())
    return digest.hexdigest()


def starts_with(path: Path, n_bytes: int, offset: int = 0) -> bytes:
    """Return up to ``n_bytes`` of a regular file from ``offset``; empty when unreadable."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return b""
        with path.open("rb") as file:
            file.seek(offset, os.SEEK_SET)
            return file.read(n_bytes)
    except (OSError, ValueError):
        return b""
