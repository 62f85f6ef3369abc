"""Tables of samples as text: CSV and its relatives."""
