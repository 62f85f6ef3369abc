"""The one place that knows ecgdatakit: its parser classes, their warnings and their errors.

The parser classes and not ``FileParser.parse``: that swaps the process's warning filters, which no
thread may. Its own warnings reach us through the modules' name ``warnings``, thread by thread.
"""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from ecgviewer.core.errors import CorruptFileError, RecordError, UnsupportedFormatError
from ecgviewer.io.recognise import AECG, MORTARA, MUSE, PHILIPS, SCP

PARSERS = {
    SCP: ("scp_ecg", "SCPECGParser"),
    AECG: ("hl7_aecg", "HL7aECGParser"),
    MUSE: ("ge_muse_xml", "GEMuseXMLParser"),
    PHILIPS: ("sierra_xml", "SierraXMLParser"),
    MORTARA: ("mortara_el250", ""),
}
_LONGEST_REASON = 200


class _Warnings:
    """Stands for the module ``warnings`` inside the parsers, and keeps what it is told."""

    def __init__(self) -> None:
        self._heard = threading.local()

    def warn(self, message: object, *_: object, **__: object) -> None:
        self.texts.append(str(message))

    @property
    def texts(self) -> list[str]:
        if not hasattr(self._heard, "texts"):
            self._heard.texts = []
        found: list[str] = self._heard.texts
        return found


_warnings = _Warnings()


def module_of(kind: str) -> ModuleType:
    """Return the module that parses a kind of file."""
    module = importlib.import_module(f"ecgdatakit.parsing.parsers.{PARSERS[kind][0]}")
    module.warnings = _warnings  # type: ignore[attr-defined]
    return module


def parser_of(kind: str) -> Any:
    """Return a new parser for a kind of file."""
    module = module_of(kind)
    base = importlib.import_module("ecgdatakit.parsing.parser").Parser
    found = next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, base) and value is not base
    )
    return found()


def guarded(path: Path, work: Callable[[], Any]) -> tuple[Any, list[str]]:
    """Do what calls a parser; return its result and what it warned of.

    Raises
    ------
    RecordError
        In place of whatever the parser raises.
    """
    from ecgdatakit.exceptions import ECGDataKitError
    from ecgdatakit.exceptions import UnsupportedFormatError as Unsupported

    _warnings.texts.clear()
    try:
        result = work()
    except RecordError:
        raise
    except Unsupported as error:
        raise UnsupportedFormatError(_reason(error, path), path) from error
    except ECGDataKitError as error:
        raise CorruptFileError(_reason(error, path), path) from error
    except Exception as error:
        # Not its words: they may quote the file, and so a patient.
        raise CorruptFileError("is damaged: what it says makes no sense", path) from error
    return result, [_without_path(text, path) for text in _warnings.texts]


def _reason(error: Exception, path: Path) -> str:
    """Return an error's words without path and quotations."""
    text = re.sub(r"(['\"]).*?\1", "...", _without_path(str(error), path))
    text = re.sub(r"could not convert string to float: .*", "not a number", text)
    return text[:_LONGEST_REASON]


def _without_path(text: str, path: Path) -> str:
    text = text.replace(f" in {path}", "").replace(f" of {path}", "")
    return text.replace(str(path), "the file").replace(path.name, "the file")
