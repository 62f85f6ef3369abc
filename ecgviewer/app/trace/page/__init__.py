"""The page: paper, traces, strips and shading in one picture, and what stands around them."""
