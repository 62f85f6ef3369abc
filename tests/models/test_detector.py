"""The detector on real samples: complete, repeatable, honest about what it could not judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.errors import AnalysisError
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.run import growing_maps as maps_module
from ecgviewer.models.run.analyser import Detector
from ecgviewer.models.run.devices import resolve_device
from ecgviewer.models.run.kept.store import AnalysisStore

MakeBundle = Callable[..., Bundle]


class Samples:
    """A signal in memory, as a recording's source."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values.astype(np.float32)

    def read(self, start: int, stop: int, leads: list[int]) -> np.ndarray:
        return self.values[list(leads), start:stop].copy()

    def content_hash(self) -> str:
        return "0" * 64

    def close(self) -> None:
        pass


def in_memory(recording: Recording, change: Callable[[np.ndarray], np.ndarray]) -> Recording:
    values = recording.read(0, recording.duration_s)
    source = Samples(change(values))
    return replace(recording, source=source, n_samples=source.values.shape[1])


@pytest.fixture(scope="module")
def normal() -> Recording:
    root = Path(__file__).resolve().parents[2] / "resources" / "samples"
    return open_record(RecordRef(root / "00010_hr.hea"))


@pytest.fixture(scope="module")
def long_record() -> Recording:
    root = Path(__file__).resolve().parents[2] / "resources" / "samples"
    return open_record(RecordRef(root / "S0005.hea"))


@pytest.fixture(scope="module")
def detector(make_bundle: MakeBundle) -> Detector:
    return Detector(make_bundle("vae-bilstm-mha"), "cpu")


@pytest.mark.parametrize("architecture", ["cae", "vae-bilstm", "vae-bilstm-mha"])
def test_an_analysis_is_complete(
    make_bundle: MakeBundle, normal: Recording, architecture: str
) -> None:
    analysis = Detector(make_bundle(architecture), "cpu").analyze(normal)
    assert analysis.model == architecture
    assert analysis.leads == STANDARD_LEADS
    assert analysis.recording_sha256 == normal.content_hash()
    for name in ("score_map", "reconstruction_mv", "model_input_mv", "model_output_mv"):
        values = getattr(analysis, name)
        assert values.shape == (12, 1000)
        assert np.isfinite(values).all()
    assert (analysis.attention is not None) == (architecture == "vae-bilstm-mha")
    assert (analysis.saliency is not None) == (architecture == "cae")
    assert 0 <= analysis.p_value <= 1
    assert np.isfinite([analysis.score, analysis.raw_score, analysis.threshold(0.95)]).all()
    assert analysis.quality_text() == "ok"
    assert {"torch", "numpy", "ecgviewer"} <= set(analysis.versions)


def test_the_reconstruction_lies_on_the_unfiltered_trace(
    detector: Detector, normal: Recording
) -> None:
    """A slow drift that the filter removes comes back with the reconstruction."""
    drift = np.linspace(0, 1.5, normal.n_samples)[None]
    shifted = detector.analyze(in_memory(normal, lambda v: v + drift))
    plain = detector.analyze(normal)
    difference = (shifted.reconstruction_mv - plain.reconstruction_mv)[:, 100:-100]
    np.testing.assert_allclose(difference, drift[:, ::5][:, 100:-100].repeat(12, 0), atol=0.1)


def test_leads_are_found_by_name_in_any_order(detector: Detector, normal: Recording) -> None:
    order = list(reversed(range(12)))
    turned = replace(
        in_memory(normal, lambda v: v[order]), leads=tuple(normal.leads[i] for i in order)
    )
    a, b = detector.analyze(normal), detector.analyze(turned)
    np.testing.assert_allclose(a.score_map, b.score_map, atol=1e-3)
    assert a.score == pytest.approx(b.score, abs=1e-4)


