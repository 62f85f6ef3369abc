"""What the program keeps for itself: overviews of long recordings, settings, remembered answers."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.core.record.record_ref import ReadOptions
from ecgviewer.core.system.user_dirs import config_dir
from ecgviewer.io.profiles import known_profiles, remember
from ecgviewer.signal.pyramid.pyramid import MinMaxPyramid
from tests.fuzz import mutations
from tests.fuzz.target import SAMPLES, Target


def _overview_seeds(folder: Path) -> list[Path]:
    rng = np.random.default_rng(1)
    chunks = [rng.standard_normal((12, 5000)).astype("f4") for _ in range(2)]
    MinMaxPyramid.build(iter(chunks), 12, 10_000, folder)
    return [folder / "pyramid.json", *sorted(folder.glob("*.npy"))]


def _overview(folder: Path, _: Path) -> str:
    try:
        pyramid = MinMaxPyramid.load(folder)
    except ValueError:
        return "refused"
    low, high = pyramid.query(0, 10_000, 100)
    assert low.shape == high.shape
    return "used"


def _own_seeds(folder: Path) -> list[Path]:
    os.environ["ECGVIEWER_HOME"] = str(folder)
    SettingsStore.for_user().save()
    remember(SAMPLES / "code_layout.hdf5", ReadOptions(500.0, "mV", ("I", "II"), "tracings"))
    return sorted(config_dir().glob("*.json"))


def _own(_: Path, changed: Path) -> str:
    if changed.name.startswith("import"):
        return f"{len(known_profiles())} profiles"
    store = SettingsStore(changed)
    problem = store.problem
    store.value.add_recent(changed)
    assert store.save(), store.problem
    assert SettingsStore(changed).problem == ""
    changed.with_suffix(".bad.json").unlink(missing_ok=True)
    return "reset" if problem else "loaded"


TARGETS = {
    "overview-cache": Target(_overview_seeds, mutations.json_or_npy_changed, _overview),
    "settings": Target(_own_seeds, lambda _, data, rng: mutations.json_changed(data, rng), _own),
}
