"""The table on disk and on standard output."""

import csv
import json

import pytest

from ecgviewer.cli.screening.table import COLUMNS, Row, open_table

ROW = Row("ward/a.hea", "a", "cae", 1.5, float("nan"), 0.25, 2.0, 0, "flat V1, V2", "V3", 0.1, 0.2)


def test_the_columns_are_the_documented_ones():
    assert ",".join(COLUMNS) == (
        "path,record,model,score,raw_score,p_value,threshold,abnormal,quality,"
        "worst_lead,worst_start_s,worst_end_s,error,site_shift"
    )


def test_csv_rows_are_on_disk_as_soon_as_they_are_written(tmp_path):
    out = tmp_path / "new folder" / "all.csv"
    with open_table(str(out)) as table:
        table.write(ROW)
        table.write(Row("b.hea", "b", "cae", error='cannot "read", really'))
        first, second = csv.DictReader(out.read_text().splitlines())
    assert (first["score"], first["raw_score"], first["quality"]) == ("1.5", "nan", "flat V1, V2")
    assert (second["score"], second["abnormal"]) == ("", "")
    assert second["error"] == 'cannot "read", really'


@pytest.mark.parametrize("start", "=+-@")
def test_csv_cells_that_quote_a_file_are_no_formulas(tmp_path, start):
    text = f"{start}cmd.hea: wrong checksum"
    row = Row(f"{start}cmd.hea", f"{start}cmd", "cae", quality=text, error=text)
    out = tmp_path / "all.csv"
    with open_table(str(out)) as table:
        table.write(row)
    (found,) = csv.DictReader(out.read_text().splitlines())
    assert (found["quality"], found["error"]) == (f"'{text}", f"'{text}")
    assert (found["path"], found["record"]) == (row.path, row.record)


def test_json_is_valid_however_many_rows(tmp_path):
    out = tmp_path / "all.json"
    for rows in ([], [ROW], [ROW, ROW]):
        with open_table(str(out)) as table:
            for row in rows:
                table.write(row)
        found = json.loads(out.read_text())
        assert len(found) == len(rows)
    assert tuple(found[0]) == COLUMNS
    assert found[0]["raw_score"] is None and found[0]["abnormal"] == 0


def test_standard_output_gets_csv(capsys):
    with open_table("-") as table:
        table.write(ROW)
    out = capsys.readouterr().out
    assert out.splitlines()[0] == ",".join(COLUMNS)
    assert out.count("\n") == 2
