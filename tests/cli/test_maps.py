"""The ``.npz`` of ``--maps``."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.cli.screening.map_paths import MapPaths
from ecgviewer.cli.screening.maps import write_maps
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Numbering


def test_every_map_is_on_the_recordings_own_time_base(tmp_path, recording, make_analysis):
    score_map = np.zeros((12, 1000))
    score_map[4, 300:400] = 8.0
    score_map[5] = np.nan
    analysis = make_analysis(score_map, attention=np.ones((12, 1000), dtype=np.float32))
    path = tmp_path / "maps" / "ward" / "r1.vae-bilstm-mha.npz"
    recording = replace(recording, numbering=Numbering(648))
    write_maps(path, recording, analysis, 0.95)

    with np.load(path, allow_pickle=False) as maps:
        assert set(maps) == {
            "score_map", "reconstruction_mv", "signal_mv", "attention",
            "fs", "leads", "record_score", "threshold_map", "offset_samples",
        }  # fmt: skip
        assert tuple(maps["leads"]) == STANDARD_LEADS
        assert maps["fs"] == 500.0
        assert maps["record_score"] == 5.0
        assert maps["offset_samples"] == 648, "padding that was cut off is stated"
        assert maps["threshold_map"] == pytest.approx(analysis.map_threshold(0.95))
        for name in ("score_map", "reconstruction_mv", "signal_mv", "attention"):
            assert maps[name].shape == (12, 5000)
        # Rows are in standard order although the file's are not.
        t = np.arange(5000) / 500
        np.testing.assert_allclose(maps["signal_mv"][0], np.sin(2 * np.pi * t), atol=1e-5)
        inner = slice(250, -250)
        difference = (maps["reconstruction_mv"] - maps["signal_mv"])[:, inner]
        assert np.abs(difference).max() < 0.01
        assert maps["score_map"][4, 1750] == 8.0 and maps["score_map"][4, 2500] == 0.0
        assert np.isnan(maps["score_map"][5]).all()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_saliency_comes_instead_of_attention(tmp_path, recording, make_analysis):
    analysis = make_analysis(np.zeros((12, 1000)), saliency=np.ones((12, 1000), dtype=np.float32))
    write_maps(tmp_path / "r1.cae.npz", recording, analysis, 0.95)
    with np.load(tmp_path / "r1.cae.npz") as maps:
        assert "saliency" in maps and "attention" not in maps


def test_each_record_has_its_own_file():
    paths = MapPaths(Path("out"))
    ward = Path("/data/ward/a.hea")
    assert paths.stem(RecordRef(ward)) == Path("out/ward/a")
    assert paths.stem(RecordRef(Path("/data/ward/many.h5"), 3)) == Path("out/ward/many#3")
    assert paths.stem(RecordRef(Path("/other/ward/a.hea"))) == Path("out/other/ward/a")
    assert paths.stem(RecordRef(ward)) == Path("out/ward/a"), "the same record, asked again"
    # Two formats of one record, side by side.
    assert paths.stem(RecordRef(Path("/data/ward/a.xml"))) == Path("out/data/ward/a")


def test_nothing_half_written_stays_behind(tmp_path, recording, make_analysis):
    analysis = make_analysis(np.zeros((12, 1000)))
    recording.source.read = None
    with pytest.raises(TypeError):
        write_maps(tmp_path / "r1.cae.npz", recording, analysis, 0.95)
    assert list(tmp_path.iterdir()) == []
