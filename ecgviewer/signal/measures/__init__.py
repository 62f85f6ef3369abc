"""What is measured of a range beyond its beats: rate, axes, wave heights, limits, words."""
