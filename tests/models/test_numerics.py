"""The same record gives the same result, however it is computed, cut or stored.

All three shipped models on real records. ``TOLERANCES`` states, in one place, how much a result
may differ; ``pytest -m slow -s tests/models/test_numerics.py`` prints what was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pytest
import torch

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.errors import AnalysisError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle, shipped_bundle
from ecgviewer.models.run import windows
from ecgviewer.models.run.analyser import Detector
from ecgviewer.signal.resample import resample

pytestmark = pytest.mark.slow
MODELS = ("cae", "vae-bilstm", "vae-bilstm-mha")
SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Tolerance:
    """How far results may lie apart.

    ``score``: of the record, in its own units (normals spread over about 4). ``raw_share``: of the
    raw score. ``map_q99``: 99th percentile of the differences of the score maps. ``trace_uv``: 99th
    percentile of the differences of the reconstructions.
    """

    score: float
    raw_share: float
    map_q99: float
    trace_uv: float


TOLERANCES = {
    "threads": Tolerance(1e-3, 1e-4, 2e-3, 0.1),
    "batch size": Tolerance(1e-3, 1e-4, 2e-3, 0.1),
    "chunk borders": Tolerance(5e-3, 1e-4, 2e-3, 0.1),
    "float32 source": Tolerance(1e-3, 1e-4, 2e-3, 0.1),
    "float16 source": Tolerance(2e-2, 1e-3, 2e-3, 0.2),
    "1000 Hz": Tolerance(2e-2, 5e-3, 1e-2, 5.0),
    "400 Hz": Tolerance(2e-2, 5e-3, 1e-2, 5.0),
    "360 Hz": Tolerance(2e-2, 5e-3, 2e-2, 10.0),
    "250 Hz": Tolerance(2e-2, 5e-3, 2e-2, 10.0),
}


class Samples:
    """A signal in memory, as a recording's source."""

    def __init__(self, values: npt.NDArray[np.floating]) -> None:
        self.values = values.astype(np.float32)

    def read(self, start: int, stop: int, leads: list[int]) -> FloatArray:
        return self.values[list(leads), start:stop].copy()

    def content_hash(self) -> str:
        return "0" * 64

    def close(self) -> None:
        pass


def held(recording: Recording, values: FloatArray, fs_hz: float = 0.0) -> Recording:
    source = Samples(values)
    fs_hz = fs_hz or recording.fs_hz
    return replace(recording, source=source, n_samples=source.values.shape[1], fs_hz=fs_hz)


def sample(name: str, seconds: float = 0.0) -> Recording:
    recording = open_record(RecordRef(SAMPLES / f"{name}.hea"))
    values = recording.read(0.0, seconds or recording.duration_s)
    recording.source.close()
    return held(recording, values)


@pytest.fixture(scope="module", params=MODELS)
def detector(request: pytest.FixtureRequest) -> Detector:
    return Detector(Bundle.load(shipped_bundle(request.param)), "cpu")


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def differences(a: Analysis, b: Analysis) -> Tolerance:
    n = min(a.score_map.shape[1], b.score_map.shape[1])

    def apart(name: str) -> float:
        first, second = (getattr(one, name)[:, :n] for one in (a, b))
        assert (np.isfinite(first) == np.isfinite(second)).mean() > 0.999
        return float(np.nanquantile(np.abs(first - second), 0.99))

    return Tolerance(
        abs(a.score - b.score),
        abs(a.raw_score - b.raw_score) / abs(a.raw_score),
        apart("score_map"),
        apart("reconstruction_mv") * 1000,
    )


def compare(what: str, detector: Detector, record: str, a: Analysis, b: Analysis) -> list[str]:
    """Print the differences; return what exceeds the tolerance."""
    found, allowed = differences(a, b), TOLERANCES[what]
    model = detector.bundle.architecture
    print(f"{model:15} {record:9} {what:15} score {found.score:.1e}  raw {found.raw_share:.1e}  "
          f"map {found.map_q99:.1e}  trace {found.trace_uv:.2g} uV")  # fmt: skip
    return [
        f"{record} {what} {name}: {value:.3g} > {getattr(allowed, name):g}"
        for name, value in vars(found).items()
        if value > getattr(allowed, name)
    ]


def test_threads_and_batches_do_not_matter(detector: Detector) -> None:
    record = sample("S0005", 45.0)
    runner, default = detector._runner, detector._runner.batch_size
    torch.set_num_threads(1)
    first = detector.analyze(record)
    wrong = []
    for threads in (2, 4):
        torch.set_num_threads(threads)
        wrong += compare("threads", detector, "S0005", first, detector.analyze(record))
    torch.set_num_threads(1)
    try:
        for batch in (1, 3, 16):
            runner.batch_size = batch
            wrong += compare("batch size", detector, "S0005", first, detector.analyze(record))
    finally:
        runner.batch_size = default
    assert wrong == []


