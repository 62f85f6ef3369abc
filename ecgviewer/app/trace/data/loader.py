"""Reads a recording in the background: what the view needs at once, and all of it in passing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ecgviewer.app.trace.data.chunks import CHUNK, ChunkStore
from ecgviewer.app.trace.data.overview_cache import pyramid_folder
from ecgviewer.core.errors import RecordError
from ecgviewer.core.recording import Recording
from ecgviewer.signal.pyramid import PyramidBuilder

log = logging.getLogger(__name__)

SWEEP_NEWS_S = 0.25
"""How often the view hears of the progress of a sweep."""
SWEEP_REST_S = 0.002
"""A breath between two chunks of a sweep leaves the interpreter to the window."""


@dataclass(frozen=True, slots=True)
class DisplayFilter:
    """The visible filters; none by default."""

    baseline: bool = False
    mains_hz: float | None = None
    muscle: bool = False

    @property
    def active(self) -> bool:
        """Whether any filter is on."""
        return self.baseline or self.muscle or self.mains_hz is not None

    def text(self) -> str:
        """Return the words of the scale line."""
        parts = []
        if self.baseline:
            parts.append("baseline")
        if self.mains_hz is not None:
            parts.append(f"mains {self.mains_hz:g} Hz")
        if self.muscle:
            parts.append("muscle")
        return "filtered: " + ", ".join(parts) if parts else "unfiltered"


class _Bell(QObject):
    loaded = Signal()
    failed = Signal(str)


@dataclass
class _Desk:
    """What the window's thread and the loader's two threads share."""

    recording: Recording
    store: ChunkStore
    bell: _Bell
    news: threading.Condition = field(default_factory=threading.Condition)
    wanted: list[int] = field(default_factory=list)
    asked: bool = False
    display: DisplayFilter = DisplayFilter()
    stop: bool = False

    def next_wanted(self) -> int | None:
        """Return the first wanted chunk that is not in memory."""
        return next((index for index in self.wanted if not self.store.has(index)), None)


class Loader(QObject):
    """Owns the reading threads of one recording. They know neither view nor window."""

    loaded = Signal()
    failed = Signal(str)

    def __init__(self, recording: Recording, store: ChunkStore, display: DisplayFilter) -> None:
        super().__init__()
        self._desk = _Desk(recording, store, _Bell(), display=display)
        store.start_over(display.active)
        self._desk.bell.loaded.connect(self.loaded)
        self._desk.bell.failed.connect(self.failed)
        self._threads = [
            threading.Thread(target=work, args=(self._desk,), name=name, daemon=True)
            for work, name in ((_serve, "trace reader"), (_sweep, "trace sweep"))
        ]
        for thread in self._threads:
            thread.start()

    def request(self, chunks: Sequence[int]) -> None:
        """Read these chunks first, in this order."""
        with self._desk.news:
            if not self._desk.asked or self._desk.wanted != list(chunks):
                self._desk.asked = True
                self._desk.wanted = list(chunks)
                self._desk.news.notify_all()

    def set_filter(self, display: DisplayFilter) -> None:
        """Read the chunks anew, through this filter."""
        with self._desk.news:
            self._desk.display = display
            self._desk.store.start_over(display.active)
            self._desk.news.notify_all()

    def close(self) -> None:
        """Stop after the chunk in hand."""
        with self._desk.news:
            self._desk.stop = True
            self._desk.news.notify_all()
        self._desk.bell.loaded.disconnect(self.loaded)
        self._desk.bell.failed.disconnect(self.failed)
        for thread in self._threads:
            thread.join(timeout=1.0)


def _serve(desk: _Desk) -> None:
    """Read the chunks that the view waits for."""
    while True:
        with desk.news:
            index = desk.next_wanted()
            while index is None and not desk.stop:
                desk.news.wait()
                index = desk.next_wanted()
            if desk.stop or index is None:
                return
            display = desk.display
        try:
            _load(desk, index, display)
        except (RecordError, OSError) as error:
            desk.bell.failed.emit(str(error))
            return
        with desk.news:
            desk.news.notify_all()
        desk.bell.loaded.emit()


def _load(desk: _Desk, index: int, display: DisplayFilter) -> None:
    recording, store = desk.recording, desk.store
    start, stop = index * CHUNK, min((index + 1) * CHUNK, recording.n_samples)
    if not display.active:
        signal = recording.read_samples(start, stop)
    else:
        # Imported here: scipy is not needed before the first filter is switched on.
        from ecgviewer.signal.filters import display_filter, display_margin_s

        chosen = (display.baseline, display.mains_hz, display.muscle)
        margin = round(display_margin_s(*chosen) * recording.fs_hz)
        first = max(start - margin, 0)
        raw = recording.read_samples(first, stop + margin)
        signal = display_filter(raw, recording.fs_hz, *chosen)[:, start - first : stop - first]
    with desk.news:
        if desk.display == display:
            store.put(index, signal)


def _sweep(desk: _Desk) -> None:
    """Build the pyramid from start to end, stepping aside whenever the view waits."""
    try:
        with desk.news:
            # First things first: the samples in view.
            while not desk.stop and (not desk.asked or desk.next_wanted() is not None):
                desk.news.wait(timeout=0.2)
        if not desk.stop:
            _build(desk)
    except (RecordError, OSError) as error:
        desk.bell.failed.emit(str(error))


def _build(desk: _Desk) -> None:
    recording = desk.recording
    if recording.n_samples == 0 or not recording.leads:
        return
    folder = pyramid_folder(recording)
    if folder is not None:
        try:
            _build_in(desk, folder)
            return
        except OSError as error:  # the disk is full, say; a record's own errors are RecordErrors
            log.warning("no overview cache: %s", type(error).__name__)
    _build_in(desk, None)


def _build_in(desk: _Desk, folder: Path | None) -> None:
    recording, store = desk.recording, desk.store
    last_news = 0.0
    with PyramidBuilder(len(recording.leads), recording.n_samples, folder) as builder:
        store.pyramid = builder.pyramid
        while builder.n_done < recording.n_samples:
            with desk.news:
                while not desk.stop and desk.next_wanted() is not None:
                    desk.news.wait(timeout=0.2)
                if desk.stop:
                    return
            start = builder.n_done
            index, offset = divmod(start, CHUNK)
            kept = store.samples(index) if not store.filtered else None
            builder.append(
                kept[:, offset:]
                if kept is not None
                else recording.read_samples(start, (index + 1) * CHUNK)
            )
            now = time.monotonic()
            if now - last_news > SWEEP_NEWS_S:
                last_news = now
                desk.bell.loaded.emit()
            time.sleep(SWEEP_REST_S)
    desk.bell.loaded.emit()
