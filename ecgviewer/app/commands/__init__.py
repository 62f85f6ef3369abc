"""Every command of the window and what it does."""
