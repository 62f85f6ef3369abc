"""Samples on their way to the screen: chunks, minima and maxima at every zoom, the loader."""
