"""The whole record in one bar under the traces."""
