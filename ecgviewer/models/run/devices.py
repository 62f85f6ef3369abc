"""Where a network runs: the processor or one of the CUDA GPUs."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ecgviewer.core.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class Device:
    """A device the user may choose: ``key`` for the command line, ``name`` to show."""

    key: str
    name: str


def available_devices() -> list[Device]:
    """Return ``auto``, ``cpu`` and every usable CUDA GPU."""
    devices = [Device("auto", "Automatic"), Device("cpu", "Processor (CPU)")]
    if torch.cuda.is_available():
        devices += [
            Device(f"cuda:{i}", torch.cuda.get_device_name(i))
            for i in range(torch.cuda.device_count())
        ]
    return devices


def resolve_device(key: str) -> torch.device:
    """Return the torch device of ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises
    ------
    AnalysisError
        When there is no such device on this machine.
    """
    if key == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    if key == "cpu":
        return torch.device("cpu")
    kind, _, number = key.partition(":")
    if kind != "cuda" or not (number == "" or number.isdigit()):
        raise AnalysisError(f"{key!r} is no device; use auto, cpu, cuda or cuda:N")
    if not torch.cuda.is_available():
        raise AnalysisError("no CUDA GPU can be used here; choose the device auto or cpu")
    if int(number or 0) >= torch.cuda.device_count():
        raise AnalysisError(f"there is no GPU {number}; {torch.cuda.device_count()} found")
    return torch.device(f"cuda:{int(number or 0)}")
