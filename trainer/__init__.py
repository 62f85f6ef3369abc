"""Retrain, calibrate and evaluate the models: ``python -m trainer``. Never imports the window."""
