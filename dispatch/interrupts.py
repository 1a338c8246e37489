"""Ctrl-C that cannot get lost: an import under way may swallow the exception that tells of one."""

from __future__ import annotations

import signal
import threading

_pressed: list[int] = []


def listen() -> None:
    """Take note of every Ctrl-C from now on, besides raising KeyboardInterrupt as always."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _note)


def _note(number: int, _frame: object) -> None:
    _pressed.append(number)
    raise KeyboardInterrupt


def check() -> None:
    """Raise KeyboardInterrupt if Ctrl-C was pressed since the last check."""
    if _pressed:
        _pressed.clear()
        raise KeyboardInterrupt
