"""EDF, EDF+ and BDF recordings."""
