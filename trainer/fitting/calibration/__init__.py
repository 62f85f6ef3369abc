"""Densities and thresholds from normals: of the training, of other devices, of a site."""
