"""Beats: R peaks, their median, heights, shapes and rhythm; pacing stimuli."""
