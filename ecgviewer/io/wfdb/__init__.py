"""WFDB records (PhysioNet's format): headers, signal files, segments."""
