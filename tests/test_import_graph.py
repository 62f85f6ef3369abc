"""No circle of imports, type-checking imports included, and rooms that import one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("ecgviewer", "trainer")
Graph = dict[str, set[str]]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the names of modules, or of things in them, wherever in a file they are imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def import_graph(folder: Path = ROOT) -> Graph:
    """Return which module imports which, those in functions and for type checking included."""
    paths = {
        module_name(path): path
        for package in PACKAGES
        for path in sorted((folder / package).rglob("*.py"))
    }
    graph: Graph = {}
    for name, path in paths.items():
        found = set()
        for target in imported(ast.parse(path.read_text(encoding="utf-8"))):
            module = target if target in paths else target.rpartition(".")[0]
            if module in paths and module != name:
                found.add(module)
        graph[name] = found
    return graph


def circle_in(graph: Graph) -> list[str]:
    """Return the modules of one circle, empty where there is none."""
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.fixture(scope="module")
def graph() -> Graph:
    return import_graph()


def test_the_test_sees_a_circle_and_what_is_imported_late(graph: Graph) -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert len(graph) > 300
    # In a function of its own, so that the splash is on the screen first.
    assert "ecgviewer.app.main" in graph["ecgviewer.app.start"]


def test_no_module_imports_itself_in_a_circle(graph: Graph) -> None:
    assert circle_in(graph) == []


def test_the_rooms_of_the_window_import_one_way(graph: Graph) -> None:
    """Also where two rooms stand side by side: commands know panels, never the other way."""
    inside = "ecgviewer.app."
    rooms: Graph = {}
    for name, targets in graph.items():
        if name.startswith(inside):
            room = name.split(".")[2]
            others = {t.split(".")[2] for t in targets if t.startswith(inside)}
            rooms.setdefault(room, set()).update(others - {room})
    assert circle_in(rooms) == []


def test_nobody_but_main_knows_the_window(graph: Graph) -> None:
    window = "ecgviewer.app.shell.window"
    assert [name for name, targets in graph.items() if window in targets] == ["ecgviewer.app.main"]
