"""*File > Open results*: the table of an archive, its histograms, and the way to each record."""
