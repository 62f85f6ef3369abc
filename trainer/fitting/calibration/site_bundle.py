"""The end of a calibration for a site: what was not read, what changed, the bundle written."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.bundle.site import SiteThreshold
from ecgviewer.models.bundle.thresholds import shortage
from trainer.fitting.bundle_destination import check_new_bundle


def tell_unread(failures: Iterable[str]) -> None:
    """Say which records do not count, and why."""
    for failure in failures:
        print(f"not used: {failure}", file=sys.stderr)


def write_site_bundle(
    site: Bundle,
    thresholds: Iterable[SiteThreshold],
    n_normals: int,
    out: Path,
    overwrite: bool,
) -> None:
    """Write a site's bundle and say what its thresholds are, and were.

    Parameters
    ----------
    thresholds : iterable of SiteThreshold
        What changed.
    n_normals : int
        How many of the records are normal, or look so.

    Raises
    ------
    EcgViewerError
        When the bundle cannot be written; another file may have come to lie there meanwhile.
    """
    check_new_bundle(out, overwrite)
    saved = site.save(out)
    for one in thresholds:
        print(
            f"{one.specificity:.0%} specificity: threshold {one.after:.3f} (was {one.before:.3f}); "
            f"{one.passed_after:.1%} of these records pass ({one.passed_before:.1%} before); "
            f"{one.needed} normals needed, {n_normals} given"
        )
    for warning in shortage(n_normals):
        print(warning, file=sys.stderr)
    print(f"wrote {out} ({saved.sha256[:12]})")
