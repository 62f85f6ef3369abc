"""``ecgviewer compare``: two recordings of one patient on a page."""

from __future__ import annotations

import argparse
import secrets
import sys

from ecgviewer.cli.choose import one_record
from ecgviewer.cli.parser import privacy_of, read_options
from ecgviewer.cli.pictures import draw_off_screen
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.system.files import check_target
from ecgviewer.io import open_record
from ecgviewer.review.privacy.same_patient import SALT_BYTES, patient_tag


def run(arguments: argparse.Namespace) -> int:
    """Write the page and print what differs; return the exit status."""
    options = read_options(arguments)
    both = [open_record(one_record(path, options)) for path in (arguments.first, arguments.second)]
    check_target(arguments.out)
    draw_off_screen()
    from ecgviewer.app.report.comparison import gather, write_comparison
    from ecgviewer.app.start import make_application

    remark = same_patient_text(*both)
    application = make_application([])
    try:
        compared = [gather(recording, privacy_of(arguments)) for recording in both]
        found = write_comparison(compared[0], compared[1], remark, arguments.out)
    finally:
        for recording in both:
            recording.source.close()
    application.quit()
    print(f"ecgviewer compare: {remark}", file=sys.stderr)
    for one in found.differences:
        if one.beyond and one.value is not None:
            digits = 2 if one.unit == "mV" else 0
            print(f"{one.name}: {one.value:+.{digits}f} {one.unit}")
    if found.turned:
        print(f"T wave turned: {', '.join(found.turned)}")
    return 0


def same_patient_text(first: Recording, second: Recording) -> str:
    """Return whether the files tell that both are one patient's, without telling whose."""
    salt = secrets.token_bytes(SALT_BYTES)
    one, other = (patient_tag(recording.patient, salt) for recording in (first, second))
    if one.is_of(other):
        return "The files name the same patient."
    if one.tells and other.tells:
        return "WARNING: the files name different patients; compared because you chose them."
    return "The files do not tell that both are one patient's; compared because you chose them."
