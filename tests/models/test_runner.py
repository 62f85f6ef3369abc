"""A GPU short of memory: smaller batches, then the processor, the same answers, and it is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.networks.network import Network
from ecgviewer.models.run.runner import Runner
from ecgviewer.models.run.windows import PreparedWindow, prepare_windows

SAYINGS = (
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("CUDA error: out of memory"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
)


class SmallGpu:
    """A device that has room for so many windows at once."""

    type = "cuda"

    def __init__(self, room: int, saying: Exception) -> None:
        self.room, self.saying = room, saying
        self.batches: list[int] = []


@pytest.fixture(scope="module")
def windows(make_bundle: Callable[..., Bundle]) -> list[PreparedWindow]:
    root = Path(__file__).resolve().parents[2] / "resources" / "samples"
    bundle = make_bundle("vae-bilstm")
    recording = open_record(RecordRef(root / "S0005.hea"))
    return list(prepare_windows(recording, bundle.preprocessing, bundle.windowing))[:6]


@pytest.fixture
def network(make_bundle: Callable[..., Bundle], monkeypatch: pytest.MonkeyPatch) -> Network:
    """A network that can be moved to a :class:`SmallGpu` and runs out of memory there."""
    network = make_bundle("vae-bilstm").build_network()
    place: list[object] = [torch.device("cpu")]
    infer, move, move_tensor = network.infer, network.to, torch.Tensor.to

    def to(where: object) -> Network:
        place[0] = where
        if isinstance(where, SmallGpu):
            if where.room < 0:  # not even the weights
                raise where.saying
            return network
        return move(where)

    def checked(x: torch.Tensor, valid: torch.Tensor, explain: bool) -> object:
        if isinstance(gpu := place[0], SmallGpu):
            gpu.batches.append(len(x))
            if len(x) > gpu.room:
                raise gpu.saying
        return infer(x, valid)

    def tensor_to(self: torch.Tensor, *where: object, **options: object) -> torch.Tensor:
        return self if isinstance(where[0], SmallGpu) else move_tensor(self, *where, **options)

    monkeypatch.setattr(network, "to", to)
    monkeypatch.setattr(network, "infer", checked)
    monkeypatch.setattr(torch.Tensor, "to", tensor_to)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    return network


@pytest.mark.parametrize("saying", SAYINGS, ids=lambda error: str(error)[:25])
def test_batches_shrink_until_they_fit(
    network: Network, windows: list[PreparedWindow], saying: Exception
) -> None:
    expected = Runner(network, torch.device("cpu")).infer(windows)
    gpu = SmallGpu(2, saying)
    runner = Runner(network, gpu)  # type: ignore[arg-type]
    found = runner.infer(windows)
    assert gpu.batches == [6, 6, 6, 2, 2, 2]  # 128, 32, 8, then 2
    assert runner.device is gpu and "smaller batches" in runner.note
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_allclose(a.mean, b.mean, atol=1e-5)


@pytest.mark.parametrize("room", [0, -1], ids=["no window fits", "the weights do not fit"])
def test_the_processor_takes_over(
    network: Network, windows: list[PreparedWindow], room: int
) -> None:
    runner = Runner(network, SmallGpu(room, SAYINGS[1]))  # type: ignore[arg-type]
    assert len(runner.infer(windows)) == 6
    assert runner.device == torch.device("cpu")
    assert runner.note == "the GPU was out of memory: the processor was used instead"


def test_other_errors_are_not_taken_for_it(network: Network, windows: list[PreparedWindow]) -> None:
    runner = Runner(network, SmallGpu(0, RuntimeError("size mismatch")))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="size mismatch"):
        runner.infer(windows)
