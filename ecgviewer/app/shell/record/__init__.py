"""The open record: opening it, what may be seen of it, its flags."""
