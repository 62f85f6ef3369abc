"""Readers: one module per file format and a registry that recognises formats by content."""
