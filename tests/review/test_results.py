"""Result tables: read, sorted, filtered and counted, and the way from a row to its record."""

import shutil

import pytest

from ecgviewer.cli.archive.journal import write_part
from ecgviewer.cli.archive.schema import About, as_table
from ecgviewer.cli.screening.table import Row, csv_header, csv_line
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.io import open_record
from ecgviewer.review.results import ResultFilter, open_results

ABOUT = About((("cae", "1" * 64), ("vae-bilstm", "2" * 64)), 0.95)
MODELS = ("cae", "vae-bilstm")
ROWS = [
    Row(f"north/r{k}.hea", f"r{k}", model, score=float(k), p_value=(k + 1) / 12,
        abnormal=int(k > 8), quality="ok", worst_lead="V2")
    for k in range(10) for model in MODELS
]  # fmt: skip
ROWS += [Row("south/s0.hea", "s0", model, error="is damaged") for model in MODELS]


@pytest.fixture(params=["all.parquet", "parts", "all.csv"])
def results(request, tmp_path):
    """The same rows as a file, as a folder of parts of an unfinished run, and as CSV."""
    path = tmp_path / request.param
    if path.suffix == ".csv":
        path.write_text(csv_header() + "".join(map(csv_line, ROWS)))
    elif path.suffix == ".parquet":
        write_part(path, as_table(ROWS, ABOUT))
    else:
        (path / "_parts").mkdir(parents=True)
        write_part(path / "_parts" / "part-000000.parquet", as_table(ROWS[:8], ABOUT))
        write_part(path / "_parts" / "part-000001.parquet", as_table(ROWS[8:], ABOUT))
    first = []
    found = open_results(path, first.append)
    assert len(first[0]) in (8, len(ROWS)) and len(found) == len(ROWS)
    return found


def test_rows_are_sorted_with_those_without_a_value_last(results):
    everything = ResultFilter()
    for descending in (False, True):
        rows = results.rows(results.arrange("p_value", descending, everything))
        p = [row["p_value"] for row in rows[:-2]]
        assert p == sorted(p, reverse=descending) and rows[-1]["p_value"] is None
    models = [row["model"] for row in results.rows(results.arrange("model", False, everything))]
    assert models == sorted(models)


def test_rows_are_filtered(results):
    def records(**only):
        rows = results.rows(results.arrange("record", False, ResultFilter(**only)))
        return [(row["record"], row["model"]) for row in rows]

    both = ["cae", "vae-bilstm"]
    assert records(text="R3.HEA") == [("r3", model) for model in both]
    assert records(site="south", model="cae") == [("s0", "cae")]
    assert records(abnormal=True) == [("r9", model) for model in both]
    assert records(errors=True) == [("s0", model) for model in both]
    assert results.models() == both and results.sites() == ["north", "south"]


def test_p_values_are_counted_by_model_and_site(results):
    assert results.histogram("cae", "", 2).tolist() == [5, 5]
    assert results.histogram("cae", "south", 2).tolist() == [0, 0]


def test_a_row_leads_to_its_record(samples, tmp_path):
    shutil.copytree(samples, tmp_path / "deep" / "ward")
    rows = [Row("deep/ward/00010_hr.hea", "00010_hr", model) for model in ("cae", "vae-bilstm")]
    (tmp_path / "deep" / "tables").mkdir()
    write_part(tmp_path / "deep" / "tables" / "x.parquet", as_table(rows, ABOUT))
    results = open_results(tmp_path / "deep" / "tables" / "x.parquet")
    assert open_record(results.locate(results.rows([0])[0])).name == "00010_hr"
    with pytest.raises(EcgViewerError, match="is not where the table says"):
        results.locate({"path": "nowhere/r.hea", "record": "r"})


def test_what_is_no_table_is_refused(tmp_path, samples):
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    (tmp_path / "notes.parquet").write_text("PAR1")
    for path in (tmp_path / "notes.csv", tmp_path / "notes.parquet", tmp_path):
        with pytest.raises(EcgViewerError, match="table"):
            open_results(path)
