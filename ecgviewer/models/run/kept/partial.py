"""What was found so far, on its way from the model process to the window.

The maps stay in the files that grow in the cache folder; the window maps the same files. Only
what is new of the scores crosses the pipe.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ecgviewer.core.analysis import Analysis, FloatArray, WindowScore
from ecgviewer.core.reference import NormalReference
from ecgviewer.models.run.kept.analysis_files import (
    from_values,
    read_references,
    to_values,
    windows_from_values,
    windows_to_values,
    write_references,
)
from ecgviewer.signal.array_files import read_array

Message = dict[str, Any]


class PartialWriter:
    """Turns what was found so far of one job into messages."""

    def __init__(self) -> None:
        self._told = 0

    def message(self, analysis: Analysis) -> Message:
        """Return the message for an analysis whose maps are files."""
        score_map = analysis.score_map
        assert isinstance(score_map, np.memmap) and score_map.filename is not None
        folder = Path(score_map.filename).parent
        if self._told == 0:
            write_references(analysis, folder)
        new = analysis.windows[self._told :]
        self._told = len(analysis.windows)
        return {
            "folder": str(folder),
            "columns": score_map.shape[1],
            "analysed_s": analysis.analysed_s,
            "values": to_values(analysis),
            "windows": windows_to_values(new),
        }


class PartialReader:
    """Puts the messages of one job together again."""

    def __init__(self) -> None:
        self._windows: list[WindowScore] = []
        self._maps: dict[str, FloatArray] = {}
        self._references: dict[str, NormalReference] = {}

    def analysis(self, message: Message) -> Analysis:
        """Return what was found so far.

        Raises
        ------
        OSError, ValueError
            When the files are no longer there.
        """
        if not self._maps:
            folder = Path(message["folder"])
            self._references = read_references(folder)
            self._maps = {
                name: read_array(folder / f"{name}.npy", np.float32, 2)
                for name in message["values"]["maps"]
            }
        self._windows += windows_from_values(message["windows"])
        columns = message["columns"]
        return from_values(
            message["values"],
            self._windows,
            {name: values[:, :columns] for name, values in self._maps.items()},
            self._references,
            message["analysed_s"],
        )
