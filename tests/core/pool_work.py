"""What the processes of ``test_child_pool`` serve: they import it, so it is no test module."""

import os
import signal
import time

from ecgviewer.core.child.pool import serve_tasks


def serve(channel):
    serve_tasks(channel, make_work)


def make_work(setup):
    def work(tasks, report):
        return [one(task, lambda done, n=n: report(n, done)) for n, task in enumerate(tasks)]

    def one(task, report):
        kind, value = task
        if kind == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "exit":
            os._exit(value)
        if kind == "sleep":
            time.sleep(value)
        if kind == "report":
            report(value)
        return kind, value, os.getpid()

    return work
