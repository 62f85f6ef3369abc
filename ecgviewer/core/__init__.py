"""Data types every layer speaks: recordings, leads, analyses, flags, errors.

Nothing in here reads a file, imports torch or knows Qt.
"""
