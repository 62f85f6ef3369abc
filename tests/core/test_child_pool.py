"""Screening goes on when a worker process dies, and results keep the order of the records."""

from pathlib import Path

import pytest

from ecgviewer.core.child.pool import Crash, PoolWork, WorkerPool


@pytest.fixture
def work(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    return PoolWork("pool_work", {}, list, tuple)


def test_results_come_in_the_order_of_the_tasks(work):
    tasks = [("sleep", 0.3), ("echo", 1), ("echo", 2), ("sleep", 0.1), ("echo", 3)]
    results = list(WorkerPool(work, 2, lambda task, fraction: None).run(tasks))
    assert [task for task, _ in results] == tasks
    assert [result[:2] for _, result in results] == tasks
    assert len({result[2] for _, result in results}) == 2, "both processes should have worked"


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_killed_process_costs_only_its_own_task(work, jobs):
    tasks = [("echo", 0), ("die", 1), ("echo", 2), ("exit", 7), ("echo", 4)]
    results = list(WorkerPool(work, jobs, lambda task, fraction: None).run(tasks))
    crashes = {task: result for task, result in results if isinstance(result, Crash)}
    assert set(crashes) == {("die", 1), ("exit", 7)}
    assert "SIGKILL" in crashes["die", 1].text()
    assert "exit status 7" in crashes["exit", 7].text()
    assert [r[:2] for _, r in results if not isinstance(r, Crash)] == tasks[::2]


def test_progress_names_the_task(work):
    seen = []
    pool = WorkerPool(work, 1, lambda task, fraction: seen.append((task, fraction)))
    list(pool.run([("report", 0.5)]))
    assert seen == [(("report", 0.5), 0.5)]


def test_leaving_early_ends_the_processes(work):
    pool = WorkerPool(work, 2, lambda task, fraction: None)
    results = pool.run([("echo", 1), ("sleep", 60), ("sleep", 60)])
    next(results)
    children = [worker.child for worker in pool._workers]
    results.close()
    assert children and all(child.exit_code is not None for child in children)


def test_no_tasks_start_no_process(work):
    pool = WorkerPool(work, 4, lambda task, fraction: None)
    assert list(pool.run([])) == []


@pytest.mark.parametrize("together", [2, 5, 100])
def test_a_killed_process_costs_its_own_task_of_those_it_had_together(work, together):
    tasks = [("echo", n) for n in range(9)]
    tasks[4] = ("die", 4)
    pool = WorkerPool(work, 2, lambda task, fraction: None, together)
    results = list(pool.run(tasks))
    assert [task for task, _ in results] == tasks
    assert [task for task, result in results if isinstance(result, Crash)] == [("die", 4)]


def test_few_tasks_are_shared_among_the_processes(work):
    pool = WorkerPool(work, 2, lambda task, fraction: None, 16)
    results = list(pool.run([("sleep", 0.2 + n / 1000) for n in range(4)]))
    assert len({result[2] for _, result in results}) == 2


def test_progress_names_the_task_of_several(work):
    seen = []
    pool = WorkerPool(work, 1, lambda task, fraction: seen.append((task, fraction)), 4)
    list(pool.run([("echo", 0.1), ("report", 0.5)]))
    assert seen == [(("report", 0.5), 0.5)]
