"""A result table of a million rows: the first page, all of it, and sorting."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.review.results import ResultFilter, ResultTable, open_results

N = 1_000_000
FIRST_PAGE_S, SORT_S = 1.0, 2.0


def write_million(path: Path) -> None:
    """Write a table with the columns of ``analyze`` that the window reads."""
    import pyarrow as pa
    from pyarrow import compute, parquet

    generator = np.random.default_rng(1)
    number = pa.array(np.arange(N) // 3).cast(pa.string())
    site = pa.array(np.arange(N) // 3 % 7).cast(pa.string())
    record = compute.binary_join_element_wise(pa.scalar("r"), number, "")
    paths = compute.binary_join_element_wise("/data/site", site, "/", record, ".hea", "")
    few = {"model": ["cae", "vae-bilstm", "vae-bilstm-mha"], "error": [""], "quality": ["ok"]}
    columns = {"path": paths, "record": record}
    for name, values in few.items():
        columns[name] = pa.array(values).take(pa.array(np.arange(N) % len(values)))
    for name in ("score", "p_value"):
        columns[name] = pa.array(generator.random(N))
    columns["abnormal"] = pa.array((generator.random(N) < 0.3).astype(np.int8))
    parquet.write_table(pa.table(columns), path, row_group_size=65_536, compression="zstd")


@pytest.mark.perf
def test_a_million_rows_are_shown_at_once_and_sorted(tmp_path: Path) -> None:
    path = tmp_path / "million.parquet"
    write_million(path)
    open_results(path)  # the first time imports pyarrow's parts
    start, first_s = time.process_time(), []

    def first(table: ResultTable) -> None:
        table.rows(range(100))
        first_s.append(time.process_time() - start)

    results = open_results(path, first)
    all_s = time.process_time() - start
    lines = []
    for column in ("p_value", "record", "model", "score"):
        before = time.process_time()
        numbers = results.arrange(column, True, ResultFilter())
        results.rows(numbers[:100])
        lines.append((column, time.process_time() - before))
    sorted_text = ", ".join(f"{column} {taken:.2f} s" for column, taken in lines)
    print(
        f"\n{N:,} rows, processor time: first page {first_s[0]:.2f} s (budget {FIRST_PAGE_S:g}), "
        f"all {all_s:.1f} s, {results.table.nbytes / 1e6:.0f} MB; sorted by {sorted_text} "
        f"(budget {SORT_S:g})"
    )
    assert len(results) == N and first_s[0] <= FIRST_PAGE_S
    assert max(taken for _, taken in lines) <= SORT_S
