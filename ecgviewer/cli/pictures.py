"""``ecgviewer screenshot`` and ``ecgviewer report``: pictures and pages, drawn off screen."""

from __future__ import annotations

import argparse
import os
import sys

from ecgviewer.cli.choose import bundles_for, one_record
from ecgviewer.cli.parser import read_options


def run_screenshot(arguments: argparse.Namespace) -> int:
    """Save a picture of the real window showing an analysed record; return the exit status."""
    bundles_for(arguments.model)  # tells of a missing or foreign bundle at once
    ref = one_record(arguments.path, read_options(arguments))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    _draw_off_screen()
    from ecgviewer.app.screenshot import take

    take(ref, arguments.out, arguments.model, arguments.size, arguments.theme)
    return 0


def _draw_off_screen() -> None:
    """Need no screen, and show nothing where there is one."""
    if sys.platform.startswith("linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
