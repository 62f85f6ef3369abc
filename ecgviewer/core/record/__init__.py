"""A recording: where it is, what was read, what its file says beside the samples."""
