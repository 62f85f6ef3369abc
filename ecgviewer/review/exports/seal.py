"""The reproducibility seal: what was run on what, to come to this review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ecgviewer
from ecgviewer.core.analysis import Analysis
from ecgviewer.review.annotations import utc_now


def make_seal(
    analyses: Sequence[Analysis] = (), specificity: float | None = None
) -> dict[str, Any]:
    """Return the seal as plain JSON values.

    Parameters
    ----------
    analyses : sequence of Analysis
        Those that the reader saw.
    specificity : float, optional
        Of the threshold in use.
    """
    return {
        "program": "ecgviewer",
        "version": ecgviewer.__version__,
        "exported": utc_now(),
        "specificity": specificity,
        "models": [
            {
                "model": analysis.model,
                "bundle_sha256": analysis.bundle_sha256,
                "preprocessing": dict(analysis.preprocessing),
                "threshold": None if specificity is None else analysis.threshold(specificity),
                "versions": dict(analysis.versions),
            }
            for analysis in analyses
        ],
    }
