"""What the trainer reads besides recordings: label tables, labelled HDF5, configurations."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from ecgviewer.core.errors import EcgViewerError
from tests.fuzz import mutations
from tests.fuzz.target import Target, name_of
from tests.generators import ecg_mv, ecg_uv, write_wfdb_16
from trainer.datasets.scan import scan
from trainer.fitting.config import load_config, shipped_config

Rng = np.random.Generator
_NAMES = ("r1", "r2", "r3", "r4")


def _records(folder: Path, *names: str, comments: tuple[str, ...] = ()) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_wfdb_16((folder / name).parent, Path(name).name, ecg_uv(0.2), comments=comments)


def _table_seeds(folder: Path) -> list[Path]:
    """Write one data set of every kind, each in a folder of its own."""
    ptbxl, cpsc, own, mimic = (folder / name for name in ("ptbxl", "cpsc", "own", "mimic"))
    _records(ptbxl, *(f"records500/{name}" for name in _NAMES))
    _records(cpsc, *_NAMES)
    _records(own, *_NAMES)
    _records(mimic, *(f"files/{name}" for name in _NAMES))
    tables = {
        ptbxl / "ptbxl_database.csv": "ecg_id,patient_id,scp_codes,strat_fold,filename_lr,"
        "filename_hr,burst_noise,pacemaker\n" + "".join(
            f"{k},{k}.0,\"{{'NORM': 100.0, 'SR': 0.0}}\",{k % 10 + 1},,records500/{name},,\n"
            for k, name in enumerate(_NAMES)),
        cpsc / "REFERENCE.csv": "Recording,First_label,Second_label,Third_label\n"
        + "".join(f"{name},{k + 1},,\n" for k, name in enumerate(_NAMES)),
        own / "labels.csv": "relpath,normal,patient_id,dx,source\n"
        + "".join(f"{name},{k % 2},p{k},426783006;164889003,here\n"
                  for k, name in enumerate(_NAMES)),
        mimic / "record_list.csv": "subject_id,study_id,file_name,ecg_time,path\n"
        + "".join(f"{k},{k},{name},x,files/{name}\n" for k, name in enumerate(_NAMES)),
        mimic / "machine_measurements.csv": "subject_id,study_id,report_0,report_1\n"
        + "".join(f"{k},{k},Sinus rhythm,Normal ECG\n" for k in range(4)),
    }  # fmt: skip
    for path, text in tables.items():
        path.write_text(text)
    return list(tables)


def _scanned(path: Path) -> str:
    try:
        index = scan([path])
    except EcgViewerError as error:
        return name_of(error)
    index.describe()
    index.sha256()
    folder = path.resolve() if path.is_dir() else path.resolve().parent
    for entry in index.entries:
        assert entry.split in ("train", "calibrate", "report")
        assert entry.ref.path.resolve().is_relative_to(folder), "a record outside its data set"
    return "scanned"


def _dx_seeds(folder: Path) -> list[Path]:
    _records(folder / "dx", *_NAMES, comments=("Age: 50", "Dx: 426783006,164889003"))
    return sorted((folder / "dx").glob("*.hea"))


def _hdf5_seeds(folder: Path) -> list[Path]:
    stack = ecg_mv(1.0).T[None].repeat(4, axis=0).astype("f4")
    with h5py.File(folder / "inside.h5", "w") as file:
        file["signal"] = stack
        file["scp_codes"] = ["NORM,SR", "{'NORM': 100.0}", "AFIB", ""]
        file["normal"] = [1, 1, 0, 0]
        file["strat_fold"] = [1, 9, 10, 2]
        file["patient_id"] = [1, 2, 3, 4]
    with h5py.File(folder / "beside.h5", "w") as file:
        file["tracings"], file["exam_id"] = stack, [1, 2, 3, 4]
    (folder / "beside.csv").write_text("exam_id,normal,patient_id\n1,1,a\n2,0,b\n3,1,c\n4,,d\n")
    return [folder / "inside.h5", folder / "inside.h5", folder / "beside.h5", folder / "beside.csv"]


def _hdf5_damage(changed: Path, data: bytes, rng: Rng) -> bytes:
    if changed.suffix == ".csv":
        return mutations.csv_changed(data, rng)
    if rng.random() < 0.4:
        return mutations.bytes_changed(data, rng)
    with h5py.File(changed, "r+") as file:
        name = mutations.pick(rng, list(file))
        del file[name]
        kinds = (np.nan, np.inf, 1e30, -1, 10**6, "x", "{" * 5000, "[1]", "{'a': []}", b"\xff", 2)
        values = [mutations.pick(rng, kinds)] * int(mutations.pick(rng, (0, 1, 4, 4, 4, 5)))
        how = int(rng.integers(4))
        if how == 0:
            file.create_dataset(name, shape=(10**12,), dtype="f4", chunks=(1000,))
        elif how == 1:
            file[name] = h5py.ExternalLink("/etc/passwd", "/x")
        elif values:
            file[name] = values
    return changed.read_bytes()


TARGETS = {
    "label-tables": Target(
        _table_seeds, lambda _, data, rng: mutations.csv_changed(data, rng),
        lambda _, changed: _scanned(changed.parent),
    ),
    "label-headers": Target(
        _dx_seeds, lambda _, data, rng: mutations.text_changed(data, rng),
        lambda _, changed: _scanned(changed.parent),
    ),
    "label-hdf5": Target(
        _hdf5_seeds, _hdf5_damage, lambda _, changed: _scanned(changed.with_suffix(".h5"))
    ),
    "trainer-config": Target(
        lambda folder: [_copied(folder, name) for name in ("cae", "vae-bilstm-mha")],
        lambda _, data, rng: mutations.text_changed(data, rng),
        lambda _, changed: _configured(changed),
    ),
}  # fmt: skip


def _copied(folder: Path, name: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_bytes(shipped_config(name).read_bytes())
    return path


def _configured(path: Path) -> str:
    try:
        load_config(path).to_dict()
    except EcgViewerError as error:
        return name_of(error)
    return "read"
