#!/usr/bin/env python3
"""Seconds from starting a program to its window on an X screen, and to a window that answers.

    time_window.py COMMAND [ARGUMENT ...]

Runs the command on the screen named by DISPLAY, waits for its window, and asks that window to close
as window managers do. The program obeys from its event loop: when the window goes, it was taking
input. Prints both times. Needs libX11 and nothing else.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import subprocess
import sys
import time
from collections.abc import Callable

WITHIN_S = 60.0
POLL_S = 0.005
VIEWABLE = 2
CLIENT_MESSAGE = 33
SMALLEST = 300
"""Pixels: a splash and helper windows are not the window."""


class _ClientMessage(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int), ("data", ctypes.c_long * 5),
    )  # fmt: skip


class _Event(ctypes.Union):
    _fields_ = (("client", _ClientMessage), ("pad", ctypes.c_long * 24))


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("x", ctypes.c_int), ("y", ctypes.c_int), ("width", ctypes.c_int), ("height", ctypes.c_int),
        ("border_width", ctypes.c_int), ("depth", ctypes.c_int), ("visual", ctypes.c_void_p),
        ("root", ctypes.c_ulong), ("class_", ctypes.c_int), ("bit_gravity", ctypes.c_int),
        ("win_gravity", ctypes.c_int), ("backing_store", ctypes.c_int),
        ("backing_planes", ctypes.c_ulong), ("backing_pixel", ctypes.c_ulong),
        ("save_under", ctypes.c_int), ("colormap", ctypes.c_ulong),
        ("map_installed", ctypes.c_int), ("map_state", ctypes.c_int),
        ("all_event_masks", ctypes.c_long), ("your_event_mask", ctypes.c_long),
        ("do_not_propagate_mask", ctypes.c_long), ("override_redirect", ctypes.c_int),
        ("screen", ctypes.c_void_p),
    )  # fmt: skip


class Screen:
    """The X screen named by DISPLAY."""

    def __init__(self) -> None:
        self._x11 = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._x11.XDefaultRootWindow.restype = ctypes.c_ulong
        self._x11.XInternAtom.restype = ctypes.c_ulong
        display = self._x11.XOpenDisplay(None)
        if not display:
            raise SystemExit("no X screen at DISPLAY")
        self._display = ctypes.c_void_p(display)
        self._root = ctypes.c_ulong(self._x11.XDefaultRootWindow(self._display))
        # Windows come and go between two questions; that is no error here.
        self._ignore = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(
            lambda _display, _error: 0
        )
        self._x11.XSetErrorHandler(self._ignore)

    def window(self) -> int | None:
        """Return a mapped top-level window, large enough to be the program's, or None."""
        root, parent = ctypes.c_ulong(), ctypes.c_ulong()
        children, count = ctypes.POINTER(ctypes.c_ulong)(), ctypes.c_uint()
        self._x11.XQueryTree(
            self._display, self._root, ctypes.byref(root), ctypes.byref(parent),
            ctypes.byref(children), ctypes.byref(count),
        )  # fmt: skip
        found = None
        for window in [children[index] for index in range(count.value)]:
            about = _Attributes()
            self._x11.XGetWindowAttributes(
                self._display, ctypes.c_ulong(window), ctypes.byref(about)
            )
            if about.map_state == VIEWABLE and min(about.width, about.height) >= SMALLEST:
                found = window
        if count.value:
            self._x11.XFree(children)
        return found

    def ask_to_close(self, window: int) -> None:
        """Send what a click on the window's close button sends."""
        event = _Event()
        event.client.type = CLIENT_MESSAGE
        event.client.window = window
        event.client.message_type = self._atom(b"WM_PROTOCOLS")
        event.client.format = 32
        event.client.data[0] = self._atom(b"WM_DELETE_WINDOW")
        self._x11.XSendEvent(
            self._display, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(event)
        )
        self._x11.XFlush(self._display)

    def _atom(self, name: bytes) -> int:
        return int(self._x11.XInternAtom(self._display, name, 0))


def main(command: list[str]) -> int:
    """Start the command, print the two times, close it; return 0 when its window answered."""
    screen = Screen()
    if screen.window() is not None:
        raise SystemExit("there is a window on this screen already")
    begin = time.monotonic()
    process = subprocess.Popen(command)
    try:
        shown = _wait(lambda: screen.window() is not None, begin, process)
        window = screen.window()
        if shown is None or window is None:
            print(f"no window within {WITHIN_S:.0f} s (exit status {process.poll()})")
            return 1
        screen.ask_to_close(window)
        answered = _wait(lambda: screen.window() is None, begin, process)
        if answered is None:
            print(f"window after {shown:.2f} s, which does not answer")
            return 1
        print(f"window after {shown:.2f} s, answers after {answered:.2f} s")
        return process.wait(WITHIN_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait(done: Callable[[], bool], begin: float, process: subprocess.Popen[bytes]) -> float | None:
    while time.monotonic() - begin < WITHIN_S and process.poll() is None:
        if done():
            return time.monotonic() - begin
        time.sleep(POLL_S)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
