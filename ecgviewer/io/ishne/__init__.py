"""ISHNE Holter recordings."""
