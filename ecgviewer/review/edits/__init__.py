"""The review while it is worked on: reversible edits, journal, files."""
