"""Reviews written as WFDB annotations, CSV and JSON, and read back."""