def test_borders_of_chunks_and_the_record_length_do_not_matter(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = sample("S0005", 90.0)
    whole = detector.analyze(record)
    wrong = []
    for chunk_s in (20.0, 30.0):
        monkeypatch.setattr(windows, "CHUNK_S", chunk_s)
        again = detector.analyze(record)
        wrong += compare("chunk borders", detector, "S0005", whole, again)
        for a, b in zip(whole.windows, again.windows, strict=True):
            if abs(a.score - b.score) > TOLERANCES["chunk borders"].score:
                wrong.append(f"window at {a.start_s}: {a.score} or {b.score}")
    monkeypatch.undo()
    short = detector.analyze(sample("S0005", 45.0))
    # The last window of the shorter record begins elsewhere; the others are the same windows.
    for a, b in zip(whole.windows[:3], short.windows[:3], strict=True):
        assert (a.start_s, a.stop_s) == (b.start_s, b.stop_s)
        if abs(a.score - b.score) > TOLERANCES["chunk borders"].score:
            wrong.append(f"window at {a.start_s}, cut: {a.score} or {b.score}")
    assert wrong == []


@pytest.mark.parametrize("name", ["00010_hr", "00338_hr"])
def test_how_a_record_is_stored_does_not_matter(
    detector: Detector, name: str, tmp_path: Path
) -> None:
    recording = open_record(RecordRef(SAMPLES / f"{name}.hea"))  # int16, format 16
    values = recording.read(0.0, 10.0)
    first = detector.analyze(recording)
    wrong = []
    for dtype in ("float32", "float16"):
        path = tmp_path / f"{name}.{dtype}.h5"
        with h5py.File(path, "w") as file:
            data = file.create_dataset("ecg", data=values.astype(dtype))
            data.attrs["fs"], data.attrs["units"] = recording.fs_hz, "mV"
            data.attrs["lead_names"] = list(recording.leads)
        stored = open_record(RecordRef(path))
        again = detector.analyze(stored)
        stored.source.close()
        wrong += compare(f"{dtype} source", detector, name, first, again)
    for fs_hz in (1000, 400, 360, 250):
        other = held(recording, resample(values, recording.fs_hz, fs_hz), float(fs_hz))
        wrong += compare(f"{fs_hz} Hz", detector, name, first, detector.analyze(other))
    recording.source.close()
    assert wrong == []


def hostile() -> dict[str, Callable[[FloatArray], None]]:
    """Return ways to spoil a record."""

    def put(value: float, rows: object, part: slice) -> Callable[[FloatArray], None]:
        def spoil(values: FloatArray) -> None:
            values[rows, part] = value

        return spoil

    everywhere, second = slice(None), slice(1000, 1500)
    return {
        "a NaN lead": put(np.nan, 3, everywhere),
        "NaN for a second": put(np.nan, everywhere, second),
        "inf for a second": put(np.inf, [1, 7], second),
        "-inf once": put(-np.inf, everywhere, slice(2222, 2223)),
        "a flat lead": put(0.0, 8, everywhere),
        "flat leads": put(0.25, [6, 7, 8, 9, 10], everywhere),
        "a saturated lead": put(32.767, 4, everywhere),
        "saturated for a second": put(-32.768, [0, 1, 5], second),
        "1e30 once": put(1e30, 2, slice(3000, 3001)),
        "1e-30 everywhere": put(1e-30, 11, everywhere),
    }


@pytest.mark.parametrize("what", [*hostile(), "everything"])
def test_nothing_spoilt_reaches_a_network_or_a_score(
    detector: Detector, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = sample("00010_hr")
    values = record.source.values  # type: ignore[attr-defined]
    ways = hostile()
    for name in ways if what == "everything" else [what]:
        ways[name](values)
    seen: list[tuple[FloatArray, npt.NDArray[np.bool_]]] = []
    infer = detector._runner._network.infer

    def watch(x: torch.Tensor, valid: torch.Tensor, *how: bool) -> object:
        seen.append((x.numpy(), valid.numpy()))
        return infer(x, valid, *how)

    monkeypatch.setattr(detector._runner._network, "infer", watch)
    try:
        analysis = detector.analyze(record)
    except AnalysisError as error:
        assert what == "everything", error
        assert "usable leads" in error.reason
        return
    for x, valid in seen:
        assert np.isfinite(x).all() and np.abs(x).max() < 1e3
        assert (x[~valid] == 0).all()
    assert np.isfinite([analysis.score, analysis.raw_score, analysis.p_value]).all()
    assert all(np.isfinite(w.score) and np.isfinite(w.raw_score) for w in analysis.windows)
    assert not np.isinf(analysis.score_map).any()
    unusable = ~np.isfinite(values)[:, ::5]
    assert np.isnan(analysis.score_map[unusable]).all()
    if what not in ("-inf once", "1e30 once"):
        assert analysis.quality_text() != "ok", what
