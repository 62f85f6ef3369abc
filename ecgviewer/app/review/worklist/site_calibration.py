"""*Tools > Calibrate for this site*: thresholds from the work list's least suspicious records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from ecgviewer.app.review.worklist.site_dialog import SiteDialog
from ecgviewer.app.review.worklist.worklist import Worklist
from ecgviewer.app.shell.ask import ask
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.app.work.workers import Reporter
from ecgviewer.core.progress import CancelToken
from ecgviewer.core.system.user_dirs import data_dir

if TYPE_CHECKING:
    from ecgviewer.models.bundle.bundle import Bundle
    from ecgviewer.models.bundle.site import SiteCalibration as Calibrated


class SiteCalibration(QObject):
    """Calibrates the chosen model on the scores of the list, shows it, and writes the bundle."""

    def __init__(self, bench: Workbench, worklist: Worklist) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        self._worklist = worklist
        bench.commands.bind("tools.calibrate_site", self._calibrate)

    def _calibrate(self) -> None:
        session, queue = self._bench.session, self._worklist.queue
        model = session.settings.value.model
        choice = session.models.get(model)
        if queue is None or choice is None:
            return
        scores = [score.score for score in self._worklist.scores_of(model)]
        site, path, title = queue.folder.name, choice.path, session.title_of(model)

        def job(_report: Reporter, _cancel: CancelToken) -> Calibrated:
            # Imported late: torch comes with it.
            from ecgviewer.models.bundle.bundle import Bundle
            from ecgviewer.models.bundle.site import for_unlabelled_site

            return for_unlabelled_site(Bundle.load(path), scores, site)

        def show(found: Calibrated) -> None:
            dialog = SiteDialog(title, found, len(scores), self._bench.parent)
            dialog.accepted.connect(lambda: self._ask_where(found.bundle, path, site))
            ask(dialog)

        def explain(error: Exception) -> None:
            self._bench.say.error(
                f"{title} cannot be calibrated for {site}: {describe(error)}. "
                f"{len(scores)} of the {len(queue.rows)} records are screened with it; "
                "Review > Screen does the others."
            )

        session.workers.start(job, on_result=show, on_error=explain)

    def _ask_where(self, bundle: Bundle, model: Path, site: str) -> None:
        folder = data_dir() / "models"
        folder.mkdir(parents=True, exist_ok=True)
        dialog = QFileDialog(
            self._bench.parent, "Save the model for this site",
            str(folder / f"{model.stem}-{site}{model.suffix}"), "Model bundles (*.ecgmodel)",
        )  # fmt: skip
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("ecgmodel")
        dialog.fileSelected.connect(lambda name: self.save(bundle, Path(name)))
        ask(dialog)

    def save(self, bundle: Bundle, path: Path) -> None:
        """Write the bundle, and offer and choose it."""
        session = self._bench.session

        def saved(_bundle: Bundle) -> None:
            self._bench.say.info(f"{path.name} was written, and is the model chosen now.")
            session.add_model_file(path)

        session.workers.start(
            lambda _report, _cancel: bundle.save(path),
            on_result=saved,
            on_error=lambda error: self._bench.say.error(describe(error)),
        )
