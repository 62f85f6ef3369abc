"""The manual in a window, and which page of it belongs to what has the focus."""
