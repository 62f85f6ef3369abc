"""Annotations and samples as WFDB, written, read back and compared."""
