"""Many records through models: worker processes, what is known already, rows of the table."""
