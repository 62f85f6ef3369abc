"""The model bundle: one safetensors file with everything that a trained model needs."""
