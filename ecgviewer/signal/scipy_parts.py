"""What the program uses of scipy: the only place that imports it.

Readers, filters and beats are imported by several threads when they are first needed. Where two
threads import parts of scipy at once, Python breaks the knot by handing out half-made modules
(``cannot import name ... from partially initialized module``), and scipy stays broken from then
on. One module with everything has one lock: whoever comes second waits.
"""

from __future__ import annotations

from scipy import __version__ as scipy_version
from scipy.ndimage import (
    gaussian_filter1d,
    maximum_filter1d,
    median_filter,
    minimum_filter1d,
    uniform_filter1d,
)
from scipy.signal import (
    butter,
    find_peaks,
    firwin,
    iirnotch,
    resample_poly,
    sosfilt,
    sosfiltfilt,
    tf2sos,
)
from scipy.stats import norm

__all__ = [
    "butter",
    "find_peaks",
    "firwin",
    "gaussian_filter1d",
    "iirnotch",
    "maximum_filter1d",
    "median_filter",
    "minimum_filter1d",
    "norm",
    "resample_poly",
    "scipy_version",
    "sosfilt",
    "sosfiltfilt",
    "tf2sos",
    "uniform_filter1d",
]
