"""Arrays to pixels: columns of samples, runs of colour, colour scales."""
