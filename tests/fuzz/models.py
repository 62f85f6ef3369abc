"""Model bundles, and the analyses that are kept of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.flags import derive_flags
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle, read_info
from ecgviewer.models.bundle.file import content_sha256
from ecgviewer.models.run.analyser import Detector
from ecgviewer.models.run.kept.store import AnalysisStore
from tests.fuzz import mutations
from tests.fuzz.target import SAMPLES, Target, name_of
from tests.models.bundles import HYPER, make_bundle

Rng = np.random.Generator
_JSON_KEYS = ("hyper", "preprocessing", "windowing", "thresholds", "metrics", "training",
              "versions", "leads")  # fmt: skip


def _bundle_seeds(folder: Path) -> list[Path]:
    torch.set_num_threads(1)
    for architecture in HYPER:
        make_bundle(architecture).save(folder / f"{architecture}.ecgmodel")
    return sorted(folder.glob("*.ecgmodel"))


def _bundle_damage(_: Path, data: bytes, rng: Rng) -> bytes:
    length = int.from_bytes(data[:8], "little")
    if rng.random() < 0.1:
        return mutations.bytes_changed(data, rng)
    header = json.loads(data[8 : 8 + length])
    body = data[8 + length :]
    metadata = header["__metadata__"]
    match int(rng.integers(6)):
        case 0 | 1 | 2:
            key = mutations.pick(rng, _JSON_KEYS)
            text = mutations.json_changed(metadata[key].encode(), rng)
            metadata[key] = text.decode("utf-8", "replace")
        case 3:
            header = mutations.value_changed(header, rng)
        case 4:
            name = mutations.pick(rng, sorted(set(header) - {"__metadata__"}))
            header[name] = _tensor_changed(header[name], rng)
        case _:
            name = mutations.pick(rng, sorted(set(header) - {"__metadata__"}))
            body = _values_changed(body, header[name]["data_offsets"], rng)
    text = json.dumps(header)
    if rng.random() < 0.1:  # a name twice
        text = text.replace('"network.', '"network.to_latent.bias": {}, "network.', 1)
    return _packed(text, body, rng)


def _tensor_changed(tensor: dict[str, object], rng: Rng) -> dict[str, object]:
    out = json.loads(json.dumps(tensor))
    match int(rng.integers(4)):
        case 0:
            kinds = ("F64", "I64", "I32", "U8", "BOOL", "F16", "BF16", "F8_E4M3", "C64", "X")
            out["dtype"] = mutations.pick(rng, kinds)
        case 1:
            out["shape"] = mutations.pick(rng, ([], [0], [-1], [2**40], [2**32, 2**32], [1] * 70))
        case 2:
            out["shape"] = list(reversed(out["shape"]))
        case _:
            start, stop = out["data_offsets"]
            out["data_offsets"] = mutations.pick(
                rng, ([start - 4, stop], [0, stop], [stop, start], [start, 2**62], [-1, 3])
            )
    return out


def _values_changed(body: bytes, span: list[int], rng: Rng) -> bytes:
    out = bytearray(body)
    values = np.frombuffer(out, "<f4", (span[1] - span[0]) // 4, span[0])
    strange = mutations.pick(rng, (np.nan, np.inf, -np.inf, 0.0, -1.0, 1e30, -3e38, 1e-40))
    if rng.random() < 0.5 or not values.size:
        values[:] = strange
    else:
        values[int(rng.integers(values.size))] = strange
    return bytes(out)


def _packed(header: str, body: bytes, rng: Rng) -> bytes:
    """Return the file; mostly with a checksum that fits, for what lies behind it."""
    text = header.encode("utf-8", "surrogatepass")
    packed = len(text).to_bytes(8, "little") + text + body
    if rng.random() < 0.1:
        return (
            mutations.pick(rng, (0, 1, 2**31, 2**62, 2**64 - 1)).to_bytes(8, "little") + packed[8:]
        )
    try:
        values = json.loads(header)
        metadata = {k: v for k, v in values["__metadata__"].items() if k != "content_sha256"}
        metadata["content_sha256"] = content_sha256(metadata, load_tensors(packed))
        values["__metadata__"] = metadata
        text = json.dumps(values).encode()
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return packed
    return len(text).to_bytes(8, "little") + text + body


_recording = None


def _analysed(_: Path, changed: Path) -> str:
    global _recording
    read_info(changed)
    try:
        bundle = Bundle.load(changed)
        detector = Detector(bundle, "cpu")
        if _recording is None:
            _recording = open_record(RecordRef(SAMPLES / "00010_hr.hea"))
        analysis = detector.analyze(_recording)
        assert np.isfinite([analysis.score, analysis.raw_score, analysis.p_value]).all()
        assert not np.isinf(analysis.score_map).any()
        derive_flags(analysis, 0.95)
    except EcgViewerError as error:
        return name_of(error)
    return "analysed"


def _cache_seeds(folder: Path) -> list[Path]:
    torch.set_num_threads(1)
    detector = Detector(make_bundle("vae-bilstm-mha"), "cpu")
    analysis = detector.analyze(open_record(RecordRef(SAMPLES / "00010_hr.hea")))
    store = AnalysisStore(folder)
    assert store.put(analysis)
    place = store.place(analysis.recording_sha256, analysis.bundle_sha256)
    shutil.copytree(place, folder / "sound")
    (folder / "keys.json").write_text(
        json.dumps([analysis.recording_sha256, analysis.bundle_sha256])
    )
    return [place / "analysis.json", place / "analysis.json", *sorted(place.glob("*.npy"))]


def _from_cache(folder: Path, changed: Path) -> str:
    store = AnalysisStore(folder)
    analysis = store.get(*json.loads((folder / "keys.json").read_text()))
    if analysis is None:
        shutil.copytree(folder / "sound", changed.parent, dirs_exist_ok=True)
        return "forgotten"
    analysis.is_abnormal(0.95)
    analysis.quality_text()
    for flag in derive_flags(analysis, 0.95):
        assert flag.start_s <= flag.stop_s
    assert analysis.score_map.shape == analysis.reconstruction_mv.shape
    return "used"


TARGETS = {
    "bundle": Target(_bundle_seeds, _bundle_damage, _analysed),
    "analysis-cache": Target(_cache_seeds, mutations.json_or_npy_changed, _from_cache),
}
