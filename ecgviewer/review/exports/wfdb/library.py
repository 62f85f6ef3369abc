"""The wfdb package, imported where something is written or compared with it, and never before.

It takes a second, brings pandas along, and is not ready for pandas 3.1, which warns of that: a
matter between the two, not of the export that the user asked for.
"""

from __future__ import annotations

import warnings
from types import ModuleType


def wfdb_library() -> ModuleType:
    """Return the package ``wfdb``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import wfdb
    library: ModuleType = wfdb
    return library
