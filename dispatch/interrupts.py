"""Ctrl-C that cannot get lost: an import under way may swallow the exception that tells of one."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

_pressed: list[int] = []
_raised = False


def listen() -> None:
    """Take note of every Ctrl-C from now on; only the first raises KeyboardInterrupt.

    The program ends soon after the first, and an impatient second one must not tear its ending apart.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _note)


def _note(number: int, _frame: object) -> None:
    global _raised  # noqa: PLW0603 - signals belong to the whole process
    _pressed.append(number)
    if not _raised:
        _raised = True
        raise KeyboardInterrupt


@contextmanager
def held_back() -> Generator[None]:
    """Hold a Ctrl-C back until the end of the block, where it raises KeyboardInterrupt.

    Processes started in the block by this thread never hear of one: ending them is their parent's to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # Another thread may take the signal in spite of the mask, which only the started processes inherit.
    before = signal.signal(signal.SIGINT, lambda number, _frame: _pressed.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)
    check()


def pressed() -> bool:
    """Whether Ctrl-C was pressed and not dealt with; what failed since may have failed because of it."""
    return bool(_pressed)


def check() -> None:
    """Raise KeyboardInterrupt if Ctrl-C was pressed since the last check."""
    if _pressed:
        _pressed.clear()
        raise KeyboardInterrupt
