"""What a random user opens: real records, odd ones, damaged ones; and models that cost no time."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import h5py
import numpy as np

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.errors import AnalysisError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from tests import generators
from tests.app.driving import ClockworkInference, make_analysis

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"


class CarefulClockwork(ClockworkInference):
    """Clockwork that refuses what the models refuse."""

    def answer(self, ref: RecordRef, model: str) -> Analysis:
        recording = open_record(ref)
        recording.source.close()
        if recording.missing_standard_leads or not 8.2 < recording.duration_s < 700.0:
            raise AnalysisError("this record cannot be judged", recording.path)
        return make_analysis(ref, model)


def make_material(folder: Path, more: Path | None = None) -> list[Path]:
    """Return files and folders to open: real records, odd ones, damaged ones, none at all."""
    good = folder / "good"
    shutil.copytree(SAMPLES, good)
    odd = folder / "odd"
    odd.mkdir()
    for name, leads, seconds in (
        ("three", ("I", "II", "V2"), 10.0),
        ("fifteen", (*generators.LEADS, "V7", "V8", "V9"), 10.0),
        ("six_s", generators.LEADS, 6.0), ("half_s", generators.LEADS, 0.5),
        ("strange", ("MLII", "V5"), 10.0), ("ten_min", generators.LEADS, 600.0),
    ):  # fmt: skip
        twelve = generators.ecg_uv(seconds)
        rows = np.stack([twelve[i % 12] for i in range(len(leads))])
        generators.write_wfdb_16(odd, name, rows, leads=leads)
    generators.write_long_wfdb(odd, "hour", hours=1.0)
    flat = generators.ecg_uv(12.0)
    flat[6] = 0
    flat[2, 1000:3000] = -32768  # the format's "missing"
    flat[3, :2000] = 32767
    generators.write_wfdb_16(odd, "flat_gap_clipped", flat)
    with h5py.File(odd / "silent.h5", "w") as file:
        file["measurement"] = generators.ecg_mv(10.0, 250.0).astype("f4")
    bad = folder / "bad"
    bad.mkdir()
    generators.write_wfdb_16(bad, "cut", generators.ecg_uv(10.0))
    (bad / "cut.dat").write_bytes((bad / "cut.dat").read_bytes()[:1000])
    generators.write_wfdb_16(bad, "lost", generators.ecg_uv(2.0))
    (bad / "lost.dat").unlink()
    (bad / "empty.hea").write_bytes(b"")
    (bad / "noise.h5").write_bytes(random.Random(0).randbytes(4096))
    with h5py.File(bad / "none.h5", "w") as file:
        file["notes"] = "no ECG in here"
    # Copies: a user who keeps reviews beside the recordings must not do so in anyone's data.
    if more is not None and more.is_dir():
        for header in sorted(more.rglob("*.hea"))[::40]:
            (folder / "more" / header.parent.name).mkdir(parents=True, exist_ok=True)
            for path in header.parent.glob(f"{header.stem}.*"):
                shutil.copy(path, folder / "more" / header.parent.name)
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in (".hea", ".h5", ".hdf5")]
    return [*files, *files, good, odd, bad, folder, folder / "nowhere.hea"]
