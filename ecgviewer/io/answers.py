"""The user's answers to what a file leaves open, and where they go."""

from __future__ import annotations

import json
from dataclasses import asdict

from ecgviewer.core.record_ref import ReadOptions


def answers_text(options: ReadOptions) -> str:
    """Return the answers as JSON for the content hash; empty when none was given."""
    if options == ReadOptions():
        return ""
    return json.dumps(asdict(options), sort_keys=True)
