"""Resting ECGs of carts and management systems: SCP-ECG and XML of several makers."""
