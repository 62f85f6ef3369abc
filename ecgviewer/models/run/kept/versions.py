"""The versions that decide what a model computes."""

from __future__ import annotations

import platform

import numpy as np
import torch

import ecgviewer
from ecgviewer.signal.scipy_parts import scipy_version


def library_versions() -> dict[str, str]:
    """Return the versions of this program and of the libraries it computes with."""
    return {
        "ecgviewer": ecgviewer.__version__,
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "scipy": scipy_version,
        "python": platform.python_version(),
    }