def test_derived_limb_leads_are_computed(detector: Detector, normal: Recording) -> None:
    keep = [i for i, lead in enumerate(normal.leads) if lead not in ("III", "aVR", "aVL", "aVF")]
    eight = replace(
        in_memory(normal, lambda v: v[keep]), leads=tuple(normal.leads[i] for i in keep)
    )
    analysis = detector.analyze(eight)
    assert np.isfinite(analysis.score_map).all()
    assert any("computed from leads I and II" in note for note in analysis.notes)
    full = detector.analyze(normal)
    np.testing.assert_allclose(analysis.model_input_mv, full.model_input_mv, atol=0.01)


def test_a_missing_and_a_flat_lead_are_masked_and_named(
    detector: Detector, normal: Recording
) -> None:
    keep = [i for i, lead in enumerate(normal.leads) if lead != "V2"]

    def flat_v5(values: np.ndarray) -> np.ndarray:
        values[normal.leads.index("V5")] = 0.0
        return values[keep]

    record = replace(in_memory(normal, flat_v5), leads=tuple(normal.leads[i] for i in keep))
    analysis = detector.analyze(record)
    v2, v5 = STANDARD_LEADS.index("V2"), STANDARD_LEADS.index("V5")
    assert np.isnan(analysis.score_map[[v2, v5]]).all()
    others = [i for i in range(12) if i not in (v2, v5)]
    assert np.isfinite(analysis.score_map[others]).all()
    assert "missing V2" in analysis.quality_text()
    assert "flat V5" in analysis.quality_text()
    assert np.isfinite(analysis.score)


def test_too_few_leads_are_refused_by_name(detector: Detector, normal: Recording) -> None:
    three = replace(in_memory(normal, lambda v: v[:3]), leads=normal.leads[:3])
    with pytest.raises(AnalysisError, match=r"missing: .*V1"):
        detector.analyze(three)


def test_nothing_usable_is_refused_with_the_reason(detector: Detector, normal: Recording) -> None:
    with pytest.raises(AnalysisError, match=r"usable leads.*flat"):
        detector.analyze(in_memory(normal, lambda v: v * 0))


@pytest.mark.parametrize("seconds", [2.6, 6.0, 9.9])
def test_short_records_are_judged_without_padding(
    detector: Detector, normal: Recording, seconds: float
) -> None:
    short = in_memory(normal, lambda v: v[:, : round(seconds * 500)])
    analysis = detector.analyze(short)
    assert analysis.score_map.shape[1] == round(seconds * 100)
    assert analysis.duration_s == pytest.approx(seconds)
    assert any("shorter than the 10 s" in note for note in analysis.notes) or seconds > 9.89


def test_too_short_a_record_is_refused_with_its_length(
    detector: Detector, normal: Recording
) -> None:
    with pytest.raises(AnalysisError, match=r"0\.50 s is too short"):
        detector.analyze(in_memory(normal, lambda v: v[:, :250]))


def test_the_last_window_ends_with_the_record(detector: Detector, long_record: Recording) -> None:
    record = in_memory(long_record, lambda v: v[:, :23_456])
    analysis = detector.analyze(record)
    assert [round(w.stop_s - w.start_s, 2) for w in analysis.windows] == [10.0] * 3
    assert analysis.windows[-1].stop_s == pytest.approx(23.46, abs=0.011)
    assert np.isfinite(analysis.score_map).all()


def test_gaps_are_masked_and_never_reach_the_score(detector: Detector, normal: Recording) -> None:
    def holes(values: np.ndarray) -> np.ndarray:
        values[3, 1000:1500] = np.nan
        values[7, 2000:2100] = np.inf
        return values

    analysis = detector.analyze(in_memory(normal, holes))
    assert np.isnan(analysis.score_map[3, 205:295]).all()
    assert np.isfinite(analysis.score_map[3, 400:]).all()
    assert np.isfinite([analysis.score, analysis.raw_score]).all()


def test_batch_size_and_threads_do_not_matter(
    make_bundle: MakeBundle, long_record: Recording
) -> None:
    record = in_memory(long_record, lambda v: v[:, :50_000])

    def run(batch: int, threads: int) -> Analysis:
        detector = Detector(make_bundle("vae-bilstm"), "cpu")
        detector._runner.batch_size = batch
        torch.set_num_threads(threads)
        try:
            return detector.analyze(record)
        finally:
            torch.set_num_threads(1)

    first = run(8, 1)
    for batch, threads in ((1, 1), (3, 2)):
        again = run(batch, threads)
        np.testing.assert_allclose(again.score_map, first.score_map, atol=2e-3)
        assert again.score == pytest.approx(first.score, abs=1e-3)
        assert again.raw_score == pytest.approx(first.raw_score, rel=1e-4)


