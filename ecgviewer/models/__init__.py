"""The three networks, the scores made of them, bundles, and running them on recordings.

Importing this package, its bundle headers, store or client never imports torch.
"""
