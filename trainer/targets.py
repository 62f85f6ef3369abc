"""Where results go: checked before the hours of work that they hold, never replaced unasked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.files import check_target
from ecgviewer.models.bundle import SUFFIX


class TargetError(EcgViewerError):
    """A result may not go where it was sent."""


def check_new(paths: Iterable[Path], overwrite: bool) -> None:
    """See that these files can be written, and that none is there unless it may be replaced.

    Raises
    ------
    EcgViewerError
    """
    for path in paths:
        if path.exists() and not overwrite:
            raise TargetError("the file exists; --overwrite replaces it", path)
        check_target(path)


def check_new_bundle(path: Path, overwrite: bool) -> None:
    """Do the same for a bundle, which must have a bundle's name."""
    if path.suffix != SUFFIX:
        raise TargetError(f"a bundle's name ends in {SUFFIX}", path)
    check_new([path], overwrite)
