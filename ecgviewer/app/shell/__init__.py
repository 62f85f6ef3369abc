"""The window, its session and document, settings and notices."""
