"""Screening goes on when a worker process dies, and results keep the order of the records."""

import importlib
from pathlib import Path

import pytest

from ecgviewer.cli.pool import Crash, WorkerPool


@pytest.fixture
def make_work(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("pool_work").make_work


def test_results_come_in_the_order_of_the_tasks(make_work):
    tasks = [("sleep", 0.3), ("echo", 1), ("echo", 2), ("sleep", 0.1), ("echo", 3)]
    results = list(WorkerPool(make_work, 2, lambda task, fraction: None).run(tasks))
    assert [task for task, _ in results] == tasks
    assert [result[:2] for _, result in results] == tasks
    assert len({result[2] for _, result in results}) == 2, "both processes should have worked"


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_killed_process_costs_only_its_own_task(make_work, jobs):
    tasks = [("echo", 0), ("die", 1), ("echo", 2), ("exit", 7), ("echo", 4)]
    results = list(WorkerPool(make_work, jobs, lambda task, fraction: None).run(tasks))
    crashes = {task: result for task, result in results if isinstance(result, Crash)}
    assert set(crashes) == {("die", 1), ("exit", 7)}
    assert "SIGKILL" in crashes["die", 1].text()
    assert "exit status 7" in crashes["exit", 7].text()
    assert [r[:2] for _, r in results if not isinstance(r, Crash)] == tasks[::2]


def test_progress_names_the_task(make_work):
    seen = []
    pool = WorkerPool(make_work, 1, lambda task, fraction: seen.append((task, fraction)))
    list(pool.run([("report", 0.5)]))
    assert seen == [(("report", 0.5), 0.5)]


def test_leaving_early_ends_the_processes(make_work):
    pool = WorkerPool(make_work, 2, lambda task, fraction: None)
    results = pool.run([("echo", 1), ("sleep", 60), ("sleep", 60)])
    next(results)
    processes = [worker.process for worker in pool._workers]
    results.close()
    assert processes and not any(process.is_alive() for process in processes)


def test_no_tasks_start_no_process(make_work):
    pool = WorkerPool(make_work, 4, lambda task, fraction: None)
    assert list(pool.run([])) == []


@pytest.mark.parametrize("together", [2, 5, 100])
def test_a_killed_process_costs_its_own_task_of_those_it_had_together(make_work, together):
    tasks = [("echo", n) for n in range(9)]
    tasks[4] = ("die", 4)
    pool = WorkerPool(make_work, 2, lambda task, fraction: None, together)
    results = list(pool.run(tasks))
    assert [task for task, _ in results] == tasks
    assert [task for task, result in results if isinstance(result, Crash)] == [("die", 4)]


def test_few_tasks_are_shared_among_the_processes(make_work):
    pool = WorkerPool(make_work, 2, lambda task, fraction: None, 16)
    results = list(pool.run([("sleep", 0.2 + n / 1000) for n in range(4)]))
    assert len({result[2] for _, result in results}) == 2


def test_progress_names_the_task_of_several(make_work):
    seen = []
    pool = WorkerPool(make_work, 1, lambda task, fraction: seen.append((task, fraction)), 4)
    list(pool.run([("echo", 0.1), ("report", 0.5)]))
    assert seen == [(("report", 0.5), 0.5)]
