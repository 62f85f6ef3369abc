"""Reviewing in the window: annotations, verdicts on flags, the work list, readers, exports."""
