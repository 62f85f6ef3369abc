"""The networks: their shared blocks and one module per architecture."""
