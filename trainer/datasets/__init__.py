"""Labelled data sets: what records there are, which are normal, who trains on what."""
