"""DICOM waveforms."""
