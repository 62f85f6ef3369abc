"""What can be said of a window and its beats without a network."""
