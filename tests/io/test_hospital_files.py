"""Every file of a hospital's kinds opens, or is refused for a reason that is known beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgviewer.core.errors import RecordError
from ecgviewer.io import RecordFailure, find_records, open_record

REFUSED = {
    "own_badnum.xml": "not a number",
    "own_uneq.xml": "differ in length",
    "own_badcount.dcm": "claims 6000 samples per channel and holds 5000",
    "own_mulaw.dcm": "mu-law",
    "own_trunc.dcm": "truncated",
    "annonly.edf": "annotations alone",
    "trunc.edf": "truncated",
    "badcrc.ecg": "checksum",
    "trunc.ecg": "truncated",
    "own_badcount.xml": "LeadSampleCountTotal 6000",
    "own_trunc.xml": "no sound XML",
    "own_truncb64.xml": "Invalid Base64",
}


@pytest.mark.slow
def test_every_hospital_file_opens_or_is_refused_for_its_reason(shared_data: Path) -> None:
    folder = shared_data.parent / "hospital"
    if not folder.is_dir():
        pytest.skip("no hospital files on this machine")
    opened = 0
    for ref in find_records(folder):
        name = ref.path.name
        try:
            assert not isinstance(ref, RecordFailure), ref
            recording = open_record(ref)
        except RecordError as error:
            assert name in REFUSED and REFUSED[name] in str(error), f"{name}: {error}"
            continue
        assert name not in REFUSED, f"{name} opens"
        opened += 1
        span = recording.read(0.0, min(10.0, recording.duration_s))
        assert span.shape[0] == len(recording.leads) and span.size
        print(f"{name:32} {len(recording.leads):3} leads {recording.fs_hz:9g} Hz "
              f"{recording.duration_s:10.2f} s  {recording.format}")  # fmt: skip
        recording.source.close()
    assert opened >= 70
