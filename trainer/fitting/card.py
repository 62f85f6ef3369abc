"""The model card: Markdown inside the bundle, written from what training recorded."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import Any

import torch

from ecgviewer.models.networks.architectures import architecture as find

CARD_HEADING = "## Figures"
"""Begins what evaluation adds; it goes on to the end of the card."""
SHIPPED_NOTE = "Recall and false alarms at the shipped 95 % threshold."
THRESHOLDS = "Thresholds of the record score: "


def thresholds_line(thresholds: Mapping[str, float]) -> str:
    """Return the card's line of record thresholds."""
    levels = ", ".join(
        f"{level:.2f} at {float(s):.0%} specificity" for s, level in thresholds.items()
    )
    return f"{THRESHOLDS}{levels}."


def hardware(device: torch.device) -> str:
    """Return what trains here, in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    processor = platform.processor() or platform.machine()
    return f"CPU ({processor}, {torch.get_num_threads()} threads of {os.cpu_count()} cores)"


def training_card(architecture: str, training: Mapping[str, Any]) -> str:
    """Return the part of the card that training knows; figures are added by evaluation."""
    entry = find(architecture)
    minutes = training["seconds"] / 60
    data = "\n".join(f"- {line.strip()}" for line in training["data"].splitlines())
    windowing = training["config"]["windowing"]
    hides = float(training["config"]["network"].get("hidden_share", 0.0)) > 0
    how = (
        "Blocks of the signal are hidden and predicted from the rest."
        if hides
        else "The whole window is reconstructed."
    )
    return f"""# {entry.title}

{entry.description[0].upper()}{entry.description[1:]}, trained on normal ECGs only.
What it cannot restore as a normal ECG would look is shown as suspicious. {how}
Windows of {windowing["length_s"]:g} s at {training["config"]["preprocessing"]["fs_hz"]:g} Hz.
Not a medical device.

## Training

- {training["n_train"]} normal windows, split by patient; {training["n_calibrate"]} windows of
  other patients chose the weights (epoch {training["best_epoch"]} of {training["epochs"]},
  loss {training["best_loss"]:.4f}); no abnormal record was used.
- Seed {training["config"]["seed"]}, {minutes:.1f} minutes on {training["hardware"]}.
- Index of the training data (SHA-256): `{training["index_sha256"]}`.

## Data

{data}
"""
