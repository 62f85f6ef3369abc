"""Windows through the network in batches, on the device that has room for them."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch

from ecgviewer.core.errors import AnalysisError
from ecgviewer.models.networks.network import Network, NetworkOutput
from ecgviewer.models.run.windows import PreparedWindow
from ecgviewer.models.score.window_evidence import Window

CPU_BATCH = 16
GPU_BATCH = 128

T = TypeVar("T")


class Runner:
    """A network on a device.

    When a GPU runs out of memory the batches shrink; when even one window does not fit, the work
    moves to the processor, and ``note`` says so.
    """

    def __init__(self, network: Network, device: torch.device) -> None:
        self._network = network
        self.device = device
        self.batch_size = GPU_BATCH if device.type == "cuda" else CPU_BATCH
        self.note = ""
        self._one_at_a_time = threading.Lock()
        try:
            network.to(device)
        except RuntimeError as error:  # others fill the GPU already
            if not out_of_memory(error):
                raise
            self._leave_gpu()

    @property
    def shows_saliency(self) -> bool:
        """Whether the network's explanation is a gradient, which is left out on demand."""
        return self._network.shows_saliency

    def infer(self, windows: list[PreparedWindow], explain: bool = True) -> list[NetworkOutput]:
        """Return the network's answers to windows of one length, in order."""
        x = torch.from_numpy(np.stack([w.network_input for w in windows]))
        valid = torch.from_numpy(np.stack([w.usable for w in windows]))
        if self.device.type != "cpu":
            with self._one_at_a_time:
                return self._in_batches(x, valid, explain)
        return self._in_batches(x, valid, explain)

    def _in_batches(
        self, x: torch.Tensor, valid: torch.Tensor, explain: bool
    ) -> list[NetworkOutput]:
        outputs: list[NetworkOutput] = []
        while len(outputs) < len(x):
            part = slice(len(outputs), len(outputs) + self.batch_size)
            try:
                found = self._network.infer(
                    x[part].to(self.device), valid[part].to(self.device), explain
                )
                outputs += map(_finite, found)
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                self._shrink()
        return outputs

    def _shrink(self) -> None:
        if self.device.type != "cuda":
            raise MemoryError("the processor's memory does not hold one window")
        torch.cuda.empty_cache()
        if self.batch_size > 1:
            self.batch_size //= 4
            self.batch_size = max(self.batch_size, 1)
            self.note = "the GPU was short of memory: smaller batches were used"
            return
        self._leave_gpu()

    def _leave_gpu(self) -> None:
        self.device, self.batch_size = torch.device("cpu"), CPU_BATCH
        self._network.to(self.device)
        self.note = "the GPU was out of memory: the processor was used instead"


def out_of_memory(error: RuntimeError) -> bool:
    """Return whether this is a GPU's way of saying so; its libraries have words of their own."""
    words = ("out of memory", "ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError) or any(word in str(error) for word in words)


def _finite(output: NetworkOutput) -> NetworkOutput:
    """Return the output; raises AnalysisError where it is no number: no score may come of it."""
    arrays = (output.mean, output.log_var, output.latent, output.attention, output.saliency)
    if not (
        math.isfinite(output.raw_score)
        and all(np.isfinite(values).all() for values in arrays if values is not None)
    ):
        raise AnalysisError("the network's answer is not finite: its weights make no sense")
    return output


def batched(windows: Iterable[PreparedWindow], size: int) -> Iterator[list[PreparedWindow]]:
    """Yield lists of up to ``size`` successive windows of equal length."""
    group: list[PreparedWindow] = []
    for window in windows:
        full = len(group) >= size
        if group and (full or window.signal_mv.shape != group[0].signal_mv.shape):
            yield group
            group = []
        group.append(window)
    if group:
        yield group


def spread(tasks: Iterable[Callable[[], T]], threads: int) -> Iterator[T]:
    """Yield the results of tasks in their order while ``threads`` threads do the next ones."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="piece")
    pending: deque[Future[T]] = deque()
    try:
        for task in tasks:
            pending.append(pool.submit(task))
            if len(pending) > threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def evidence(
    prepared: PreparedWindow, output: NetworkOutput, fs_hz: float, amplitude_known: bool
) -> Window:
    """Return a prepared window and the network's answer as the scorer wants them."""
    return Window(
        signal_mv=prepared.signal_mv,
        network_input=prepared.network_input,
        output=output,
        fs_hz=fs_hz,
        r_peaks=prepared.r_peaks,
        lead_mask=prepared.lead_mask,
        amplitude_known=amplitude_known,
        usable=prepared.usable,
        start_s=prepared.span.start / fs_hz,
        looks=prepared.looks,
        highpass=prepared.highpass,
        levels_lost=prepared.levels_lost,
    )
