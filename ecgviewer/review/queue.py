"""The work list over a folder: what the models say, what the reader did, where to go on.

Kept in one SQLite file per folder in the user's data folder, so that the folder of ECGs can be
read-only. It holds copies only (of scores and of the reviews' states): were it lost, screening
and the reviews would give it back. Names of files, which may be patients', are in it as hashes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.system.files import make_private
from ecgviewer.core.system.user_dirs import data_dir
from ecgviewer.review.annotations import Review
from ecgviewer.review.errors import StorageError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    key TEXT PRIMARY KEY, sha256 TEXT NOT NULL DEFAULT '', quality TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS scores (
    key TEXT NOT NULL, model TEXT NOT NULL, bundle_sha256 TEXT NOT NULL, score REAL, p_value REAL,
    PRIMARY KEY (key, model));
CREATE TABLE IF NOT EXISTS reviews (
    key TEXT NOT NULL, reader TEXT NOT NULL, status TEXT NOT NULL, conclusion TEXT NOT NULL,
    verdicts TEXT NOT NULL, labels TEXT NOT NULL, PRIMARY KEY (key, reader));
CREATE TABLE IF NOT EXISTS places (reader TEXT PRIMARY KEY, key TEXT NOT NULL);
"""
_VERSION = 2


@dataclass(frozen=True, slots=True)
class ModelScore:
    """What one model says of a record."""

    bundle_sha256: str
    score: float
    p_value: float


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One record of the work list.

    Attributes
    ----------
    key : str
        Path inside the folder, with ``#index`` for a file of many.
    ref : RecordRef
    scores : mapping
        By model.
    quality, error : str
        Of the recording; empty until screened, and when all is well ``ok`` and empty.
    status, conclusion : str
        Of this reader's review.
    verdicts : mapping
        How many flags were accepted, rejected, unsure.
    labels : tuple of str
        Of the annotations, once each.
    """

    key: str
    ref: RecordRef
    scores: Mapping[str, ModelScore] = field(default_factory=dict)
    sha256: str = ""
    quality: str = ""
    error: str = ""
    status: str = "new"
    conclusion: str = ""
    verdicts: Mapping[str, int] = field(default_factory=dict)
    labels: tuple[str, ...] = ()

    @property
    def p_value(self) -> float:
        """The lowest p-value of all models; NaN while there is none."""
        values = [item.p_value for item in self.scores.values() if not math.isnan(item.p_value)]
        return min(values, default=math.nan)

    @property
    def score(self) -> float:
        """The highest calibrated score of all models; NaN while there is none."""
        values = [item.score for item in self.scores.values() if not math.isnan(item.score)]
        return max(values, default=math.nan)


class WorkQueue:
    """The work list of one reader over one folder.

    Parameters
    ----------
    folder : Path
        The folder of ECGs; it is not written to.
    refs : iterable of RecordRef
        Its records, in their order.
    reader : str
    database : Path, optional
        By default in the user's data folder.

    Raises
    ------
    StorageError
        When the database cannot be opened or made.
    """

    def __init__(
        self,
        folder: Path,
        refs: Iterable[RecordRef],
        reader: str,
        database: Path | None = None,
    ) -> None:
        self.folder = folder
        self.reader = reader
        self.path = database or default_database(folder)
        self.note = ""
        self._db = self._open()
        self._refs: dict[str, RecordRef] = {}
        self._insert(refs)
        self._rows = self._load()

    def _insert(self, refs: Iterable[RecordRef]) -> list[str]:
        """Take records up, and return their keys."""
        new = {record_key(self.folder, ref): ref for ref in refs}
        self._refs |= new
        with self._db:
            self._db.executemany(
                "INSERT OR IGNORE INTO records (key) VALUES (?)", [(_stored(key),) for key in new]
            )
        return list(new)

    def add(self, refs: Iterable[RecordRef]) -> None:
        """Put further records of the folder into the list."""
        for key in self._insert(refs):
            self._reload(key)

    def _open(self) -> sqlite3.Connection:
        try:
            make_private(self.path.parent)
            try:
                return _connect(self.path)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                self.path.replace(self.path.with_suffix(".damaged"))
                self.note = "the work list was damaged and is built again; reviews are untouched"
                return _connect(self.path)
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"the work list cannot be kept ({error})", self.path) from error

    def _load(self) -> dict[str, QueueRow]:
        scores: dict[str, dict[str, ModelScore]] = {}
        for key, model, bundle, score, p_value in self._db.execute(
            "SELECT key, model, bundle_sha256, score, p_value FROM scores"
        ):
            scores.setdefault(key, {})[model] = ModelScore(bundle, _number(score), _number(p_value))
        reviews = {
            key: rest
            for key, *rest in self._db.execute(
                "SELECT key, status, conclusion, verdicts, labels FROM reviews WHERE reader = ?",
                (self.reader,),
            )
        }
        facts = {
            key: rest
            for key, *rest in self._db.execute("SELECT key, sha256, quality, error FROM records")
        }
        rows = {}
        for key, ref in self._refs.items():
            known = _stored(key)
            status, conclusion, verdicts, labels = reviews.get(known, ("new", "", "{}", "[]"))
            sha256, quality, error = facts[known]
            rows[key] = QueueRow(
                key, ref, scores.get(known, {}), sha256, quality, error, status, conclusion,
                json.loads(verdicts), tuple(json.loads(labels)),
            )  # fmt: skip
        return rows

    @property
    def rows(self) -> list[QueueRow]:
        """All records, in the order of the folder."""
        return list(self._rows.values())

    def row(self, key: str) -> QueueRow:
        """Return one record; KeyError when it is not in the list."""
        return self._rows[key]

    def key_of(self, ref: RecordRef) -> str | None:
        """Return the key of a record, None when it is not in the list."""
        key = record_key(self.folder, ref)
        return key if key in self._rows else None

    def progress(self) -> tuple[int, int]:
        """Return how many records are reviewed, of how many."""
        reviewed = sum(row.status == "reviewed" for row in self._rows.values())
        return reviewed, len(self._rows)

    def unscreened(self, bundles: Mapping[str, str]) -> list[QueueRow]:
        """Return the records that lack a score of these models (``{model: bundle hash}``)."""
        return [
            row
            for row in self._rows.values()
            if any(
                model not in row.scores or row.scores[model].bundle_sha256 != bundle
                for model, bundle in bundles.items()
            )
        ]

    def set_analysis(self, key: str, analysis: Analysis) -> None:
        """Take up what a model found."""
        with self._db:
            self._db.execute(
                "UPDATE records SET sha256 = ?, quality = ?, error = '' WHERE key = ?",
                (analysis.recording_sha256, analysis.quality_text(), _stored(key)),
            )
            self._db.execute(
                "INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?, ?)",
                (
                    _stored(key),
                    analysis.model,
                    analysis.bundle_sha256,
                    analysis.score,
                    analysis.p_value,
                ),
            )
        self._reload(key)

    def set_error(self, key: str, error: str) -> None:
        """Remember why a record cannot be screened, without its file's name."""
        path = self._refs[key].path
        for name in (str(path), path.name, path.stem):
            error = error.replace(name, "the file")
        error = error.removeprefix("the file: ")
        with self._db:
            self._db.execute("UPDATE records SET error = ? WHERE key = ?", (error, _stored(key)))
        self._reload(key)

    def set_review(self, key: str, review: Review) -> None:
        """Take up the state of this reader's review."""
        verdicts: dict[str, int] = {}
        for item in review.verdicts:
            verdicts[item.verdict] = verdicts.get(item.verdict, 0) + 1
        labels = list(dict.fromkeys(item.label for item in review.annotations))
        with self._db:
            self._db.execute(
                "UPDATE records SET sha256 = ? WHERE key = ?",
                (review.record.sha256, _stored(key)),
            )
            self._db.execute(
                "INSERT OR REPLACE INTO reviews VALUES (?, ?, ?, ?, ?, ?)",
                (
                    _stored(key),
                    self.reader,
                    review.state.status,
                    review.state.conclusion,
                    json.dumps(verdicts),
                    json.dumps(labels),
                ),
            )
        self._reload(key)

    def _reload(self, key: str) -> None:
        scores = {
            model: ModelScore(bundle, _number(score), _number(p_value))
            for model, bundle, score, p_value in self._db.execute(
                "SELECT model, bundle_sha256, score, p_value FROM scores WHERE key = ?",
                (_stored(key),),
            )
        }
        sha256, quality, error = self._db.execute(
            "SELECT sha256, quality, error FROM records WHERE key = ?", (_stored(key),)
        ).fetchone()
        status, conclusion, verdicts, labels = self._db.execute(
            "SELECT status, conclusion, verdicts, labels FROM reviews WHERE key = ? AND reader = ?",
            (_stored(key), self.reader),
        ).fetchone() or ("new", "", "{}", "[]")
        self._rows[key] = QueueRow(
            key, self._refs[key], scores, sha256, quality, error, status, conclusion,
            json.loads(verdicts), tuple(json.loads(labels)),
        )  # fmt: skip

    @property
    def place(self) -> str:
        """The key of the record worked on last; empty at the beginning."""
        found = self._db.execute(
            "SELECT key FROM places WHERE reader = ?", (self.reader,)
        ).fetchone()
        known = {_stored(key): key for key in self._rows}
        return known.get(found[0], "") if found is not None else ""

    @place.setter
    def place(self, key: str) -> None:
        with self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO places VALUES (?, ?)", (self.reader, _stored(key))
            )

    def close(self) -> None:
        """Release the database."""
        self._db.close()


