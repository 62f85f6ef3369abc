"""The panels around the traces. Each reads the document and announces what the user wants."""
