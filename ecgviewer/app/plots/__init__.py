"""Plots that are not the page: on pyqtgraph, in the colours of the program, linked to the traces.

Only :mod:`~ecgviewer.app.plots.install` and :mod:`~ecgviewer.app.plots.panel` are imported at the
start; what imports pyqtgraph waits until a plot is shown.
"""