def _stored(key: str) -> str:
    """Return a record's key as the database knows it."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def record_key(folder: Path, ref: RecordRef) -> str:
    """Return the name of a record inside a folder, the same on every system."""
    path = ref.path.absolute()
    with contextlib.suppress(ValueError):  # a record from elsewhere keeps its whole path
        path = path.relative_to(folder.absolute())
    return path.as_posix() + ("" if ref.index is None else f"#{ref.index}")


def default_database(folder: Path) -> Path:
    """Return where the work list of a folder is kept; its name gives nothing away."""
    digest = hashlib.sha256(str(folder.resolve()).encode("utf-8", "replace")).hexdigest()
    return data_dir() / "queues" / f"{digest[:32]}.sqlite"


def _connect(path: Path) -> sqlite3.Connection:
    fresh = not path.exists()
    if fresh:
        path.touch(mode=0o600)
    db = sqlite3.connect(path)
    try:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version > _VERSION:
            raise StorageError("a newer version of the program made this work list", path)
        if 0 < version < _VERSION:  # names of files were in it
            for table in ("records", "scores", "reviews", "places"):
                db.execute(f"DROP TABLE IF EXISTS {table}")
            db.execute("VACUUM")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_SCHEMA)
        db.execute(f"PRAGMA user_version = {_VERSION}")
        db.commit()
    except (sqlite3.Error, StorageError):
        db.close()
        raise
    return db


def _number(value: float | None) -> float:
    """SQLite keeps NaN as NULL."""
    return math.nan if value is None else float(value)
