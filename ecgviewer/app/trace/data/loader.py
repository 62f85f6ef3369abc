"""Reads samples in the background: what the view needs at once, and all of it in passing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ecgviewer.app.trace.data.chunks import CHUNK, ChunkStore
from ecgviewer.app.trace.data.samples import Samples
from ecgviewer.app.trace.scene.display_filter import UNFILTERED, DisplayFilter
from ecgviewer.app.work.stepping_aside import STEPPING_ASIDE
from ecgviewer.core.errors import RecordError
from ecgviewer.signal.pyramid.pyramid import PyramidBuilder

log = logging.getLogger(__name__)

SWEEP_NEWS_S = 0.25
"""How often the view hears of the progress of a sweep."""
WARM_BYTES = 1 << 20
SWEEP_REST_S = 0.002
"""A breath between two chunks of a sweep leaves the interpreter to the window."""


class _Bell(QObject):
    loaded = Signal()
    swept = Signal()
    failed = Signal(str)


@dataclass
class _Desk:
    """What the window's thread and the loader's two threads share."""

    samples: Samples
    store: ChunkStore
    bell: _Bell
    news: threading.Condition = field(default_factory=threading.Condition)
    wanted: list[int] = field(default_factory=list)
    asked: bool = False
    display: DisplayFilter = UNFILTERED
    stop: bool = False

    def next_wanted(self) -> int | None:
        """Return the first wanted chunk that is not in memory."""
        return next((index for index in self.wanted if not self.store.has(index)), None)


class Loader(QObject):
    """Owns the threads that read one recording or map. They know neither view nor window."""

    loaded = Signal()
    """A chunk came that was asked for."""
    swept = Signal()
    """The pyramid covers more, or all."""
    failed = Signal(str)

    def __init__(
        self,
        samples: Samples,
        store: ChunkStore,
        display: DisplayFilter = UNFILTERED,
    ) -> None:
        super().__init__()
        self._desk = _Desk(samples, store, _Bell(), display=display)
        store.start_over(display.active)
        self._desk.bell.loaded.connect(self.loaded)
        self._desk.bell.swept.connect(self.swept)
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

    def more_known(self) -> None:
        """Go on: more of the samples can be read than before."""
        with self._desk.news:
            self._desk.store.extend(self._desk.samples.n_known)
            self._desk.news.notify_all()

    def stop(self) -> None:
        """Stop after the chunk in hand, and tell nothing more."""
        with self._desk.news:
            if self._desk.stop:
                return
            self._desk.stop = True
            self._desk.news.notify_all()
        self._desk.bell.loaded.disconnect(self.loaded)
        self._desk.bell.swept.disconnect(self.swept)
        self._desk.bell.failed.disconnect(self.failed)

    def close(self) -> None:
        """Stop, and wait for the chunk in hand."""
        self.stop()
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
    samples, store = desk.samples, desk.store
    start, stop = index * CHUNK, min((index + 1) * CHUNK, samples.n_known)
    if not display.active:
        signal = samples.read(start, stop)
    else:
        # Imported here: scipy is not needed before the first filter is switched on.
        from ecgviewer.signal.filters import display_filter, display_margin_s

        chosen = (display.baseline, display.mains_hz, display.muscle)
        margin = round(display_margin_s(*chosen) * samples.fs_hz)
        first = max(start - margin, 0)
        raw = samples.read(first, stop + margin)
        signal = display_filter(raw, samples.fs_hz, *chosen)[:, start - first : stop - first]
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
    samples = desk.samples
    if samples.n_samples == 0 or samples.n_rows == 0:
        return
    folder = samples.pyramid_folder()
    if folder is not None:
        try:
            _build_in(desk, folder)
            return
        except OSError as error:  # the disk is full, say; a record's own errors are RecordErrors
            log.warning("no overview cache: %s", type(error).__name__)
    _build_in(desk, None)


def _build_in(desk: _Desk, folder: Path | None) -> None:
    samples, store = desk.samples, desk.store
    last_news = 0.0
    with PyramidBuilder(samples.n_rows, samples.n_samples, folder) as builder:
        store.pyramid = builder.pyramid
        if folder is not None and store.complete:
            desk.bell.swept.emit()
            _warm(desk, folder)
        while builder.n_done < samples.n_samples:
            STEPPING_ASIDE.wait(lambda: desk.stop)
            with desk.news:
                while not desk.stop and (
                    desk.next_wanted() is not None or builder.n_done >= samples.n_known
                ):
                    desk.news.wait(timeout=0.2)
                if desk.stop:
                    return
            start = builder.n_done
            index, offset = divmod(start, CHUNK)
            kept = store.samples(index) if not store.filtered else None
            if kept is None or kept.shape[1] <= offset:
                kept, offset = samples.read(start, (index + 1) * CHUNK), 0
            builder.append(kept[:, offset:])
            store.n_read = builder.n_done
            now = time.monotonic()
            if now - last_news > SWEEP_NEWS_S:
                last_news = now
                desk.bell.swept.emit()
            time.sleep(SWEEP_REST_S)
    desk.bell.swept.emit()


def _warm(desk: _Desk, folder: Path) -> None:
    """Bring a kept pyramid into the system's cache: the window's thread looks at its mapped
    pages, and must not wait for the disk there."""
    for path in sorted(folder.glob("level*.npy"), reverse=True):
        with path.open("rb") as file:
            while not desk.stop and file.read(WARM_BYTES):
                STEPPING_ASIDE.wait(lambda: desk.stop)
