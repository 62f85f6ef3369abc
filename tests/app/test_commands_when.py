"""What can be done now is what the command table says for the context, and nobody else decides."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QMainWindow

from ecgviewer.app.commands.table import TABLE
from ecgviewer.app.shell.actions import Command, Commands
from ecgviewer.app.shell.context import Context
from tests.app.driving import Build, open_for_review, spin

COMMANDS = [entry for entry in TABLE if isinstance(entry, Command)]
ROOT = Path(__file__).resolve().parents[2]


def contexts(count: int) -> list[Context]:
    """Return the empty context, each fact alone, all but one, and random mixtures."""
    rng = random.Random(1)
    names = [fact.name for fact in fields(Context)]
    full = {name: 3 if name.startswith("n_") else True for name in names}
    found = [Context(), Context(**full)]
    for name in names:
        found.append(Context(**{name: full[name]}))
        found.append(Context(**{other: full[other] for other in names if other != name}))
    while len(found) < count:
        found.append(Context(**{name: full[name] for name in names if rng.random() < 0.6}))
    return found


def test_enabled_is_what_the_table_says_in_every_context(qt_app: QApplication) -> None:
    window = QMainWindow()
    commands = Commands(TABLE, window)
    commands.fill(window.menuBar())
    for context in contexts(400):
        commands.apply(context)
        for command in COMMANDS:
            assert commands.action(command.id).isEnabled() is command.when(context), command.id
    window.deleteLater()


BLIND_TO = (
    "analyse.run", "analyse.run_all", "analyse.clear", "analyse.fewer", "analyse.more",
    "go.next_flag", "go.previous_flag", "tools.evidence", "file.report", "file.print",
    "review.compare", "review.accept", "review.reject", "review.unsure", "review.reset",
)  # fmt: skip


@pytest.mark.parametrize("name", BLIND_TO)
def test_nothing_that_shows_an_opinion_can_be_done_blind(name: str) -> None:
    (command,) = (command for command in COMMANDS if command.id == name)
    for context in contexts(400):
        assert not command.when(replace(context, blind=True))
    assert any(command.when(context) for context in contexts(400))


def test_the_menus_follow_what_the_user_does(make_window: Build, samples: Path) -> None:
    """Through a session every command is as the table says for the context of the moment."""
    window = make_window()

    def check() -> None:
        window.context.update()
        for command in COMMANDS:
            enabled = window.commands.action(command.id).isEnabled()
            assert enabled is command.when(window.context.value), command.id

    def do(*names: str) -> None:
        for name in names:
            window.commands.action(name).trigger()
            before = window.context.value
            check()
            assert window.context.value == before, f"{name}: the context came late"

    do("review.blind", "review.blind")
    open_for_review(window, samples / "00010_hr.hea")
    assert window.context.value.record_open and window.context.value.editable
    do("review.begin", "review.confirm", "review.undo", "review.redo", "tools.measure_rr")
    window.session.analyse(["cae"])
    check()
    assert window.context.value.running
    do("review.blind")
    spin(lambda: not window.session.running)
    assert window.document.has_analysis("cae")
    check()
    do("review.blind", "go.next_flag", "review.accept", "review.undo", "analyse.clear")
    do("file.close")
    window.session.open_paths([samples])
    spin(lambda: window.document.recording is not None and window.review.worklist.queue is not None)
    check()
    assert window.context.value.listed and window.context.value.queued


def test_one_function_enables_actions() -> None:
    """Widgets of dialogs and panels may enable what is their own; commands are nobody's."""
    places = [
        f"{path.relative_to(ROOT).as_posix()}: {line.strip()}"
        for path in (ROOT / "ecgviewer" / "app").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "action" in line.lower() and ".setEnabled(" in line
    ]
    places = [place for place in places if "button.setEnabled(action.isEnabled())" not in place]
    assert len(places) == 1, places
