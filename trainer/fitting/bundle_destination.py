"""Where bundles go: checked before the hours of work that they hold, never replaced unasked."""

from __future__ import annotations

from pathlib import Path

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.system.files import check_target
from ecgviewer.models.bundle.bundle import SUFFIX


class TargetError(EcgViewerError):
    """A bundle may not go where it was sent."""


def check_new_bundle(path: Path, overwrite: bool) -> None:
    """See that a bundle can be written, and that none is there unless it may be replaced.

    Raises
    ------
    EcgViewerError
    """
    if path.suffix != SUFFIX:
        raise TargetError(f"a bundle's name ends in {SUFFIX}", path)
    if path.exists() and not overwrite:
        raise TargetError("the file exists; --overwrite replaces it", path)
    check_target(path)
