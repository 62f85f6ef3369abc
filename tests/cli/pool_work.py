"""Work for the processes of ``test_pool``: imported by them, so it cannot live in a test module."""

import os
import signal
import time


def make_work():
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
