"""What no model may judge: flat, saturated, noisy, missing and invalid leads or spans."""

from ecgviewer.signal.quality.assess import assess, usable_mask

__all__ = ["assess", "usable_mask"]
