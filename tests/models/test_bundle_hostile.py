"""Bundles made to do harm: refused before memory is taken, nothing executed, nothing written."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from ecgviewer.core.errors import BundleError
from ecgviewer.models.bundle.bundle import Bundle, read_info
from ecgviewer.models.bundle.file import content_sha256, parse_metadata

Change = Callable[[dict[str, str], dict[str, Any]], object]


@pytest.fixture
def path(make_bundle: Callable[..., Bundle], tmp_path: Path) -> Path:
    """A sound bundle with attention."""
    saved = make_bundle("vae-bilstm-mha").save(tmp_path / "m.ecgmodel").path
    assert saved is not None
    Bundle.load(saved)  # brings the imports, which must not count as what a hostile one takes
    return saved


def _rewritten(path: Path, change: Change) -> Path:
    """Write the bundle anew, changed, with a checksum that fits."""
    content = path.read_bytes()
    metadata, tensors = parse_metadata(content, path), load(content)
    metadata.pop("content_sha256")
    change(metadata, tensors)
    metadata["content_sha256"] = content_sha256(metadata, tensors)
    path.write_bytes(save(tensors, metadata=metadata))
    return path


def _with_json(path: Path, key: str, **values: object) -> Path:
    return _rewritten(path, lambda m, _: m.update({key: json.dumps(json.loads(m[key]) | values)}))


def _load_in_little_memory(path: Path) -> None:
    tracemalloc.start()
    try:
        Bundle.load(path)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 150 << 20


@pytest.mark.parametrize(
    "hyper",
    [{"hidden": 10**9}, {"latent": 10**30}, {"layers": 1000}, {"heads": 1024}, {"hidden": -1},
     {"hidden": 1e308}, {"block": 0}, {"block": "/dev/zero"}, {"stem": "yes"}, {"floor_sd": 0},
     {"beta": "1"}, {"lead_heads": 0}, {"hidden": None}, {"hidden": [1]}, {"dropout": 2},
     {"hidden": 1024, "latent": 1024}],
    ids=str,
)  # fmt: skip
def test_absurd_hyperparameters(path: Path, hyper: dict[str, object]) -> None:
    with pytest.raises(BundleError, match=r"no sense|no network|do not fit|not valid"):
        _load_in_little_memory(_with_json(path, "hyper", **hyper))


@pytest.mark.parametrize(
    "values",
    [{"fs_hz": 10_000.0, "high_hz": 40.0}, {"low_hz": 1e-9}, {"low_hz": 0}, {"order": 10**6},
     {"scaling": "fixed", "lead_scale_mv": [1e30] * 12},
     {"scaling": "fixed", "lead_scale_mv": [1.0] * 11}, {"notch_hz": -50}, {"fs_hz": "100"}],
    ids=str,
)  # fmt: skip
def test_absurd_preprocessing(path: Path, values: dict[str, object]) -> None:
    windowing = {"length_s": 120.0} if values.get("fs_hz") == 10_000.0 else {}
    with pytest.raises(BundleError):
        _load_in_little_memory(
            _with_json(_with_json(path, "preprocessing", **values), "windowing", **windowing)
        )


def test_windows_that_attention_could_not_hold(path: Path) -> None:
    with pytest.raises(BundleError, match="more memory"):
        Bundle.load(_with_json(path, "windowing", length_s=120.0, shortest_s=2.5))


@pytest.mark.parametrize("kind", ["f8", "i4", "u1"])
@pytest.mark.parametrize("name", ["network.to_latent.weight", "scorer.log_p"])
def test_tensors_of_another_type(path: Path, name: str, kind: str) -> None:
    with pytest.raises(BundleError, match=r"not float32|holds"):
        Bundle.load(
            _rewritten(path, lambda _, t: t.update({name: np.nan_to_num(t[name]).astype(kind)}))
        )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize(
    "name", ["density.beat_mv.spread", "map.residual.network.centre", "record_reference", "log_p"]
)
def test_a_calibration_of_impossible_numbers(path: Path, name: str, value: float) -> None:
    if name == "log_p" and np.isnan(value):
        pytest.skip("where a part could not judge")

    def change(_: object, tensors: dict[str, Any]) -> None:
        tensors[f"scorer.{name}"].reshape(-1)[0] = value

    with pytest.raises(BundleError, match="calibration is not valid"):
        Bundle.load(_rewritten(path, change))


@pytest.mark.parametrize(
    ("name", "value"),
    [("density.beat_mv.spread", 0.0), ("density.beat_shape.rest", 0.0),
     ("map.residual.network.spread", -1.0), ("map.unit.network", 5.0),
     ("density.latent.spread", 0.0), ("density.residual.quantiles", None)],
)  # fmt: skip
def test_a_calibration_that_would_divide_by_zero(
    path: Path, name: str, value: float | None
) -> None:
    def change(_: object, tensors: dict[str, Any]) -> None:
        values = tensors[f"scorer.{name}"]
        tensors[f"scorer.{name}"] = values[::-1].copy() if value is None else values * 0 + value

    with pytest.raises(BundleError, match=f"calibration is not valid: {name}"):
        Bundle.load(_rewritten(path, change))


@pytest.mark.parametrize("absent", ["log_p", "record_reference", "density.latent.mean"])
def test_a_calibration_with_a_part_missing(path: Path, absent: str) -> None:
    _rewritten(path, lambda _, tensors: tensors.pop(f"scorer.{absent}"))
    with pytest.raises(BundleError, match="calibration is not valid"):
        Bundle.load(path).scorer()


@pytest.mark.parametrize("key", ["thresholds", "card", "hyper", "leads", "architecture"])
def test_metadata_that_is_missing(path: Path, key: str) -> None:
    _rewritten(path, lambda metadata, _: metadata.pop(key))
    if key == "card":
        assert Bundle.load(path).card.startswith("# VAE-BiLSTM")
        assert read_info(path).card == ""
        return
    with pytest.raises(BundleError):
        Bundle.load(path)
    assert key in ("hyper", "leads") or read_info(path).problem


def _with_header(path: Path, change: Callable[[dict[str, Any]], str | None]) -> Path:
    """Write the file's header anew; the bytes behind it stay."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    text = (change(header) or json.dumps(header)).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
    return path


