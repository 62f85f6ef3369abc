"""Marks of the file on the page: beats carry WFDB's letters, and what has no partner is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from ecgviewer.app.shell.window import MainWindow
from ecgviewer.app.trace.page.track_rows import _letter_box, paint_track
from ecgviewer.app.trace.scene.tracks import annotation_track
from ecgviewer.review.annotations import Annotation, Code
from tests.app.driving import spin
from tests.generators import ecg_uv, write_wfdb_16

wfdb = pytest.importorskip("wfdb")
# wfdb 4.3 uses a pandas call that pandas 3.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")


def test_beats_at_25_mm_per_s_show_their_letters(
    make_window: Callable[..., MainWindow], tmp_path: Path
) -> None:
    header = write_wfdb_16(tmp_path, "r", ecg_uv(10.0))
    at = np.arange(200, 4900, 400)
    symbols = ["N", "V", *["N"] * (len(at) - 3), ")"]
    wfdb.wrann("r", "atr", at, symbols, fs=500, write_dir=str(tmp_path))
    window = make_window(size=(1280, 720))
    window.session.open_paths([header])
    spin(lambda: bool(window.review.file_annotations.annotators))
    window.review.file_annotations.show_layer("atr", True)
    spin(lambda: bool(window.document.shown.file_annotations))
    assert window.messages.texts() == ["r.atr: 1 × end without an onset"]
    track = window.bench.traces.scene.annotation_track
    assert track.letters[:3] == ("N", "V", "N")
    moment = window.bench.traces.moment()
    assert 60 < 0.8 * moment.geometry.px_per_s < 100  # no room for "Ventricular premature beat"

    def picture(letters: tuple[str, ...]) -> QImage:
        image = QImage(1280, 60, QImage.Format.Format_RGB32)
        image.fill(0xFFFFFFFF)
        painter = QPainter(image)
        shown = replace(track, letters=letters)
        paint_track(painter, moment.geometry, shown, moment.tracks["annotations"], None)
        painter.end()
        return image

    assert picture(track.letters) != picture(("",) * len(track.letters))


def test_a_letter_is_drawn_only_where_it_has_room() -> None:
    bar = QRectF(100, 0, 3, 20)
    assert _letter_box(bar, 120.0, 8.0) == QRectF(105, 0, 10, 20)
    assert _letter_box(bar, 110.0, 8.0) is None


def test_annotations_of_the_reader_have_no_letter() -> None:
    own = Annotation("a", 0.0, 1.0, (), "PVC", (Code("SNOMED CT", "164884008"),))
    assert annotation_track([own]).letters == ("",)
