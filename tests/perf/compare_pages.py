"""Pages of this build against an older one, pixel by pixel.

``python -m tests.perf.compare_pages OLD_TREE RECORD.hea ...`` lets both builds show the same
records in the same ways and prints which pictures differ, and where.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ecgviewer.core.record.recording import Recording

SIZES = ((1600, 1000), (1280, 720))
LATER_S = 17.3


def draw(folder: Path, records: list[Path]) -> None:
    """Write a picture of every record in every way; runs in either build."""
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    try:
        from ecgviewer.app.qt.theme import DARK, LIGHT
    except ImportError:  # where it was before the folders
        from ecgviewer.app.theme import DARK, LIGHT  # type: ignore[import-not-found, no-redef]
    from ecgviewer.app.trace.view import TraceView
    from ecgviewer.core.leads import STANDARD_LEADS
    from ecgviewer.core.record.record_ref import RecordRef
    from ecgviewer.io import open_record
    from ecgviewer.review.annotations import Annotation
    from tests.app.trace_material import analysis_of

    def shot(name: str) -> None:
        view.wait_until_loaded()
        view.clearFocus()
        app.processEvents()
        image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        pixels = np.frombuffer(image.constBits(), dtype=np.uint32)
        np.save(folder / name, pixels.reshape(image.height(), image.width()))

    def show_all(view: Any, recording: Recording) -> None:
        one = Annotation("a" * 32, 2.0, 2.6, ("II", "V3"), "PVC")
        annotations = [one, replace(one, id="b" * 32, start_s=4.1, end_s=5.3, leads=())]
        r_peaks = np.arange(1, 9) * round(recording.fs_hz) + 37
        judged = set(recording.leads) >= set(STANDARD_LEADS) and recording.duration_s < 100.0
        analysis = analysis_of(recording) if judged else None
        if hasattr(view, "set_recording"):  # before there were scenes
            view.set_recording(recording)
            view.set_analysis(analysis)
            view.set_annotations(annotations)
            view.set_r_peaks(r_peaks)
            return
        from ecgviewer.app.trace.scene.scene import Scene

        scene = Scene(recording, r_peaks=r_peaks).with_analysis(analysis, 0.95)
        view.show_scene(scene.with_annotations(annotations))

    for number, path in enumerate(records):
        recording = open_record(RecordRef(path))
        for theme in (LIGHT, DARK):
            for width, height in SIZES:
                view = TraceView()
                view.set_theme(theme)
                view.resize(width, height)
                view.show()
                app.processEvents()
                show_all(view, recording)
                name = f"{number}-{theme.name}-{width}"
                shot(f"{name}-rows")
                view.set_overlay("r_peaks", True)
                view.set_overlay("attention", True)
                shot(f"{name}-peaks")
                for mode in ("3x4", "6x2", "12x1"):
                    view.set_layout_mode(mode)
                    shot(f"{name}-{mode}")
                view.set_fit(True)
                shot(f"{name}-fit")
                view.set_scale(12.5, 20.0)
                shot(f"{name}-slow")
                if recording.duration_s > 60.0:
                    view.set_scale(25.0, 10.0)
                    view.goto(LATER_S)
                    shot(f"{name}-later")
                view.stop_loading()
                view.close()
                view.deleteLater()


def compare(old: Path, new: Path, records: list[Path]) -> int:
    """Print which pictures differ; return how many."""
    with tempfile.TemporaryDirectory() as folder:
        for tree in (old, new):
            environment = os.environ | {
                "PYTHONPATH": str(tree), "QT_QPA_PLATFORM": "offscreen",
            }  # fmt: skip
            into = Path(folder) / ("old" if tree == old else "new")
            into.mkdir()
            command = [sys.executable, __file__, "--draw", str(into), *map(str, records)]
            subprocess.run(command, cwd=tree, env=environment, check=True)
        n_same, n_different = 0, 0
        for path in sorted((Path(folder) / "old").glob("*.npy")):
            differs = np.load(path) != np.load(Path(folder) / "new" / path.name)
            rows, columns = np.nonzero(differs)
            if rows.size == 0:
                n_same += 1
                continue
            n_different += 1
            where = f"x {columns.min()}-{columns.max()}, y {rows.min()}-{rows.max()}"
            print(f"{path.stem}: {rows.size} pixels, {where}")
    print(f"{n_same} pictures are identical, {n_different} differ")
    return n_different


if __name__ == "__main__":
    if sys.argv[1] == "--draw":
        draw(Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
        # Threads that are still reading need not be waited for.
        os._exit(0)
    here = Path(__file__).resolve().parents[2]
    compare(Path(sys.argv[1]).resolve(), here, [Path(name).resolve() for name in sys.argv[2:]])
