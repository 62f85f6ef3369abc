"""Every action of the window, once: menus, shortcuts, keyboard map and palette all read this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QIcon, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from ecgviewer.app.shell.context import Context, When

SEPARATOR = "---"


@dataclass(frozen=True)
class Command:
    """One action.

    Attributes
    ----------
    id : str
        Such as ``file.open``.
    title : str
        Menu text; ``&`` marks the mnemonic.
    menu : str
        Menu path, such as ``"&View/&Layout"``.
    keys : tuple of str
        Shortcuts in Qt's portable notation.
    tip : str
        One line for the status bar, the keyboard map and the palette.
    checkable : bool
    group : str
        Commands of one group exclude each other (a menu's radio buttons).
    in_traces : bool
        The shortcut works only while the traces have the keyboard focus (arrow keys).
    icon : str
        Name of a drawing in ``resources/icons``.
    when : callable
        Says for a context whether the command can run.
    """

    id: str
    title: str
    menu: str
    keys: tuple[str, ...] = ()
    tip: str = ""
    checkable: bool = False
    group: str = ""
    in_traces: bool = False
    icon: str = ""
    when: When = field(kw_only=True)

    @property
    def plain_title(self) -> str:
        """The title without mnemonic and dots."""
        return plain(self.title)


@dataclass(frozen=True)
class MenuEntry:
    """An action where the menus have it.

    Attributes
    ----------
    title, menu : str
        Without mnemonics and dots; ``menu`` such as ``View › Layout``.
    keys : tuple of str
        Shortcuts as this system writes them.
    action : QAction
    """

    title: str
    menu: str
    keys: tuple[str, ...]
    action: QAction


class Commands(QObject):
    """Holds each command's QAction, and builds the menus from their order."""

    def __init__(self, table: Iterable[Command | str], window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._table = tuple(table)
        self._commands: dict[str, Command] = {}
        self._actions: dict[str, QAction] = {}
        self._bound: set[str] = set()
        self._enabled_when: dict[QAction, When] = {}
        self._context = Context()
        self._groups: dict[str, QActionGroup] = {}
        self._menus: dict[str, QMenu] = {}
        self._bar: QMenuBar | None = None
        for command in self._table:
            if isinstance(command, Command):
                self._add(command)

    def _add(self, command: Command) -> None:
        if command.id in self._commands:
            raise ValueError(f"two commands are called {command.id}")
        action = QAction(command.title, self)
        action.setObjectName(command.id)
        action.setStatusTip(command.tip)
        action.setCheckable(command.checkable)
        if command.group:
            group = self._groups.setdefault(command.group, QActionGroup(self))
            group.addAction(action)
        if not command.in_traces:
            self._window.addAction(action)
        self._commands[command.id] = command
        self._actions[command.id] = action
        self.set_keys(command.id, command.keys)
        self.add(action, command.when)

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def command(self, command_id: str) -> Command:
        """Return a row of the table."""
        return self._commands[command_id]

    def set_keys(self, command_id: str, keys: Iterable[str]) -> None:
        """Give a command these shortcuts, in Qt's portable notation, instead of the table's."""
        command, action = self._commands[command_id], self._actions[command_id]
        action.setShortcuts([QKeySequence(key) for key in keys])
        texts = ", ".join(self.key_texts(command))
        title = f"{command.plain_title} ({texts})" if texts else command.plain_title
        action.setToolTip(f"{title}\n{command.tip}" if command.tip else title)

    def change_keys(self, keys: Mapping[str, Iterable[str]]) -> None:
        """Use the shortcuts that the user chose; those of commands that are no more are left."""
        for command_id in keys:
            if command_id in self._commands:
                self.set_keys(command_id, keys[command_id])

    def holder_of(self, key: QKeySequence) -> Command | None:
        """Return the command that has a shortcut now."""
        if key.isEmpty():
            return None
        having = (c for c in self if key in self._actions[c.id].shortcuts())
        return next(having, None)

    def action(self, command_id: str) -> QAction:
        """Return the action of a command."""
        return self._actions[command_id]

    def bind(self, command_id: str, run: Callable[[], object]) -> None:
        """Say what a command does."""
        self._bound.add(command_id)
        self._actions[command_id].triggered.connect(lambda _checked=False: run())

    def bind_checked(self, command_id: str, run: Callable[[bool], object]) -> None:
        """Say what a checkable command does with its new state."""
        self._bound.add(command_id)
        self._actions[command_id].triggered.connect(lambda checked=False: run(bool(checked)))

    def is_bound(self, command_id: str) -> bool:
        """Return whether somebody said what a command does."""
        return command_id in self._bound

    def add(self, action: QAction, when: When) -> None:
        """Keep an action of another's making (a panel's, a menu's) in step with the context."""
        self._enabled_when[action] = when
        self._enable(action)

    def apply(self, context: Context) -> None:
        """Enable what can run in a context, and nothing else. Nobody else enables actions."""
        self._context = context
        for action in self._enabled_when:
            self._enable(action)

    def _enable(self, action: QAction) -> None:
        action.setEnabled(self._enabled_when[action](self._context))

    def check(self, command_id: str, checked: bool = True) -> None:
        """Set a checkable command's state without running it."""
        self._actions[command_id].setChecked(checked)

    def attach_trace_keys(self, traces: QWidget) -> None:
        """Let the trace-only shortcuts work inside this widget."""
        for command in self:
            if command.in_traces:
                action = self._actions[command.id]
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                traces.addAction(action)

    def set_icons(self, draw: Callable[[str], QIcon]) -> None:
        """(Re)draw the icons, for the theme's colours."""
        for command in self:
            if command.icon:
                self._actions[command.id].setIcon(draw(command.icon))

    def menu(self, path: str) -> QMenu:
        """Return the menu at a path such as ``"&File/Open &recent"``."""
        return self._menus[path]

    def fill(self, bar: QMenuBar) -> None:
        """Build the menus in the table's order; ``SEPARATOR`` divides the current menu."""
        self._bar = bar
        current: QMenu | None = None
        for entry in self._table:
            if isinstance(entry, Command):
                current = self._menu_at(bar, entry.menu)
                current.addAction(self._actions[entry.id])
            elif entry == SEPARATOR:
                if current is not None:
                    current.addSeparator()
            else:
                current = self._menu_at(bar, entry)

    def entries(self) -> list[MenuEntry]:
        """Return everything that the menus offer now, in their order, panels and leads included."""
        bar = self._bar
        return list(_entries(bar.actions(), "")) if bar is not None else []

    def _menu_at(self, bar: QMenuBar, path: str) -> QMenu:
        if path not in self._menus:
            parent, _, title = path.rpartition("/")
            holder: QMenuBar | QMenu = self._menu_at(bar, parent) if parent else bar
            menu = QMenu(title, holder)
            menu.setToolTipsVisible(True)
            holder.addMenu(menu)
            self._menus[path] = menu
        return self._menus[path]

    def key_texts(self, command: Command) -> list[str]:
        """Return a command's shortcuts as this system writes them."""
        native = QKeySequence.SequenceFormat.NativeText
        return [key.toString(native) for key in self._actions[command.id].shortcuts()]


def plain(text: str) -> str:
    """Return a menu text without mnemonics and dots."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")


def _entries(actions: Iterable[QAction], path: str) -> Iterator[MenuEntry]:
    native = QKeySequence.SequenceFormat.NativeText
    for action in actions:
        if action.isSeparator() or not action.isVisible():
            continue
        title = plain(action.text())
        menu = action.menu()
        if isinstance(menu, QMenu):
            yield from _entries(menu.actions(), f"{path} › {title}" if path else title)
        else:
            keys = tuple(key.toString(native) for key in action.shortcuts())
            yield MenuEntry(title, path, keys, action)
