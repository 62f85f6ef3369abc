"""Imports go one way, only the window knows Qt, and nothing heavy loads before it is needed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

IMPORT_ALL_BUT_THE_WINDOW = """
import importlib, pkgutil, sys

class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PySide6", "shiboken6", "pyqtgraph"):
            raise ModuleNotFoundError(f"{name} must not be needed", name=name)

sys.meta_path.insert(0, NoQt())
import ecgviewer, trainer
skip = ("ecgviewer.app", "ecgviewer.__main__", "trainer.__main__")
count = 0
for package in (ecgviewer, trainer):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.startswith(skip):
            importlib.import_module(module.name)
            count += 1
print(count)
"""

HEAVY = ("numpy", "scipy", "torch", "PySide6", "wfdb", "h5py")


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def test_the_layering_contracts_hold():
    # In a process of its own: import-linter disables the loggers of the one it runs in.
    command = "import sys; from importlinter.cli import lint_imports as run; sys.exit(run())"
    done = run_python("-c", command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_below_the_window_imports_without_qt():
    done = run_python("-c", IMPORT_ALL_BUT_THE_WINDOW)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 30


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_version_and_help_load_nothing_heavy(argument):
    code = (
        "import sys\nfrom ecgviewer.cli import main\n"
        f"try: main([{argument!r}])\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = run_python("-c", code)
    assert done.stdout
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("module", "late"),
    [
        ("ecgviewer.app.main", ("torch", "scipy", "wfdb", "h5py", "pydicom")),
        ("ecgviewer.cli.analyze", ("torch",)),
    ],
)
def test_nothing_is_loaded_before_it_is_needed(module: str, late: tuple[str, ...]) -> None:
    code = f"import sys; import {module}; print([n for n in {late!r} if n in sys.modules])"
    done = run_python("-c", code)
    assert done.stdout.strip() == "[]", done.stderr


ONE_PLACE = "ecgviewer/signal/scipy_parts.py"


def test_scipy_is_imported_in_one_place() -> None:
    """Two threads that import parts of scipy at once break it for the rest of the session.

    It happened when a record was opened with a display filter on: beats and traces need it then.
    """
    importing = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ecgviewer").rglob("*.py")
        if re.search(r"^\s*(from|import) scipy", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert importing == [ONE_PLACE]
