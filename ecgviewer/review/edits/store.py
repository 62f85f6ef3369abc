"""Where reviews live: in the user's data folder by the record's content, or beside the record."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ecgviewer.core.errors import RecordError, ReviewError
from ecgviewer.core.system.user_dirs import data_dir
from ecgviewer.io.file_access import FileStamp, read_bytes
from ecgviewer.review.annotations import RecordKey, Review
from ecgviewer.review.edits.files import ReviewFiles, load
from ecgviewer.review.edits.journal import parse
from ecgviewer.review.edits.review_json import loads
from ecgviewer.review.edits.session import ReviewSession
from ecgviewer.review.exports.export_files import MAX_BYTES


@dataclass(frozen=True, slots=True)
class ReviewStore:
    """Finds, opens and lists the reviews of records, one per reader.

    Attributes
    ----------
    root : Path
        Folder of the reviews; the user's data folder by default. Files are named by the
        record's content hash, so a moved or renamed record keeps its reviews, and no name of a
        patient or file appears.
    beside : bool
        Keep reviews beside the record instead (the user chose that).
    """

    root: Path
    beside: bool = False

    @classmethod
    def for_user(cls, beside: bool = False) -> ReviewStore:
        """Return the store in the user's data folder."""
        return cls(data_dir() / "reviews", beside)

    def files(self, record: RecordKey, author: str, record_path: Path | None = None) -> ReviewFiles:
        """Return where this reader's review of the record is, or would be."""
        if self.beside and record_path is not None:
            return ReviewFiles(
                record_path.parent, f"{file_safe(record.name)}.{reader_slug(author)}"
            )
        return ReviewFiles(self._folder(record.sha256), reader_slug(author))

    def open(
        self,
        record: RecordKey,
        author: str,
        record_path: Path | None = None,
        read_only: bool = False,
    ) -> ReviewSession:
        """Open this reader's review; see :meth:`ReviewSession.open`."""
        files = self.files(record, author, record_path)
        return ReviewSession.open(files, record, author, read_only)

    def read(self, record: RecordKey, author: str, record_path: Path | None = None) -> Review:
        """Return this reader's review as it is on disk; an empty one when there is none.

        Raises
        ------
        ReviewError
        """
        return load(self.files(record, author, record_path), record, author).review

    def readers(self, record: RecordKey, record_path: Path | None = None) -> tuple[str, ...]:
        """Return the authors who have a review of this record, in alphabetical order."""
        files = self.files(record, "", record_path)
        prefix = files.stem.removesuffix(reader_slug(""))
        authors = set()
        for pattern, read in (("*.review.json", _review_author), ("*.journal", _journal_author)):
            for path in files.folder.glob(f"{prefix}{pattern}"):
                author = read(path)
                if author is not None and self.files(record, author, record_path).exist():
                    authors.add(author)
        return tuple(sorted(authors))

    def _folder(self, sha256: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise ReviewError("the record has no content hash, so its review has no place")
        return self.root / sha256[:2] / sha256


def reader_slug(author: str) -> str:
    """Return a file name for a reader: readable, and different for different readers."""
    digest = hashlib.sha256(author.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{file_safe(author)[:40] or 'reader'}-{digest}"


def file_safe(name: str) -> str:
    """Return a name of letters, digits, ``-`` and ``_`` only."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")


def _review_author(path: Path) -> str | None:
    try:
        raw = loads(read_bytes(path, MAX_BYTES))
    except (RecordError, ReviewError):
        return None
    author = raw.get("author") if isinstance(raw, dict) else None
    return author if isinstance(author, str) else None


def _journal_author(path: Path) -> str | None:
    try:
        FileStamp.of(path)
        with path.open("rb") as file:
            author = parse(file.readline(MAX_BYTES)).header.get("author")
    except (OSError, RecordError, ReviewError):
        return None
    return author if isinstance(author, str) else None
