"""Training and calibrating a model, and the bundle that comes of it."""
