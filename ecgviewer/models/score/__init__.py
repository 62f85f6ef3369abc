"""From a window to p-values: features, densities of normals, parts, their fusion, findings."""
