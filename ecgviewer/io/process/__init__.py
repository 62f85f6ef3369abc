"""The process that touches HDF5 files, and what travels to and from it."""
