"""The trace view: calibrated paper, traces, overlays, calipers, overview, evidence card.

``view.TraceView`` is the widget; ``layout`` says where each lead goes, ``data`` brings samples
to the screen without blocking it, the ``paint_*`` modules draw, ``interaction`` listens.
"""
