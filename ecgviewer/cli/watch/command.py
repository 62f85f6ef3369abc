"""``ecgviewer watch``: records of a folder are judged as they arrive."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ecgviewer.cli.choose import bundles_for
from ecgviewer.cli.parser import read_options
from ecgviewer.cli.screening.rows import Job, error_row
from ecgviewer.cli.screening.shifts import SiteShifts
from ecgviewer.cli.screening.table import Row
from ecgviewer.cli.screening.tasks import THREAD_VARIABLES, screening_work
from ecgviewer.cli.watch.following import Following
from ecgviewer.cli.watch.ledger import FileState, Ledger
from ecgviewer.cli.words import in_words
from ecgviewer.core.child.pool import Crash, WorkerPool
from ecgviewer.core.errors import AnalysisError, BundleError, RecordError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io.arrivals import Arrivals
from ecgviewer.io.file_access import FileStamp, sha256_of
from ecgviewer.io.registry import RecordFailure
from ecgviewer.io.wfdb.record_files import record_files

STOPPED, WRONG_USAGE = 0, 2

HOPE_S = 3.0
"""How long a record that cannot be read, or not judged, may still become whole after it rests."""
NOTHING = Job(Path(), "", "no record: the process starts, and loads the models")


def run(arguments: argparse.Namespace) -> int:
    """Judge what is in ``arguments.folder`` and what comes into it, until Ctrl-C."""
    try:
        if not arguments.folder.is_dir():
            raise AnalysisError("is no folder", arguments.folder)
        models = bundles_for(arguments.model)
        if arguments.device.startswith("cuda"):
            from ecgviewer.models.run.devices import resolve_device  # takes the import of torch

            resolve_device(arguments.device)
    except (BundleError, AnalysisError) as error:
        print(f"ecgviewer watch: {error}", file=sys.stderr)
        return WRONG_USAGE
    for variable in THREAD_VARIABLES:
        os.environ.setdefault(variable, "1")
    pool = WorkerPool(
        # The models loaded at once: the first record must not wait for them.
        screening_work(models, arguments.device, arguments.specificity, loaded=True),
        1,  # with one process nothing is taken before what came earlier is done
        lambda job, fraction: _say(f"{job.record}: {fraction:.0%}"),
    )
    about = {
        "folder": str(arguments.folder.resolve()),
        "models": [[name, _sha256(path)] for name, path in models],
        "specificity": arguments.specificity,
    }
    with Ledger(arguments.out, about) as ledger:
        options = read_options(arguments)
        arrivals = Arrivals(arguments.folder, options, arguments.rest)
        names = [name for name, _ in models]
        watching = Watching(arrivals, ledger, names, Following(arrivals, options))
        if len(ledger):
            _say(f"goes on: {len(ledger)} records are judged already")
        try:
            for job, result in pool.run(watching.jobs()):
                watching.take(job, result)
        except KeyboardInterrupt:
            _say(f"stopped: {watching.summary()}; the same command goes on from here")
    return STOPPED


@dataclass(slots=True)
class _Held:
    """Rows of a record that may still become whole."""

    job: Job
    states: tuple[FileState, ...]
    rows: tuple[Row, ...]
    until: float


@dataclass(slots=True)
class Watching:
    """Between the folder and the table: what is judged next, and what becomes of the rows.

    Attributes
    ----------
    models : sequence of str
        In the order of the rows.
    """

    arrivals: Arrivals
    ledger: Ledger
    models: Sequence[str]
    following: Following
    _states: dict[Job, tuple[FileState, ...]] = field(default_factory=dict)
    _keys: dict[Job, str] = field(default_factory=dict)
    _held: dict[str, _Held] = field(default_factory=dict)
    _shifts: SiteShifts = field(default_factory=SiteShifts)
    _troubled: bool = False
    _count: int = 0
    _failures: int = 0

    def jobs(self) -> Iterator[Job]:
        """Yield what is to be judged, for ever; waits where there is nothing."""
        yield NOTHING
        while True:
            yield from self._new_jobs()
            yield from self._new_windows()
            self._give_up_hope()
            time.sleep(self.arrivals.pause_s)

    def _new_jobs(self) -> Iterator[Job]:
        try:
            found = self.arrivals.look()
        except RecordError as error:
            if not self._troubled:
                _say(f"{in_words(error)}; waits for it")
            self._troubled = True
            return
        if self._troubled:
            _say("the folder is there again")
        self._troubled = False
        for entry in found:
            job = _job(entry)
            key, files = self._key(job), record_files(job.path)
            try:
                states = _states(files)
                known = self.ledger.knows(key, states, files)
            except RecordError:
                continue  # it is changing, or went away: it comes again, or not
            self._held.pop(key, None)
            if not known:
                self._states[job] = states
                yield job

    def _new_windows(self) -> Iterator[Job]:
        for key, job in self.following.jobs():
            if key not in self.ledger:
                self._keys[job] = key
                yield job

    def take(self, job: Job, result: tuple[Row, ...] | Crash) -> None:
        """Write the rows of a record that stayed as it was while it was judged, or of a window."""
        states, window = self._states.pop(job, None), self._keys.pop(job, None)
        if states is None and window is None:
            return
        if isinstance(result, Crash):
            result = tuple(error_row(job, model, result.text()) for model in self.models)
        if states is None:
            self._put(window or "", (), "", result)
            return
        if any(row.error for row in result):
            until = time.monotonic() + HOPE_S
            self._held[self._key(job)] = _Held(job, states, result, until)
        else:
            self._write(job, states, result)

    def _give_up_hope(self) -> None:
        now = time.monotonic()
        for key in [key for key, held in self._held.items() if held.until <= now]:
            held = self._held.pop(key)
            self._write(held.job, held.states, held.rows)

    def _write(self, job: Job, states: tuple[FileState, ...], rows: tuple[Row, ...]) -> None:
        files = record_files(job.path)
        try:
            there = [file for file in files if file.exists()]
            sha256 = sha256_of(there)
            if _states(files) != states:
                return  # it was replaced meanwhile: it comes again
        except RecordError:
            return
        self._put(self._key(job), states, sha256, rows)

    def _put(
        self, key: str, states: tuple[FileState, ...], sha256: str, rows: tuple[Row, ...]
    ) -> None:
        if states:  # windows of one record would count as many
            rows = tuple(self._shifts.with_shift(row) for row in rows)
        self.ledger.add(key, states, sha256, rows)
        self._count += bool(states)
        self._failures += any(row.error for row in rows)
        for row in rows:
            _say(_in_words(row))

    def summary(self) -> str:
        """Return how many records were judged in this run."""
        noun = "record" if self._count == 1 else "records"
        failures = f", {self._failures} with errors" if self._failures else ""
        return f"{self._count} {noun}{failures}"

    def _key(self, job: Job) -> str:
        path = os.path.relpath(job.path, self.arrivals.folder)
        index = job.source.index if isinstance(job.source, RecordRef) else None
        return path if index is None else f"{path}#{index}"


def _job(entry: RecordRef | RecordFailure) -> Job:
    if isinstance(entry, RecordRef):
        return Job(entry.path, entry.name, entry)
    return Job(entry.path, entry.name, in_words(entry.error, entry.path))


def _states(files: Sequence[Path]) -> tuple[FileState, ...]:
    """Return what the files are known by; one that is missing has no size."""
    states = []
    for number, file in enumerate(files):
        if number and not file.exists():
            states.append(FileState(file.name, -1, 0))
        else:
            stamp = FileStamp.of(file)
            states.append(FileState(file.name, stamp.size, stamp.modified_ns))
    return tuple(states)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _in_words(row: Row) -> str:
    if row.error:
        return f"{row.record}: {row.error}"
    verdict = {None: "no verdict", 0: "within normal", 1: "abnormal"}[row.abnormal]
    place = ""
    if row.abnormal and row.worst_start_s is not None:
        place = f", most in {row.worst_lead} at {row.worst_start_s:.1f} s"
    return f"{row.record}: {verdict} by {row.model} (p {row.p_value:.2g}{place})"


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)
