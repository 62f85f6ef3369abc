"""The command line: ``ecgviewer [PATH ...]`` opens the window, subcommands work without one.

Nothing heavy is imported until a subcommand needs it: ``--version`` and ``--help`` answer without
numpy, torch or Qt.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from ecgviewer.cli.parser import HANDLERS, build_parser, window_arguments
from ecgviewer.cli.words import in_words
from ecgviewer.core.errors import CancelledError, EcgViewerError
from ecgviewer.core.system.qt_libraries import check_qt_libraries, has_display
from ecgviewer.core.system.streams import flush_output, tell
from ecgviewer.core.system.user_dirs import settle

USAGE_ERROR = 2
"""Exit status of wrong usage, the one argparse uses too."""
FAILED = 1
CHILD = "--child"
"""The frozen program started by itself, to be a child process that serves a module."""
INTERRUPTED = 130
"""What shells report for a program ended by Ctrl-C."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; the process's own when omitted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == [CHILD] and len(arguments) == 2:
        import_module("ecgviewer.core.child.serving").main(arguments[1])
        return 0
    homeless = settle()
    if homeless:
        print(f"ecgviewer: {homeless}", file=sys.stderr)
    try:
        status = _run(arguments, homeless)
        flush_output()
        return status
    except EcgViewerError as error:
        print(f"ecgviewer: {in_words(error)}", file=sys.stderr)
        return FAILED
    except (KeyboardInterrupt, CancelledError):
        return INTERRUPTED
    except OSError as error:
        tell("ecgviewer", error)
        return FAILED


def _run(arguments: list[str], homeless: str) -> int:
    if arguments[:1] == ["trainer"]:
        return _run_trainer(arguments[1:])
    paths = window_arguments(arguments)
    if paths is not None:
        return _open_window(paths, homeless)
    parsed = build_parser().parse_args(arguments)
    module, function = HANDLERS[parsed.command]
    return int(getattr(import_module(module), function)(parsed))


def _open_window(paths: list[str], problem: str) -> int:
    from pathlib import Path

    if not has_display():
        return _without_display(paths)
    check_qt_libraries(on_screen=True)
    from ecgviewer.app.start import run

    return run([Path(path) for path in paths], problem)


def _without_display(paths: list[str]) -> int:
    """Give the scores where no window can be seen; files to open were named, or nothing is."""
    if not paths:
        raise EcgViewerError("there is no display to open a window on; ecgviewer --help")
    print(
        "ecgviewer: there is no display to open a window on. These are the scores; "
        "ecgviewer screenshot PATH --out FILE.png draws the window.",
        file=sys.stderr,
    )
    return _run(["analyze", "--", *paths], "")


def _run_trainer(arguments: list[str]) -> int:
    from trainer.__main__ import main as train

    return int(train(arguments) or 0)
