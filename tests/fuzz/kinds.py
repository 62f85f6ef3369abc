"""Which module has which kind of hostile input; importing this one imports none of them."""

from __future__ import annotations

import importlib
from types import ModuleType

MODULES = {
    "records": (
        "wfdb-header", "wfdb-signal", "wfdb-segments", "wfdb-annotations", "hdf5-bytes",
        "hdf5-structure", "hdf5-table-beside",
    ),
    "hospital": (
        "edf", "dicom", "scp-ecg", "aecg", "muse", "philips", "mortara", "schiller", "ishne",
        "text",
    ),
    "reviews": ("review-json", "review-csv", "review-journal", "label-set"),
    "own": ("overview-cache", "settings"),
    "models": ("bundle", "analysis-cache"),
    "tables": ("label-tables", "label-headers", "label-hdf5", "trainer-config"),
}  # fmt: skip
KINDS = tuple(kind for kinds in MODULES.values() for kind in kinds)


def module_of(kind: str) -> ModuleType:
    """Return the module whose ``TARGETS`` has this kind."""
    name = next(name for name, kinds in MODULES.items() if kind in kinds)
    return importlib.import_module(f"tests.fuzz.{name}")
