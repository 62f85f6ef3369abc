"""The files of one training: checked before the work, held during it, never taken unasked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ecgviewer.core.errors import BundleError, EcgViewerError
from ecgviewer.core.system.file_lock import FileLock
from ecgviewer.core.system.files import check_target
from ecgviewer.models.bundle.bundle import Bundle
from trainer.fitting.bundle_destination import check_new_bundle
from trainer.fitting.progress_bar import Log


class FitError(EcgViewerError):
    """Training was asked for in a way that cannot work."""


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one training, all named after the bundle."""

    out: Path

    @property
    def state(self) -> Path:
        """The state of an unfinished training."""
        return self.out.with_suffix(".fit") / "state.pt"

    @property
    def log(self) -> Path:
        """Plain text, appended."""
        return self.out.with_suffix(".log")

    @property
    def curve(self) -> Path:
        """The learning curve."""
        return self.out.with_suffix(".png")

    def check(self, resume: bool, overwrite: bool) -> None:
        """Raise EcgViewerError rather than touch what is there unasked, or train for nothing."""
        check_new_bundle(self.out, overwrite)
        if self.state.exists() and not (resume or overwrite):
            raise FitError(
                "an unfinished training lies beside it: --resume continues it, --overwrite "
                "starts anew",
                self.state,
            )
        if self.curve.exists() and not overwrite:
            raise FitError(
                "the learning curve is to be drawn here; --overwrite replaces this picture",
                self.curve,
            )
        for path in (self.log, self.curve):
            check_target(path)
        if self.state.parent.exists() and not self.state.parent.is_dir():
            raise FitError("the state is to be kept in a folder of this name", self.state.parent)
        if not (overwrite or Log.begun(self.log)):
            raise FitError(
                "the log is to be written here, and this file is none; --overwrite appends to it",
                self.log,
            )

    @contextmanager
    def held(self, resume: bool, overwrite: bool) -> Iterator[None]:
        """Check the places and keep other trainings out of them, also where this one is killed.

        Raises
        ------
        EcgViewerError
            As from :meth:`check`, or when another training is writing here.
        """
        self.check(resume, overwrite)
        folder = self.state.parent
        lock = FileLock(folder / "lock")
        try:
            folder.mkdir(exist_ok=True)
            free = lock.acquire()
        except OSError as error:
            raise FitError(f"the state cannot be kept there ({error.strerror})", folder) from error
        if not free:
            raise FitError("another training is writing this bundle", self.out)
        try:
            # The one that held the lock before may have finished since the first look.
            self.check(resume, overwrite)
            yield
        finally:
            lock.release()
            with suppress(OSError):
                # It holds an unfinished state, or something of the user's own.
                folder.rmdir()

    def save(self, bundle: Bundle, overwrite: bool) -> Bundle:
        """Write the finished bundle and return it.

        Raises
        ------
        FitError
            When a file came to lie there during the training, or the disk refuses. The state
            stays, so that nothing has to be trained again.
        """
        if self.out.exists() and not overwrite:
            raise FitError(
                "this file came to lie here during the training and is left alone; the state is "
                "kept: move the file away, then use --resume",
                self.out,
            )
        try:
            return bundle.save(self.out)
        except BundleError as error:
            raise FitError(
                f"{error.reason}; the state is kept: make room, then use --resume", self.out
            ) from error

    def remove_state(self) -> None:
        """Remove what this program has written of the unfinished training, and nothing else."""
        for path in (self.state, *self.state.parent.glob(f"{self.state.name}.*.part")):
            path.unlink(missing_ok=True)
