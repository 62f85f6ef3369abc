"""Lesions put into normal records, and whether maps and flags find them."""
