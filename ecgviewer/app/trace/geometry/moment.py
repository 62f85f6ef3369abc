"""A scene as a view shows it now: what painters, layers and tools work with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ecgviewer.app.trace.data.scene_data import SceneData
from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.track_bars import TrackRows, track_rows
from ecgviewer.app.trace.scene.scene import Scene
from ecgviewer.app.trace.state import ViewState


@dataclass(frozen=True, eq=False)
class Moment:
    """What is shown, how, and where; solved once and never changed.

    Attributes
    ----------
    data : SceneData
        The samples and maps that were read by now.
    """

    scene: Scene
    state: ViewState
    geometry: Geometry
    data: SceneData

    @cached_property
    def tracks(self) -> dict[str, TrackRows]:
        """The rows of flags and annotations that are on, by the names of their overlays."""
        return track_rows(self.scene, self.state, self.geometry)
