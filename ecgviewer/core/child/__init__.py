"""One way to run a process and to lose it.

A child process is this program again, started to serve one module (:mod:`.serving`); messages go
through its standard input and output (:mod:`.messages`), never a socket and never pickled objects.
Its death, however it comes, is the last thing that is heard of it (:mod:`.process`).
:mod:`.pool` shares tasks among several.
"""
