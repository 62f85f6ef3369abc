"""The trace view: a scene of layers over a page of calibrated paper.

``scene/`` is what is shown, one immutable value; ``data/`` brings its samples and maps without
blocking the window; ``geometry/`` solves where everything is; ``page/`` paints it, by ``raster/``;
``layers/`` and ``tools/`` meet the mouse; ``overview/`` shows the scene as a whole.
``view.TraceView`` is the widget, ``show_scene`` its one door.
"""
