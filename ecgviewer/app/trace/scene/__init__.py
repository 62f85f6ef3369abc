"""What the trace view shows: one immutable value, made in one place of the shell."""
