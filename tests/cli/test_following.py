"""Which windows of a growing record are handed out, and when."""

import pytest

from ecgviewer.cli.screening.in_worker import _opened
from ecgviewer.cli.watch.following import Following
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.io.arrivals import Arrivals
from tests.generators import ecg_uv, write_wfdb_16

SECOND = 500 * 12 * 2


class Live:
    """A record of 60 s that is written second by second, and a look after each."""

    def __init__(self, folder, elsewhere, count=""):
        whole = write_wfdb_16(elsewhere, "live", ecg_uv(60.0))
        first, *lines = whole.read_text().splitlines()
        self.header = folder / "live.hea"
        self._lines = (first.rsplit(" ", 1)[0], lines)
        self.give_count(count)
        self._data = whole.with_suffix(".dat").read_bytes()
        self._at = 0
        self.now = 0.0
        self.arrivals = Arrivals(folder, clock=lambda: self.now)
        self.following = Following(self.arrivals, ReadOptions())

    def give_count(self, count):
        first, lines = self._lines
        self.header.write_text("\n".join([f"{first} {count}".strip(), *lines]) + "\n")

    def write(self, seconds):
        """Record for some seconds; return the windows and the records that come meanwhile."""
        windows, whole = [], []
        for _ in range(seconds):
            with self.header.with_suffix(".dat").open("ab") as file:
                file.write(self._data[self._at : self._at + SECOND])
            self._at += SECOND
            found, records = self.look(1.0)
            windows += found
            whole += records
        return windows, whole

    def look(self, later_s):
        self.now += later_s
        whole = [entry.name for entry in self.arrivals.look()]
        return [job.span_s for _, job in self.following.jobs()], whole


@pytest.fixture
def live(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "elsewhere").mkdir()
    return Live(tmp_path / "in", tmp_path / "elsewhere")


def test_each_window_comes_once_with_its_last_sample_and_the_whole_at_the_end(live):
    assert live.write(9) == ([], [])
    assert live.write(1) == ([(0.0, 10.0)], [])
    assert live.write(14) == ([(10.0, 20.0)], [])
    assert live.look(5.0) == ([], []), "a device that writes now and then has not ended"
    assert live.write(7) == ([(20.0, 30.0)], [])
    assert live.look(10.0) == ([], ["live"])
    assert live.look(10.0) == ([], [])


def test_a_header_that_promises_more_than_is_there_is_waited_for(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "elsewhere").mkdir()
    live = Live(tmp_path / "in", tmp_path / "elsewhere", count="15000")
    assert live.write(30) == ([], []), "a copy on its way is no recording"
    assert live.look(1.0) == ([], ["live"])


def test_a_span_is_read_as_a_record_of_its_own(live):
    live.write(20)
    part = _opened(RecordRef(live.header), (10.0, 20.0))
    whole = _opened(RecordRef(live.header), None)
    assert part.duration_s == 10.0
    assert (part.read(0.0, 10.0) == whole.read(10.0, 20.0)).all()
    assert part.content_hash() != whole.content_hash()
    live.write(1)
    assert part.read(0.0, 1.0).shape == (12, 500), "it no longer depends on the file"
