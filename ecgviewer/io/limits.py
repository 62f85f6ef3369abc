"""What no ECG exceeds. Claims beyond these come from damaged or hostile files."""

from __future__ import annotations

MAX_HEADER_BYTES = 4_000_000
MAX_SIGNALS = 512
MAX_SEGMENTS = 50_000
MAX_SKEW_FRAMES = 65_536
MAX_FRAME_SAMPLES = 1_000_000
"""Over all signals of one WFDB frame."""
MAX_SAMPLES_PER_S = 4_000_000.0
"""Over all leads: 12 at 200 kHz are 2.4 million."""
MAX_FOLDER_DEPTH = 64
"""Below the folder that is searched."""
MIN_FS_HZ = 20.0
MAX_FS_HZ = 200_000.0
MAX_DURATION_S = 366 * 86_400.0
MAX_CHUNK_BYTES = 256_000_000
"""Of one compressed HDF5 chunk, which is always decoded whole."""
MAX_STACKED_RECORDS = 10_000_000
MAX_HDF5_OBJECTS = 100_000
"""Looked at in one HDF5 file."""
MAX_SOFT_LINKS = 16
"""On the way to one HDF5 dataset: as many as the library itself follows."""
MAX_VIRTUAL_DEPTH = 4
"""Of HDF5 datasets put together from others that are put together themselves."""
MAX_VIRTUAL_SOURCES = 10_000
