"""What no ECG exceeds. Claims beyond these come from damaged or hostile files."""

from __future__ import annotations

MAX_HEADER_BYTES = 4_000_000
MAX_SIGNALS = 512
MIN_FS_HZ = 20.0
MAX_FS_HZ = 200_000.0
MAX_DURATION_S = 366 * 86_400.0
MAX_CHUNK_BYTES = 256_000_000
"""Of one compressed HDF5 chunk, which is always decoded whole."""
MAX_STACKED_RECORDS = 10_000_000
MAX_HDF5_OBJECTS = 100_000
"""Looked at in one HDF5 file."""
