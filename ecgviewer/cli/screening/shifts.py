"""The records of each folder against the models' normals, while they are screened."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from ecgviewer.cli.screening.table import Row
from ecgviewer.core.site_shift import SiteShift


@dataclass(slots=True)
class SiteShifts:
    """One :class:`SiteShift` per folder and model."""

    found: dict[tuple[Path, str], SiteShift] = field(default_factory=dict)

    def with_shift(self, row: Row) -> Row:
        """Count a record's row, and return it with what its folder shows so far."""
        if row.p_value is None:
            return row
        # An anonymous row has no path: all of a run are one folder then.
        folder = Path(row.path).parent
        shift = self.found.setdefault((folder, row.model), SiteShift())
        shift.add(row.p_value, row.parts)
        return replace(row, site_shift=shift.text())

    def lines(self, anonymous: bool = False) -> list[str]:
        """Return a line for every folder and model whose scores are shifted."""
        return [
            f"{model}: the scores of {'a folder' if anonymous else folder} lie higher than the "
            f"model's normals ({', '.join(parts)}): either most of these records are abnormal, or "
            "devices and people differ here and the thresholds do not hold; calibrate with "
            "'trainer calibrate --data FOLDER --robust', or with records known to be normal"
            for (folder, model), shift in self.found.items()
            if (parts := shift.parts())
        ]