def test_maps_of_long_records_live_in_files_that_go_away(
    make_bundle: MakeBundle,
    long_record: Recording,
    user_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(maps_module, "IN_MEMORY_SAMPLES", 2000)
    record = in_memory(long_record, lambda v: v[:, :25_000])
    analysis = Detector(make_bundle("cae"), "cpu").analyze(record)
    assert isinstance(analysis.score_map, np.memmap)
    store = AnalysisStore(user_home / "store")
    assert store.put(analysis)
    kept = store.get(analysis.recording_sha256, analysis.bundle_sha256)
    assert kept is not None
    monkeypatch.setattr(maps_module, "IN_MEMORY_SAMPLES", 10**9)
    in_memory_again = Detector(make_bundle("cae"), "cpu").analyze(record)
    for name in ("score_map", "saliency", "reconstruction_mv"):
        expected = getattr(in_memory_again, name)
        np.testing.assert_allclose(getattr(analysis, name), expected, atol=1e-5)
        np.testing.assert_allclose(getattr(kept, name), expected, atol=1e-5)
    del analysis
    assert not list(user_home.rglob("unfinished/*"))


@pytest.mark.parametrize("fs_hz", [250, 360, 400, 1000])
def test_the_sampling_rate_hardly_matters(
    detector: Detector, normal: Recording, fs_hz: float
) -> None:
    from ecgviewer.signal.resample import resample

    values = resample(normal.read(0, 10), 500, fs_hz)
    record = replace(normal, source=Samples(values), n_samples=values.shape[1], fs_hz=float(fs_hz))
    first, again = detector.analyze(normal), detector.analyze(record)
    close = np.abs(again.model_input_mv - first.model_input_mv[:, : again.score_map.shape[1]])
    assert np.median(close) < 0.005
    assert again.raw_score == pytest.approx(first.raw_score, rel=0.05)


def test_without_units_amplitudes_are_not_judged(detector: Detector, normal: Recording) -> None:
    record = replace(in_memory(normal, lambda v: v * 7), units_known=False)
    analysis = detector.analyze(record)
    assert any("no units" in note for note in analysis.notes)
    assert np.isfinite(analysis.score)


@pytest.mark.parametrize(("age_years", "said"), [(4.0, True), (56.0, False), (None, False)])
def test_a_child_is_not_silently_compared_with_adults(
    detector: Detector, normal: Recording, age_years: float | None, said: bool
) -> None:
    patient = replace(normal.patient, age_years=age_years)
    notes = detector.analyze(replace(normal, patient=patient)).notes
    assert any("child" in note for note in notes) == said


def test_an_exhausted_gpu_falls_back_and_says_so(
    make_bundle: MakeBundle, normal: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A runner that believes to be on a GPU whose memory never suffices."""
    detector = Detector(make_bundle("cae"), "cpu")
    runner = detector._runner
    infer = runner._network.infer

    class Full:
        type = "cuda"

    def no_memory(x, valid, *explain):
        if isinstance(runner.device, Full):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return infer(x, valid, *explain)

    monkeypatch.setattr(runner._network, "infer", no_memory)
    move = torch.Tensor.to

    def to(self, *where, **options):
        return self if isinstance(where[0], Full) else move(self, *where, **options)

    monkeypatch.setattr(torch.Tensor, "to", to)
    runner.device, runner.batch_size = Full(), 16
    analysis = detector.analyze(normal)
    assert any("out of memory" in note for note in analysis.notes)
    assert analysis.device == "cpu"


def test_devices_that_are_not_there_are_refused() -> None:
    with pytest.raises(AnalysisError, match="is no device"):
        resolve_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(AnalysisError, match="no CUDA GPU"):
            resolve_device("cuda")
