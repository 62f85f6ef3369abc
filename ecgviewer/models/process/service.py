"""The model process: takes jobs from a pipe, answers through another.

It runs beside the window so that nothing in torch, a driver or a damaged file can take the window
and the annotations along. Results go through the analysis store; only their keys cross the pipe.
"""

from __future__ import annotations

import logging
import os
import queue
import shutil
import threading
import time
from pathlib import Path

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.child.messages import Body, error_to_json, ref_from_json
from ecgviewer.core.child.serving import Channel
from ecgviewer.core.errors import AnalysisError, CancelledError, EcgViewerError, trace_text
from ecgviewer.core.progress import CancelToken
from ecgviewer.models.networks.architectures import architecture
from ecgviewer.models.run.kept.partial import PartialWriter

log = logging.getLogger(__name__)

PROGRESS_EVERY_S = 0.05
KEPT_DETECTORS = 4


class Service:
    """Runs jobs one after the other.

    Parameters
    ----------
    channel : Channel
        To the window.
    cache_dir : Path
        Of the analysis store.
    spare_dir : Path
        For results that the store refuses: a private folder that is removed at the window's end.
    """

    def __init__(self, channel: Channel, cache_dir: Path, spare_dir: Path) -> None:
        # Imported here, in the model process: torch takes a second.
        from ecgviewer.models.run.kept.store import AnalysisStore

        self._channel = channel
        self._store = AnalysisStore(cache_dir)
        self._spare = AnalysisStore(spare_dir)
        self._jobs: queue.SimpleQueue[Body | None] = queue.SimpleQueue()
        self._tokens: dict[int, CancelToken] = {}
        self._detectors: dict[tuple[str, str, int], object] = {}

    def run(self) -> None:
        """Serve until the other side closes its pipe."""
        threading.Thread(target=self._listen, daemon=True).start()
        while (job := self._jobs.get()) is not None:
            try:
                self._do(job)
            except (BrokenPipeError, ConnectionError):
                return
            finally:
                self._tokens.pop(job["id"], None)

    def _listen(self) -> None:
        while (received := self._channel.receive()) is not None:
            message = received[0]
            if message["kind"] == "cancel":
                if token := self._tokens.get(message["id"]):
                    token.cancel()
                continue
            self._tokens[message["id"]] = CancelToken()
            self._jobs.put(message)
        for token in list(self._tokens.values()):
            token.cancel()
        self._jobs.put(None)

    def _do(self, job: Body) -> None:
        try:
            if job["kind"] == "devices":
                self._tell({"kind": "devices", "id": job["id"], "devices": _devices()})
            else:
                self._analyze(job)
        except CancelledError:
            self._tell({"kind": "cancelled", "id": job["id"]})
        except EcgViewerError as error:
            self._tell({"kind": "error", "id": job["id"], **error_to_json(error)})
        except (BrokenPipeError, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001
            # The one door: whatever a model does wrong ends this job, not the process.
            log.error("a model run failed: %s", trace_text(error))
            reason = f"the model failed unexpectedly ({type(error).__name__}: {error})"
            self._tell({"kind": "error", "id": job["id"], **error_to_json(AnalysisError(reason))})

    def _analyze(self, job: Body) -> None:
        from ecgviewer.io import open_record

        number = job["id"]
        token = self._tokens[number]
        token.raise_if_cancelled()
        detector = self._detector(Path(job["bundle"]), job["device"])
        recording = open_record(ref_from_json(job["record"]))
        try:
            key = {
                "kind": "result",
                "id": number,
                "recording_sha256": recording.content_hash(),
                "bundle_sha256": detector.bundle.sha256,
            }
            explained = architecture(detector.bundle.architecture).explanation
            known = self._store.get(key["recording_sha256"], key["bundle_sha256"], explained)
            if known is not None:
                self._tell(key)
                return
            told = 0.0

            def progress(fraction: float, text: str) -> None:
                nonlocal told
                now = time.monotonic()
                if now - told >= PROGRESS_EVERY_S or fraction >= 1.0:
                    told = now
                    self._tell(
                        {"kind": "progress", "id": number, "fraction": fraction, "text": text}
                    )

            writer = PartialWriter()

            def partial(analysis: Analysis) -> None:
                self._tell({"kind": "partial", "id": number, **writer.message(analysis)})

            wanted = partial if job["partial"] else None
            _share_cores(recording.duration_s)
            analysis = detector.analyze(recording, progress, token, wanted)
        finally:
            recording.source.close()
        if not self._store.put(analysis):
            # A full or read-only cache folder costs the cache, not the result.
            key["spare"] = True
            if not self._spare.put(analysis):
                raise AnalysisError(
                    "the result can be written neither to the cache folder nor to the folder for "
                    "temporary files; are they full?"
                )
        self._tell(key)

    def _detector(self, bundle: Path, device: str):  # type: ignore[no-untyped-def]
        from ecgviewer.models.bundle.bundle import Bundle
        from ecgviewer.models.run.analyser import Detector

        try:
            changed = bundle.stat().st_mtime_ns
        except OSError:
            changed = 0  # Bundle.load says what is wrong
        key = (str(bundle), device, changed)
        if key not in self._detectors:
            while len(self._detectors) >= KEPT_DETECTORS:
                self._detectors.pop(next(iter(self._detectors)))
            self._detectors[key] = Detector(Bundle.load(bundle), device)
        return self._detectors[key]

    def _tell(self, message: Body) -> None:
        self._channel.send(message)


def _share_cores(duration_s: float) -> None:
    """Set how many threads the network's operations use.

    For a short record the window keeps a core. Pieces of a long one have a thread each, between
    which the cores are shared; the system lets the window, which mostly sleeps, in between.
    """
    import torch

    from ecgviewer.models.run.analyser import long_run_threads
    from ecgviewer.models.run.windows import CHUNK_S

    cores = os.cpu_count() or 2
    threads = cores // long_run_threads() if duration_s > CHUNK_S else cores - 1
    torch.set_num_threads(max(threads, 1))


def _devices() -> list[list[str]]:
    from ecgviewer.models.run.devices import available_devices

    return [[device.key, device.name] for device in available_devices()]


def serve(channel: Channel) -> None:
    """Be the model process: the first message says where its folders are."""
    setup = channel.receive()
    if setup is None:
        return
    spare = Path(setup[0]["spare"])
    try:
        Service(channel, Path(setup[0]["cache"]), spare).run()
    finally:
        # The window removes it too, but may have been killed.
        shutil.rmtree(spare, ignore_errors=True)
