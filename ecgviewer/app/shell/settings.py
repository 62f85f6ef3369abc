"""What the user chose, kept between sessions. No patient data, but paths of recent files."""

from __future__ import annotations

import getpass
import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ecgviewer.core.errors import MissingFileError, RecordError
from ecgviewer.core.system.files import make_private, write_private
from ecgviewer.core.system.user_dirs import config_dir
from ecgviewer.io.file_access import read_bytes
from ecgviewer.models.networks.architectures import DEFAULT

VERSION = 1
MAX_BYTES = 1 << 20
RECENT_LIMIT = 12


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user in this system's list
        return "reader"


@dataclass
class Settings:
    """Every choice with its default.

    Attributes
    ----------
    theme : str
        ``system``, ``light`` or ``dark``.
    layout, cabrera, fit, mm_per_s, mm_per_mv
        How the traces are laid out, and their scale unless ``fit``.
    clock_time : bool
        The time of day on the axis and in the lists, where a file gives it.
    overlays : dict of str to bool
        Which overlays the user switched on.
    overview : bool
        The bar under the traces.
    baseline_filter, muscle_filter, mains_hz
        Display filters; ``mains_hz`` 0 means off.
    model, device : str
    specificity : float
        Share of normal records that stay below the threshold.
    analyse_on_open : bool
    reader : str
        Who reviews; each reader has reviews of their own.
    reviews_beside : bool
        Keep reviews beside the records instead of in the user's data folder.
    recent : list of str
    keys : dict of str to list of str
        Shortcuts that were changed, by command.
    pixels_per_mm : dict of str to float
        By screen, in its own pixels, as measured in the calibration dialog.
    geometry, window_state : str
        Of the main window, base64.
    """

    version: int = VERSION
    theme: str = "system"
    layout: str = "12x1"
    cabrera: bool = False
    clock_time: bool = False
    fit: bool = False
    mm_per_s: float = 25.0
    mm_per_mv: float = 10.0
    overlays: dict[str, bool] = field(default_factory=dict)
    overview: bool = True
    baseline_filter: bool = False
    muscle_filter: bool = False
    mains_hz: float = 0.0
    model: str = DEFAULT.id
    device: str = "auto"
    specificity: float = 0.95
    analyse_on_open: bool = False
    reader: str = field(default_factory=_user_name)
    reviews_beside: bool = False
    recent: list[str] = field(default_factory=list)
    keys: dict[str, list[str]] = field(default_factory=dict)
    pixels_per_mm: dict[str, float] = field(default_factory=dict)
    geometry: str = ""
    window_state: str = ""

    def add_recent(self, path: Path) -> None:
        """Put a path at the head of the recent files."""
        text = str(path)
        self.recent = [text, *(other for other in self.recent if other != text)][:RECENT_LIMIT]


class SettingsStore:
    """Reads and writes the settings file; a bad file or folder never stops the program.

    Parameters
    ----------
    path : Path or None
        The file. None keeps the settings in memory (screenshots, tests).

    Attributes
    ----------
    value : Settings
    problem : str
        Why the file could not be read or written, for the user; empty when all is well.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.problem = ""
        self.value = self._load()

    @classmethod
    def for_user(cls) -> SettingsStore:
        """Return the store in the user's configuration folder."""
        return cls(config_dir() / "settings.json")

    def _load(self) -> Settings:
        if self.path is None:
            return Settings()
        try:
            raw = json.loads(read_bytes(self.path, MAX_BYTES))
        except MissingFileError:
            return Settings()
        except (RecordError, ValueError, RecursionError) as error:
            self.problem = f"The settings could not be read ({_why(error)}); the defaults are used."
            self._keep_aside()
            return Settings()
        settings, wrong = _from_json(raw)
        if wrong:
            self.problem = f"Settings with impossible values were reset: {', '.join(wrong)}."
        return settings

    def _keep_aside(self) -> None:
        assert self.path is not None
        try:
            self.path.replace(self.path.with_suffix(".bad.json"))
        except OSError as error:
            self.problem += f" The file stays where it is ({_why(error)})."

    def save(self) -> bool:
        """Write atomically; return False, with ``problem`` set, where that is impossible."""
        if self.path is None:
            return True
        try:
            make_private(self.path.parent)
            write_private(self.path, json.dumps(asdict(self.value), indent=1).encode())
        except OSError as error:
            self.problem = (
                f"The settings cannot be saved ({_why(error)}); they last until you quit."
            )
            return False
        return True


def _from_json(raw: Any) -> tuple[Settings, list[str]]:
    """Return settings and the names of the fields that had to be reset.

    Fields that a newer version added are ignored, missing ones take their default.
    """
    settings = Settings()
    if not isinstance(raw, dict):
        return settings, ["all"]
    wrong = []
    for known in fields(Settings):
        if known.name == "version" or known.name not in raw:
            continue
        value, default = raw[known.name], getattr(settings, known.name)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = _as_float(value)
        if type(value) is type(default) and _plausible(known.name, value):
            setattr(settings, known.name, value)
        else:
            wrong.append(known.name)
    return settings, wrong


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _plausible(name: str, value: Any) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if name == "specificity":
        return bool(0.5 <= value < 1.0)
    if name in ("mm_per_s", "mm_per_mv"):
        return bool(0.1 <= value <= 1000.0)
    if name == "theme":
        return value in ("system", "light", "dark")
    if name == "recent":
        return all(isinstance(item, str) and "\0" not in item for item in value)
    if name == "overlays":
        return all(isinstance(item, bool) for item in value.values())
    if name == "keys":
        return all(
            isinstance(keys, list) and all(isinstance(key, str) for key in keys)
            for keys in value.values()
        )
    if name == "pixels_per_mm":
        return all(isinstance(item, int | float) and 0.5 < item < 100 for item in value.values())
    return True


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "the file is damaged"
