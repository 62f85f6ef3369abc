"""Reads chunks in the background: what the view needs first, then the rest of the record."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from ecgviewer.app.trace.data.chunks import CHUNK, ChunkStore
from ecgviewer.app.trace.data.levels import FloatArray
from ecgviewer.core.errors import RecordError
from ecgviewer.core.recording import Recording

FILTER_MARGIN_S = 3.0
"""Read on both sides of a chunk before filtering, so that no edge shows."""
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
    """What the window's thread and the loader thread share."""

    news: threading.Condition = field(default_factory=threading.Condition)
    wanted: list[int] = field(default_factory=list)
    display: DisplayFilter = DisplayFilter()
    version: int = 0
    stop: bool = False


class Loader(QObject):
    """Owns the loader thread of one recording. The thread knows neither view nor window."""

    loaded = Signal()
    failed = Signal(str)

    def __init__(self, recording: Recording, store: ChunkStore) -> None:
        super().__init__()
        self._desk = _Desk()
        self._bell = _Bell()
        self._bell.loaded.connect(self.loaded)
        self._bell.failed.connect(self.failed)
        self._thread = threading.Thread(
            target=_work, args=(recording, store, self._desk, self._bell), daemon=True
        )
        self._thread.name = "trace loader"
        self._thread.start()

    def request(self, chunks: Sequence[int]) -> None:
        """Read these chunks first, in this order."""
        with self._desk.news:
            if self._desk.wanted != list(chunks):
                self._desk.wanted = list(chunks)
                self._desk.news.notify()

    def set_filter(self, display: DisplayFilter) -> None:
        """Filter what is read from now on."""
        with self._desk.news:
            self._desk.display = display
            self._desk.version += 1
            self._desk.news.notify()

    def close(self) -> None:
        """Stop after the chunk in hand; wait for it."""
        with self._desk.news:
            self._desk.stop = True
            self._desk.news.notify()
        self._bell.loaded.disconnect(self.loaded)
        self._bell.failed.disconnect(self.failed)
        self._thread.join(timeout=2.0)


def _work(recording: Recording, store: ChunkStore, desk: _Desk, bell: _Bell) -> None:
    last_news = 0.0
    while True:
        with desk.news:
            index, wanted = _next(store, desk)
            while index is None and not desk.stop:
                desk.news.wait()
                index, wanted = _next(store, desk)
            if desk.stop or index is None:
                return
            display, version = desk.display, desk.version
        try:
            _load(recording, store, index, wanted, display, lambda v=version: desk.version == v)
        except (RecordError, OSError) as error:
            bell.failed.emit(str(error))
            return
        now = time.monotonic()
        if wanted or now - last_news > SWEEP_NEWS_S or store.swept.all():
            last_news = now
            bell.loaded.emit()
        if not wanted:
            time.sleep(SWEEP_REST_S)


def _next(store: ChunkStore, desk: _Desk) -> tuple[int | None, bool]:
    """Return the chunk to read now, and whether the view waits for it."""
    for index in desk.wanted:
        if not store.has(index):
            return index, True
    unread = store.swept.argmin()
    return (None, False) if store.swept[unread] else (int(unread), False)


def _load(
    recording: Recording,
    store: ChunkStore,
    index: int,
    keep: bool,
    display: DisplayFilter,
    still_wanted: Callable[[], bool],
) -> None:
    start = index * CHUNK
    stop = min(start + CHUNK, recording.n_samples)
    if not (keep and display.active):
        store.put(index, recording.read_samples(start, stop), keep)
        return
    # Imported here: scipy's filters are not needed before the first filter is switched on.
    from ecgviewer.signal.filters import display_filter

    margin = round(FILTER_MARGIN_S * recording.fs_hz)
    first = max(start - margin, 0)
    raw = recording.read_samples(first, stop + margin)
    if not store.swept[index]:
        store.put(index, raw[:, start - first : stop - first], keep=False)
    filtered: FloatArray = display_filter(
        raw,
        recording.fs_hz,
        baseline=display.baseline,
        mains_hz=display.mains_hz,
        muscle=display.muscle,
    )
    if still_wanted():
        store.put(index, filtered[:, start - first : stop - first], keep=True, sweep=False)
