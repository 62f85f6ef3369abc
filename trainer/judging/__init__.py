"""Scores of labelled records and every figure made of them."""
