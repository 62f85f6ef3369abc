"""The three networks, their scores and calibration, and the bundle that carries them."""
