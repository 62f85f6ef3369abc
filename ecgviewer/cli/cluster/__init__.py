"""``analyze --cluster``: the work of an archive on the workers of Dask distributed.

The only part of the program that opens sockets, and only to the address given.
"""
