"""Minimum and maximum of a signal at every zoom, in memory and on disk."""
