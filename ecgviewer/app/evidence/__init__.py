"""The evidence card: median beats, reconstruction, intervals."""
