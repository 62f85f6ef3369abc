"""Signal processing on numpy arrays: preprocessing, resampling, beats, intervals, quality."""
