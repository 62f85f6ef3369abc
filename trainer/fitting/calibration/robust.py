"""``calibrate --data FOLDER --robust``: thresholds from a folder's least suspicious records."""

from __future__ import annotations

from pathlib import Path

from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.bundle.site import for_unlabelled_site
from trainer.fitting.bundle_destination import check_new_bundle
from trainer.fitting.calibration.calibrate import found_records, score_site
from trainer.fitting.calibration.site_bundle import tell_unread, write_site_bundle
from trainer.fitting.progress_bar import ProgressBar


def run(model: Path, folder: Path, out: Path, device: str, overwrite: bool) -> int:
    """Carry out ``trainer calibrate --data FOLDER --robust``; return the exit status.

    Raises
    ------
    EcgViewerError
        Saying what is wrong and where; nothing is written then.
    """
    check_new_bundle(out, overwrite)
    bundle = Bundle.load(model)
    bar = ProgressBar()
    try:
        refs, failures = found_records(folder.resolve())
        scores = score_site(bundle, refs, device, bar, len(refs))
    finally:
        bar.close()
    tell_unread([*failures, *scores.failures])
    found = for_unlabelled_site(bundle, scores.records, folder.resolve().name)
    share, factor = found.stretch.normal_share, found.stretch.factor
    print(
        f"{len(scores.records)} records; about {share:.0%} of them look normal, and normals score "
        f"{factor:.2f} times as high here as those of the model"
    )
    n = int(found.bundle.training["site_normals"])
    write_site_bundle(found.bundle, found.thresholds, n, out, overwrite)
    return 0
