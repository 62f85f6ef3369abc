"""ECG Viewer: find where a 12-lead ECG stops looking normal, offline."""

__version__ = "0.1.0"
