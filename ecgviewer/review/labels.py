"""The labels a reader chooses from: a default set with codes, editable as a JSON file.

SNOMED CT identifiers are those by which the PhysioNet/CinC 2020-2021 challenges label ECGs;
SCP-ECG acronyms those of the PTB-XL statement table. A label without a certain code has none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecgviewer.core.errors import MissingFileError, RecordError, ReviewError
from ecgviewer.core.system.files import make_private
from ecgviewer.core.system.user_dirs import config_dir
from ecgviewer.io.file_access import read_bytes
from ecgviewer.review.annotations import Code
from ecgviewer.review.edits.files import write_atomically
from ecgviewer.review.edits.review_json import as_utf8, loads
from ecgviewer.review.errors import NewerFormatError

FORMAT = "ecgviewer-labels"
VERSION = 1
MAX_BYTES = 1 << 20
OTHER = "Other finding"
"""The label that says no more than that there is something."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label. ``key`` is the number key that chooses it, ``1`` to ``9``, or empty."""

    name: str
    group: str
    codes: tuple[Code, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The labels of one project, in the order of the list."""

    name: str
    labels: tuple[Label, ...]

    def by_key(self, key: str) -> Label | None:
        """Return the label of a number key."""
        return next((label for label in self.labels if key and label.key == key), None)

    def by_name(self, name: str) -> Label | None:
        """Return the label of a name."""
        return next((label for label in self.labels if label.name == name), None)

    @property
    def neutral(self) -> Label:
        """The label of a finding that no other is known for: ``Other finding``, else the last."""
        own = self.by_name(OTHER) or next(reversed(self.labels), None)
        return own or DEFAULT_LABELS.neutral

    def save(self, path: Path) -> None:
        """Write the set as JSON; raises StorageError."""
        make_private(path.parent)
        write_atomically(path, as_utf8(json.dumps(self.to_json(), indent=1, ensure_ascii=False)))

    def to_json(self) -> dict[str, Any]:
        """Return the set as plain JSON values."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "name": self.name,
            "labels": [
                {
                    "name": label.name,
                    "group": label.group,
                    "key": label.key,
                    "codes": [{"system": code.system, "value": code.value} for code in label.codes],
                }
                for label in self.labels
            ],
        }


def user_labels_path() -> Path:
    """Return where the user's own label set is kept."""
    return config_dir() / "labels.json"


def load_labels(path: Path) -> LabelSet:
    """Return the label set in a file; the default one where there is no file.

    Raises
    ------
    ReviewError
        When the file is damaged, of a newer version, or names a label or a key twice.
    """
    try:
        raw = loads(read_bytes(path, MAX_BYTES))
    except MissingFileError:
        return DEFAULT_LABELS
    except (RecordError, ReviewError) as error:
        raise ReviewError(f"the label set cannot be read ({error.reason})", path) from error
    try:
        return labels_from_json(raw)
    except ReviewError as error:
        raise type(error)(error.reason, path) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ReviewError("the label set is damaged", path) from error


def labels_from_json(raw: Any) -> LabelSet:
    """Return the label set in parsed JSON.

    Raises
    ------
    ReviewError
        As :func:`load_labels`.
    KeyError, TypeError, AttributeError
        When it has another shape.
    """
    if raw["format"] != FORMAT:
        raise ReviewError("this is not a label set")
    if raw["version"] != VERSION:
        raise NewerFormatError("the label set is of a newer version; please update the program")
    labels = tuple(
        Label(
            str(item["name"]).strip(),
            str(item.get("group", "")),
            tuple(Code(str(code["system"]), str(code["value"])) for code in item.get("codes", ())),
            str(item.get("key", "")),
        )
        for item in raw["labels"]
    )
    names = [label.name for label in labels]
    keys = [label.key for label in labels if label.key]
    if not all(names) or len(set(names)) < len(names):
        raise ReviewError("every label needs a name of its own")
    if len(set(keys)) < len(keys) or not set(keys) <= set("123456789"):
        raise ReviewError("every number key from 1 to 9 can choose one label only")
    return LabelSet(str(raw.get("name", "")), labels)


def _label(name: str, group: str, snomed: str = "", scp: str = "", key: str = "") -> Label:
    codes = [Code("SNOMED CT", snomed)] if snomed else []
    if scp:
        codes.append(Code("SCP-ECG", scp))
    return Label(name, group, tuple(codes), key)


DEFAULT_LABELS = LabelSet(
    "default",
    (
        _label("Atrial fibrillation", "rhythm", "164889003", "AFIB", "1"),
        _label("Atrial flutter", "rhythm", "164890007", "AFLT"),
        _label("Sinus rhythm", "rhythm", "426783006", "SR"),
        _label("Sinus bradycardia", "rhythm", "426177001", "SBRAD"),
        _label("Sinus tachycardia", "rhythm", "427084000", "STACH"),
        _label("Sinus arrhythmia", "rhythm", "427393009", "SARRH"),
        _label("Supraventricular tachycardia", "rhythm", "426761007", "SVTAC"),
        _label("Ventricular tachycardia", "rhythm", "164895002"),
        _label("Paced rhythm", "rhythm", "10370003", "PACE"),
        _label("Pause", "rhythm"),
        _label("1st degree AV block", "conduction", "270492004", "1AVB", "2"),
        _label("2nd degree AV block", "conduction", "195042002", "2AVB"),
        _label("Complete AV block", "conduction", "27885002", "3AVB"),
        _label("Left bundle branch block", "conduction", "164909002", "CLBBB", "3"),
        _label("Right bundle branch block", "conduction", "59118001", "CRBBB", "4"),
        _label("Incomplete RBBB", "conduction", "713426002", "IRBBB"),
        _label("Left anterior fascicular block", "conduction", "445118002", "LAFB"),
        _label("Intraventricular conduction delay", "conduction", "698252002", "IVCD"),
        _label("WPW pattern", "conduction", "74390002", "WPW"),
        _label("Atrial premature complex", "ectopy", "284470004", "PAC", "5"),
        _label("Ventricular premature complex", "ectopy", "164884008", "PVC", "6"),
        _label("Bigeminy", "ectopy", "", "BIGU"),
        _label("Trigeminy", "ectopy", "", "TRIGU"),
        _label("ST depression", "ST/T", "429622005", "STD_", "7"),
        _label("ST elevation", "ST/T", "164931005", "STE_", "8"),
        _label("T-wave inversion", "ST/T", "59931005", "INVT"),
        _label("T-wave abnormality", "ST/T", "164934002", "TAB_"),
        _label("Abnormal Q wave", "ST/T", "164917005", "QWAVE"),
        _label("Long QT", "ST/T", "111975006", "LNGQT"),
        _label("Noise or artefact", "quality", key="9"),
        _label("Baseline wander", "quality"),
        _label("Electrode off", "quality"),
        _label("Leads swapped", "quality"),
        _label(OTHER, "other"),
    ),
)
"""What a reader gets without a label file of their own."""
