"""``ecgviewer watch``: the command, and what it remembers between two runs."""
