"""Where the ECG is in an HDF5 file: which dataset, axis, rows, columns."""
