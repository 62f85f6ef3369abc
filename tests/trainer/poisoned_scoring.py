"""What the processes of ``test_scored_records`` serve: one record kills whoever opens it."""

import os
import signal

from trainer.judging import scored_records

open_record = scored_records.open_record


def open_or_die(ref):
    if ref.path.stem == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    return open_record(ref)


def serve(channel):
    scored_records.open_record = open_or_die
    scored_records.serve(channel)
