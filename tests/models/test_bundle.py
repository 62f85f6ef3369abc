"""Bundles: what is written is read back; everything odd is refused with a reason."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save as save_tensors

from ecgviewer.core.errors import BundleError
from ecgviewer.models.bundle import file as bundle_file
from ecgviewer.models.bundle.bundle import Bundle, find_bundles, read_info, shipped_bundle
from ecgviewer.models.bundle.file import content_sha256, parse_metadata


@pytest.fixture(scope="module")
def model(make_bundle) -> Bundle:
    return make_bundle("vae-bilstm")


@pytest.fixture
def path(model: Bundle, tmp_path: Path) -> Path:
    return model.save(tmp_path / "m.ecgmodel").path


def rewritten(path: Path, change) -> Path:
    """Write the bundle anew with changed metadata and tensors, and a checksum that fits."""
    from safetensors.numpy import load

    content = path.read_bytes()
    metadata, tensors = parse_metadata(content, path), load(content)
    metadata.pop("content_sha256")
    change(metadata, tensors)
    metadata["content_sha256"] = content_sha256(metadata, tensors)
    path.write_bytes(save_tensors(tensors, metadata=metadata))
    return path


def test_round_trip(model: Bundle, path: Path) -> None:
    again = Bundle.load(path)
    assert again.architecture == model.architecture
    assert again.hyper == model.hyper
    assert again.preprocessing == model.preprocessing
    assert again.windowing == model.windowing
    assert again.card == model.card
    assert again.thresholds == model.thresholds
    for name, values in model.network_tensors.items():
        np.testing.assert_array_equal(again.network_tensors[name], values)
    assert again.sha256 == read_info(path).content_sha256
    assert again.scorer().record_reference.threshold(0.95) == pytest.approx(
        model.thresholds["0.95"], rel=1e-5
    )


def test_the_same_bundle_has_the_same_hash(model: Bundle, tmp_path: Path) -> None:
    first, second = model.save(tmp_path / "a.ecgmodel"), model.save(tmp_path / "b.ecgmodel")
    assert first.sha256 == second.sha256


def test_one_changed_byte_of_a_weight_is_noticed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleError, match="checksum"):
        Bundle.load(path)


def test_a_changed_card_is_noticed(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content.replace(b"trained on normal", b"trained on normol"))
    with pytest.raises(BundleError, match="checksum"):
        Bundle.load(path)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("format_version", "1.0", "format version 1.0"),
        ("format_version", "one", "no format version"),
        ("format", "other", "not a model bundle"),
        ("architecture", "resnet", "unknown architecture"),
        ("hyper", '{"hidden": 100000000}', "makes no sense"),
        ("hyper", '{"hidden": -1}', "makes no sense"),
        ("hyper", '{"hidden": NaN}', "makes no sense"),
        ("hyper", '{"import os": 1}', "no hyperparameter"),
        ("hyper", "[" * 5000, "metadata is not valid"),
        ("hyper", '{"hidden": 0}', "makes no sense"),
        ("hyper", '{"hidden": 24}', "do not fit"),
        ("leads", '["I", "II"]', "other leads"),
        ("preprocessing", '{"fs_hz": 1e300}', "metadata is not valid"),
        ("preprocessing", '{"order": 100000}', "metadata is not valid"),
        ("windowing", '{"length_s": 1e9}', "metadata is not valid"),
        ("windowing", '{"folder": "/"}', "metadata is not valid"),
        ("thresholds", '{"0.95": NaN}', "not finite"),
        ("thresholds", '{"0.95": "__import__"}', "metadata is not valid"),
        ("metrics", "[1]", "metadata is not valid"),
    ],
)
def test_hostile_metadata_is_refused(path: Path, key: str, value: str, reason: str) -> None:
    with pytest.raises(BundleError, match=reason):
        Bundle.load(rewritten(path, lambda metadata, tensors: metadata.update({key: value})))


def test_wrong_shapes_are_refused_naming_the_tensor(path: Path) -> None:
    def change(metadata, tensors) -> None:
        tensors["network.to_latent.weight"] = np.zeros((3, 3), np.float32)

    with pytest.raises(BundleError, match=r"to_latent\.weight is \(3, 3\)"):
        Bundle.load(rewritten(path, change))


def test_missing_and_surplus_tensors_are_refused(path: Path) -> None:
    with pytest.raises(BundleError, match="absent"):
        Bundle.load(rewritten(path, lambda m, t: t.pop("network.to_latent.bias")))
    with pytest.raises(BundleError, match="absent"):
        Bundle.load(rewritten(path, lambda m, t: t.update({"network.x": np.zeros(1, "f4")})))


def test_weights_that_are_not_finite_are_refused(path: Path) -> None:
    def change(metadata, tensors) -> None:
        tensors["network.to_latent.bias"][0] = np.nan

    with pytest.raises(BundleError, match="not finite"):
        Bundle.load(rewritten(path, change))


def test_an_oversized_file_is_refused_before_it_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_file, "MAX_FILE_BYTES", 1 << 10)
    with pytest.raises(BundleError, match="too large"):
        Bundle.load(path)


def test_a_header_that_claims_too_much_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.ecgmodel"
    file.write_bytes((1 << 62).to_bytes(8, "little") + b"{}")
    with pytest.raises(BundleError, match="not a model bundle"):
        Bundle.load(file)
    header = json.dumps(
        {
            "__metadata__": {"format": "ecgmodel", "format_version": "3.0",
                             "architecture": "cae"},
            "w": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]},
        }
    ).encode()  # fmt: skip
    file.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(BundleError, match="damaged"):
        Bundle.load(file)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    import pickle

    class Bomb:
        def __reduce__(self):
            return (Path(tmp_path / "bang").touch, ())

    file = tmp_path / "x.ecgmodel"
    file.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(BundleError):
        Bundle.load(file)
    assert not (tmp_path / "bang").exists()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_files_never_raise_anything_else(path: Path, data: st.DataObject) -> None:
    content = bytearray(path.read_bytes())
    # Mostly the header, where the structure is.
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 3000))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(content))))
    damaged = path.with_name("damaged.ecgmodel")
    damaged.write_bytes(bytes(content[:cut]))
    read_info(damaged)
    try:
        Bundle.load(damaged)
    except BundleError as error:
        assert error.reason
        assert error.path == damaged


def test_writing_fails_without_harm(model: Bundle, path: Path, monkeypatch) -> None:
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BundleError, match="No space left"):
        replace(model, training={"epochs": 3}).save(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["m.ecgmodel"]


def test_found_bundles_say_what_is_wrong_with_them(tmp_path: Path, path: Path) -> None:
    (tmp_path / "bad.ecgmodel").write_bytes(b"nothing")
    infos = {info.name: info for info in find_bundles(tmp_path)}
    assert infos["bad"].problem
    assert infos["m"].problem == ""
    assert infos["m"].architecture == "vae-bilstm"


def test_the_shipped_card_says_what_the_model_saw_and_where_its_thresholds_hold() -> None:
    info = read_info(shipped_bundle("cae"))
    assert info.card.startswith("# CAE") and "## Figures" in info.card
    assert "782 normal windows" in info.card and "For the calibration alone" in info.card
    assert "holds for records like these normals" in info.card


def test_facts_that_make_no_card_are_refused_before_anything_is_written(
    model: Bundle, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match="no card"):
        replace(model, metrics=({"auroc": "high"},)).save(tmp_path / "n.ecgmodel")
    assert list(tmp_path.glob("n*")) == []


def test_reading_a_card_does_not_import_torch(path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path;"
        "from ecgviewer.models.bundle.bundle import read_info;"
        f"assert read_info(Path({str(path)!r})).card; assert 'torch' not in sys.modules;"
        "import ecgviewer.models.process.client; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
