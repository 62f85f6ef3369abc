"""What a reader adds to a record: annotations, verdicts, journal, exports. No Qt."""
