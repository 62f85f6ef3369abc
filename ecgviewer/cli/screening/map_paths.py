"""Where the maps of each record go."""

from __future__ import annotations

from pathlib import Path

from ecgviewer.core.record.record_ref import RecordRef


class MapPaths:
    """Chooses the file of each record: ``DIR/<folder>/<record>``, folders added until unique.

    Anonymous maps lie in ``DIR`` itself; whoever writes them replaces the record's name.
    """

    def __init__(self, folder: Path, anonymous: bool = False) -> None:
        self._folder = folder
        self._anonymous = anonymous
        self._taken: dict[Path, RecordRef] = {}

    def stem(self, ref: RecordRef) -> Path:
        """Return the path of a record's maps without ``.<model>.npz``.

        Two records of one name in folders of one name get the folders above theirs as well.
        """
        if self._anonymous:
            return self._folder / ref.name
        above = ref.path.resolve().parent.parts[1:]
        for depth in range(1, len(above) + 1):
            stem = self._folder.joinpath(*above[-depth:], ref.name)
            if self._taken.setdefault(stem, ref) == ref:
                return stem
        return self._folder / ref.name
