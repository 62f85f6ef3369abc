"""What every part of the window takes from Qt: theme, icons, handlers, pictures."""
