"""Records that come into a folder: when they are handed out, and when again."""

import os
import shutil

import pytest

from ecgviewer.core.errors import MissingFileError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io.arrivals import Arrivals
from tests.generators import ecg_uv, write_wfdb_16


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def look(tmp_path, clock):
    """Return a function that looks into ``tmp_path/in`` some seconds later, and names what came."""
    folder = tmp_path / "in"
    folder.mkdir()
    arrivals = Arrivals(folder, rest_s=1.0, clock=clock)

    def names(later_s=0.5):
        clock.now += later_s
        return [entry.name for entry in arrivals.look()]

    return names


@pytest.fixture
def record(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return write_wfdb_16(folder, "r1", ecg_uv(4.0))


def copy(record, tmp_path, *suffixes):
    for suffix in suffixes:
        shutil.copyfile(record.with_suffix(suffix), tmp_path / "in" / f"{record.stem}{suffix}")


def test_a_record_is_handed_out_once_when_all_of_its_files_rest(look, record, tmp_path):
    copy(record, tmp_path, ".hea")
    assert look() == []
    copy(record, tmp_path, ".dat")
    assert look() == []
    assert look() == [], "the signals changed half a second ago"
    assert look() == ["r1"]
    assert look(5.0) == []


def test_a_file_written_in_pieces_does_not_rest_between_them(look, record, tmp_path):
    copy(record, tmp_path, ".hea")
    data = record.with_suffix(".dat").read_bytes()
    for at in range(0, len(data), 20_000):
        with (tmp_path / "in" / "r1.dat").open("ab") as file:
            file.write(data[at : at + 20_000])
        assert look(0.9) == []
    assert look(1.0) == ["r1"]


def test_signals_that_come_after_their_header_bring_it_again(look, record, tmp_path):
    copy(record, tmp_path, ".hea")
    look()
    assert look(1.0) == ["r1"]
    copy(record, tmp_path, ".dat")
    look()
    assert look(1.0) == ["r1"]


def test_what_is_replaced_comes_again_and_what_other_programs_write_never(look, record, tmp_path):
    copy(record, tmp_path, ".hea", ".dat")
    (tmp_path / "in" / "notes.txt").write_text("a letter\n")
    (tmp_path / "in" / ".hidden.hea").write_text("r2 1 500 10\n")
    (tmp_path / "in" / "r3.hea.part").write_text("r3 1 500 10\n")
    look()
    assert look(1.0) == ["r1"]
    signals = tmp_path / "in" / "r1.dat"
    os.utime(signals, ns=(1, 1))
    assert look() == []
    assert look(1.0) == ["r1"]


def test_a_folder_that_went_away_for_a_while_brings_nothing_twice(look, record, tmp_path):
    copy(record, tmp_path, ".hea", ".dat")
    look()
    assert look(1.0) == ["r1"]
    (tmp_path / "in").rename(tmp_path / "away")
    with pytest.raises(MissingFileError):
        look()
    (tmp_path / "away").rename(tmp_path / "in")
    assert look(5.0) == []


def test_records_in_folders_below_come_with_where_they_are(tmp_path, record, clock):
    (tmp_path / "in" / "ward").mkdir(parents=True)
    for suffix in (".hea", ".dat"):
        shutil.copyfile(record.with_suffix(suffix), tmp_path / "in" / "ward" / f"r1{suffix}")
    arrivals = Arrivals(tmp_path / "in", clock=clock)
    arrivals.look()
    clock.now += 2.0
    assert arrivals.look() == [RecordRef(tmp_path / "in" / "ward" / "r1.hea")]
