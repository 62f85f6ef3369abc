"""Whether results can be written where they are asked for: told before hours of work, not after."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ecgviewer.core.errors import EcgViewerError


class OutputError(EcgViewerError):
    """A result cannot be written where it is asked for."""


def refuse_unwritable(path: Path) -> None:
    """Make the folder of a file to come, and try whether the file could be written.

    Raises
    ------
    OutputError
        Saying why it could not. What is there is not touched.
    """
    if path.exists() and not path.is_file():
        raise OutputError("this is no file that could be replaced", path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        Path(name).unlink()
    except OSError as error:
        raise OutputError(f"nothing can be written here: {error.strerror}", path) from error