def _overlapping(header: dict[str, Any]) -> None:
    names = sorted(set(header) - {"__metadata__"})
    header[names[0]] = dict(header[names[1]])


def _twice(header: dict[str, Any]) -> str:
    text = json.dumps(header)
    name = "network.to_latent.bias"
    return text.replace(f'"{name}"', f'"{name}": {json.dumps(header[name])}, "{name}"', 1)


@pytest.mark.parametrize(
    "change",
    [_overlapping,
     lambda h: h["network.to_latent.bias"].update(data_offsets=[0, 2**62]),
     lambda h: h["network.to_latent.bias"].update(data_offsets=[-4, 0]),
     lambda h: h["network.to_latent.bias"].update(shape=[2**40, 2**40]),
     lambda h: h["network.to_latent.bias"].update(dtype=["F32"]),
     lambda h: h["__metadata__"].update(card={"a": 1}),
     lambda h: "[" * 1_000_000],
    ids=["overlap", "far", "negative", "huge", "unhashable", "object", "deep"],
)  # fmt: skip
def test_hostile_headers(path: Path, change: Callable[[dict[str, Any]], str | None]) -> None:
    with pytest.raises(BundleError):
        _load_in_little_memory(_with_header(path, change))
    assert read_info(path).problem


def test_a_name_twice_is_read_as_what_the_checksum_covers(path: Path) -> None:
    sound = Bundle.load(path)
    try:
        again = Bundle.load(_with_header(path, _twice))
    except BundleError:
        return
    for name, values in sound.network_tensors.items():
        np.testing.assert_array_equal(again.network_tensors[name], values)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "p.ecgmodel"
    os.mkfifo(pipe)
    assert "not a regular file" in read_info(pipe).problem
    with pytest.raises(BundleError, match="not a regular file"):
        Bundle.load(pipe)


def test_loading_writes_nothing_and_executes_nothing(path: Path, tmp_path: Path) -> None:
    """In a process of its own: an audit hook is for ever."""
    import subprocess
    import sys

    code = f"""
import sys
from pathlib import Path
from ecgviewer.models.bundle.bundle import Bundle
bundle = Bundle.load(Path({str(path)!r}))  # imports happen here
bundle.scorer(), bundle.build_network()
seen = []
def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if writes or event in ("exec", "compile", "os.system", "subprocess.Popen", "pickle.find_class",
                           "os.rename", "os.remove", "os.mkdir", "socket.connect"):
        seen.append((event, str(arguments)[:200]))
sys.addaudithook(watch)
bundle = Bundle.load(Path({str(path)!r}))
bundle.scorer(), bundle.build_network()
assert not seen, seen
"""
    before = sorted(tmp_path.rglob("*"))
    subprocess.run([sys.executable, "-c", code], check=True)
    assert sorted(tmp_path.rglob("*")) == before


def test_weights_that_overflow_give_no_score(path: Path, samples: Path) -> None:
    from ecgviewer.core.errors import AnalysisError
    from ecgviewer.core.record.record_ref import RecordRef
    from ecgviewer.io import open_record
    from ecgviewer.models.run.analyser import Detector

    bundle = Bundle.load(path)
    huge = {k: np.full_like(v, 3e38) for k, v in bundle.network_tensors.items()}
    recording = open_record(RecordRef(samples / "00010_hr.hea"))
    with pytest.raises(AnalysisError, match="not finite"):
        Detector(replace(bundle, network_tensors=huge), "cpu").analyze(recording)
