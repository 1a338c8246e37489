"""Work shared among processes, with results in the order of the items, whoever is done first."""

from __future__ import annotations

import signal
from concurrent.futures import Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

from dispatch.interrupts import held_back

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(work: Callable[[Item], Result], items: Sequence[Item], jobs: int) -> Generator[Result]:
    """Yield ``work(item)`` for every item in order, from this process or from ``jobs`` others.

    For several processes, ``work`` and the items are pickled for every call: they should be small, and what
    is large should be built by the worker and kept.
    """
    jobs = min(jobs, len(items))
    if jobs <= 1:
        yield from map(work, items)
        return
    executor = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_start_worker)
    waiting: dict[int, Future[Result]] = {}
    submitted = 0
    try:
        for number in range(len(items)):
            with held_back():
                while submitted < min(len(items), number + 2 * jobs):
                    waiting[submitted] = executor.submit(work, items[submitted])
                    submitted += 1
            yield _result(waiting.pop(number))
    finally:
        # A second Ctrl-C must not tear this apart and leave workers behind. They finish what they have begun:
        # one that is killed while it hands over a result leaves half of it in the pipe, and a reader waiting.
        with held_back():
            executor.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle


def _result(future: Future[Result]) -> Result:
    """Wait for a result; a Ctrl-C comes in between, never while a lock of the future is held."""
    while True:
        with held_back():
            if future.done() or wait([future], timeout=0.2).done:
                return future.result()
