"""Analyses on disk: finished ones, and long ones under way."""
