"""The model process and the window's side of it."""
