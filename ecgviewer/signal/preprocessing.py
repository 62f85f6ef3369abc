"""The preprocessing that travels inside a model bundle; trainer and viewer run this very code."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import AnalysisError
from ecgviewer.signal.gaps import DoubleArray, FloatArray, bridge_gaps, mask_at_rate
from ecgviewer.signal.resample import resample_bridged, resampled_length
from ecgviewer.signal.scipy_parts import butter, iirnotch, resample_poly, sosfiltfilt, tf2sos

LOWEST_DESIGN_RATE_HZ = 500.0
PAD_S = 27 / 500
"""Odd extension at the ends; at 500 Hz the default of ``scipy.signal.sosfiltfilt`` for this
filter, so that records prepared elsewhere with that default look the same."""
NOTCH_QUALITY = 30.0
SMALLEST_SCALE_MV = 1e-3
"""A lead that varies less than one microvolt is flat: z-scoring must not blow up its noise."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a recording becomes the input of a network.

    A zero-phase Butterworth band-pass (forward and backward) and an optional mains notch, at a
    fixed internal rate (the smallest multiple of ``fs_hz`` from 500 Hz on) to which every
    recording is brought first, so that the same record at 250 or 1000 Hz gives the same result;
    then decimation to ``fs_hz``; then scaling.

    Attributes
    ----------
    fs_hz : float
        Sampling rate of the network.
    low_hz, high_hz : float
        Corners of the band-pass.
    order : int
        Of the Butterworth filter (applied twice, once in each direction).
    notch_hz : float or None
        Mains frequency to remove.
    scaling : str
        ``zscore``: each lead of a window to mean 0 and standard deviation 1. ``fixed``: mV
        divided by ``lead_scale_mv``, which keeps amplitudes comparable between records.
    lead_scale_mv : tuple of float
        One robust scale per lead, from normals; for ``fixed`` only.
    """

    fs_hz: float = 100.0
    low_hz: float = 0.5
    high_hz: float = 40.0
    order: int = 4
    notch_hz: float | None = None
    scaling: str = "zscore"
    lead_scale_mv: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "lead_scale_mv", tuple(float(v) for v in self.lead_scale_mv))
        if not (math.isfinite(self.fs_hz) and 1.0 <= self.fs_hz <= 10_000.0):
            raise ValueError(f"fs_hz must lie between 1 and 10000, not {self.fs_hz}")
        if not 0.0 < self.low_hz < self.high_hz <= self.fs_hz / 2:
            raise ValueError(
                f"the band {self.low_hz}-{self.high_hz} Hz must lie within 0-{self.fs_hz / 2} Hz"
            )
        if not (isinstance(self.order, int) and 1 <= self.order <= 10):
            raise ValueError(f"order must lie between 1 and 10, not {self.order}")
        if self.notch_hz is not None and not 0.0 < self.notch_hz < self.design_fs_hz / 2:
            raise ValueError(f"notch_hz must lie below {self.design_fs_hz / 2}")
        if self.scaling not in ("zscore", "fixed"):
            raise ValueError(f"scaling must be 'zscore' or 'fixed', not {self.scaling!r}")
        if self.scaling == "fixed" and not self.lead_scale_mv:
            raise ValueError("fixed scaling needs lead_scale_mv")
        if not all(math.isfinite(v) and v > 0 for v in self.lead_scale_mv):
            raise ValueError("lead_scale_mv must be positive")

    @property
    def design_fs_hz(self) -> float:
        """Rate at which the filter runs: a whole multiple of ``fs_hz``."""
        return self.fs_hz * max(math.ceil(LOWEST_DESIGN_RATE_HZ / self.fs_hz - 1e-9), 1)

    @property
    def min_duration_s(self) -> float:
        """Shortest record the filter can do: half a period of ``low_hz``."""
        return 0.5 / self.low_hz

    @property
    def margin_s(self) -> float:
        """Context to give on each side of a chunk, in whole seconds.

        With it, a chunk differs from the whole record by less than 1e-4 mV on ordinary
        recordings (1e-5 is usual). Chunks must start at whole seconds.
        """
        return float(math.ceil(4.0 / self.low_hz))

    def filter(self, signal_mv: npt.ArrayLike, fs_hz: float) -> FloatArray:
        """Return the recording in mV, filtered and at the rate of the network.

        Parameters
        ----------
        signal_mv : array [L, n]
            NaN and infinite samples are missing: bridged for the filter, NaN in the result.
        fs_hz : float
            Sampling rate of ``signal_mv``; at least twice ``high_hz``.

        Returns
        -------
        float32 array [L, ceil(n * self.fs_hz / fs_hz)]

        Raises
        ------
        AnalysisError
            When the record is too short or sampled too slowly for this filter.
        """
        if not (math.isfinite(fs_hz) and fs_hz >= 2 * self.high_hz):
            raise AnalysisError(
                f"a sampling rate of {fs_hz:g} Hz cannot carry the model's band of "
                f"{self.low_hz:g}-{self.high_hz:g} Hz"
            )
        filled, missing = bridge_gaps(signal_mv)
        n = filled.shape[1]
        if n < self.min_duration_s * fs_hz:
            raise AnalysisError(
                f"{n / fs_hz:.2f} s is too short for the model's filter "
                f"({self.min_duration_s:g} s needed)"
            )
        design = self.design_fs_hz
        x = resample_bridged(filled, fs_hz, design)
        pad = min(round(PAD_S * design), x.shape[1] - 1)
        for sos in _filters(design, self.low_hz, self.high_hz, self.order, self.notch_hz):
            x = sosfiltfilt(sos, x, axis=1, padlen=pad)
        factor = round(design / self.fs_hz)
        if factor > 1:
            # Zeros beyond the ends, as in scipy's default: band-passed signals have mean zero.
            x = resample_poly(x, 1, factor, axis=1)
        n_out = resampled_length(n, fs_hz, self.fs_hz)
        out = np.asarray(x[:, :n_out], dtype=np.float32)
        out[mask_at_rate(missing, fs_hz, self.fs_hz, out.shape[1])] = np.nan
        return out

    def scale(self, filtered_mv: FloatArray) -> FloatArray:
        """Return a filtered window [L, m] (mV) in network units; NaN stays NaN."""
        centre, spread = self._centre_and_spread(filtered_mv)
        return np.asarray((filtered_mv - centre) / spread, dtype=np.float32)

    def unscale(self, network_units: FloatArray, like: FloatArray) -> FloatArray:
        """Return network output [L, m] in mV, undoing :meth:`scale` of the window ``like``.

        Parameters
        ----------
        like : array [L, m]
            The filtered window (mV) that was scaled.
        """
        centre, spread = self._centre_and_spread(like)
        return np.asarray(network_units * spread + centre, dtype=np.float32)

    def _centre_and_spread(self, filtered_mv: FloatArray) -> tuple[DoubleArray, DoubleArray]:
        n_leads = filtered_mv.shape[0]
        if self.scaling == "fixed":
            if n_leads != len(self.lead_scale_mv):
                raise ValueError(f"{n_leads} leads, but {len(self.lead_scale_mv)} lead scales")
            return np.zeros((n_leads, 1)), np.asarray(self.lead_scale_mv)[:, np.newaxis]
        valid = np.isfinite(filtered_mv)
        count = np.maximum(valid.sum(axis=1, keepdims=True), 1)
        values = np.where(valid, filtered_mv, 0.0).astype(np.float64)
        centre = values.sum(axis=1, keepdims=True) / count
        squares = np.where(valid, (values - centre) ** 2, 0.0).sum(axis=1, keepdims=True)
        return centre, np.maximum(np.sqrt(squares / count), SMALLEST_SCALE_MV)

    def to_dict(self) -> dict[str, object]:
        """Return the fields as plain JSON values."""
        return asdict(self) | {"lead_scale_mv": list(self.lead_scale_mv)}

    def to_json(self) -> str:
        """Return the specification as canonical JSON (sorted keys, no spaces)."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Preprocessing:
        """Read what :meth:`to_json` wrote; raises ValueError on anything else."""
        values = json.loads(text)
        if not isinstance(values, dict):
            raise ValueError("a preprocessing specification is a JSON object")
        return cls.from_dict(values)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Preprocessing:
        """Build from the output of :meth:`to_dict`; raises ValueError on unknown fields."""
        known = {field.name for field in fields(cls)}
        if unknown := set(values) - known:
            raise ValueError(f"unknown preprocessing fields: {', '.join(sorted(unknown))}")
        try:
            return cls(**values)  # type: ignore[arg-type]
        except TypeError as error:
            raise ValueError(f"wrong type in a preprocessing specification: {error}") from error

    def sha256(self) -> str:
        """Return the hash that keys caches of preprocessed records."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


@lru_cache(maxsize=32)
def _filters(
    fs_hz: float, low_hz: float, high_hz: float, order: int, notch_hz: float | None
) -> tuple[DoubleArray, ...]:
    nyquist = fs_hz / 2
    if high_hz >= nyquist:
        filters = [butter(order, low_hz, "highpass", fs=fs_hz, output="sos")]
    else:
        filters = [butter(order, [low_hz, high_hz], "bandpass", fs=fs_hz, output="sos")]
    if notch_hz is not None:
        filters.append(tf2sos(*iirnotch(notch_hz, NOTCH_QUALITY, fs=fs_hz)))
    return tuple(filters)
