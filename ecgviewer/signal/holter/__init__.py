"""Long recordings beat by beat: families of beats by shape, and a summary of the rhythm."""
