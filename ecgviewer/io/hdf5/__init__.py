"""HDF5 files: where the ECG is in them, what they say of it, samples by range."""
