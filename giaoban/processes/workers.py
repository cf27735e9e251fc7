"""Functions called in other processes of this machine (`concurrent.futures`)."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from itertools import count, islice
from typing import Any, Self

from giaoban.errors import MachineLacks
from giaoban.processes.children import die_with_parent
from giaoban.processes.interruptions import INTERRUPTIONS
from giaoban.sentence import N_

TIDY_S = 20.0
"""Time for a function that is broken off to end its programs and remove its files."""


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_numbers = count()


class Kept[K]:
    """A value that many calls share: each process unpickles it once."""

    def __init__(self, value: K) -> None:
        self._value, self._data, self._number = value, b"", next(_numbers)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[int, bytes]]:
        self._data = self._data or pickle.dumps(self._value)
        return _received, (self._number, self._data)

    def call[T, R](self, function: Callable[[K, T], R], one: T) -> R:
        """Return what a function makes of the value and of one more argument."""
        return function(self._value, one)


_last: dict[int, Kept[Any]] = {}


def _received(number: int, data: bytes) -> Kept[Any]:
    if number not in _last:
        _last.clear()
        _last[number] = Kept(pickle.loads(data))  # from our parent
    return _last[number]


class InlineWorker:
    """Calls functions in this process, when their answers are wanted."""

    count = 0

    def ask[**P, R](
        self, function: Callable[P, R], *given: P.args, **named: P.kwargs
    ) -> Callable[[], R]:
        """Return a function that returns the answer."""
        return cache(partial(function, *given, **named))

    def as_finished[T, R](self, function: Callable[[T], R], given: Iterable[T]) -> Iterator[R]:
        """Return the answers, in order."""
        return map(function, given)

    def as_finished_with[K, T, R](
        self, kept: K, function: Callable[[K, T], R], given: Iterable[T]
    ) -> Iterator[R]:
        """Return the answers to `function(kept, one)` for each given one, in order."""
        return map(partial(function, kept), given)

    def end(self) -> None:
        """No call is running."""


class WorkerPool:
    """Processes that call functions, and end with this one.

    Functions, arguments and answers are pickled. An answer raises what its function raised, or
    `MachineLacks` if a process was ended from outside.
    """

    def __init__(self, size: int, *, niceness: int = 0) -> None:
        """Start `size` processes; `niceness`: 0 to 19 (nice(2))."""
        self.count = size
        self._running: set[Future[Any]] = set()
        self._pool = ProcessPoolExecutor(
            size, mp_context=_context(), initializer=_begin, initargs=(niceness, os.getpid())
        )
        self.ask(_nothing)  # copies of this process are made now, before it has threads

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.end()

    def end(self) -> None:
        """Break off all calls."""
        processes = list((self._pool._processes or {}).values())
        for process in processes:
            process.terminate()
        wait(self._running, TIDY_S)
        for process in processes:
            process.kill()
        self._pool.shutdown(cancel_futures=True)

    def submit[R](self, function: Callable[..., R], *given: object, **named: object) -> Future[R]:
        """Have a function called after all others that were asked for before."""
        try:
            future = self._pool.submit(function, *given, **named)
        except BrokenProcessPool as error:
            raise _lost() from error
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future

    def ask[**P, R](
        self, function: Callable[P, R], *given: P.args, **named: P.kwargs
    ) -> Callable[[], R]:
        """Have a function called; return a function that waits for the answer."""
        return partial(answer, self.submit(function, *given, **named))

    def as_finished[T, R](self, function: Callable[[T], R], given: Iterable[T]) -> Iterator[R]:
        """Return the answers as they come, in any order."""
        waiting = iter(given)
        running = {self.submit(function, one) for one in islice(waiting, self.count)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                running |= {self.submit(function, one) for one in islice(waiting, 1)}
                yield answer(future)

    def as_finished_with[K, T, R](
        self, kept: K, function: Callable[[K, T], R], given: Iterable[T]
    ) -> Iterator[R]:
        """Return the answers to `function(kept, one)` as they come; `kept` is sent once."""
        return self.as_finished(partial(Kept(kept).call, function), given)


Helpers = InlineWorker | WorkerPool


def answer[R](future: Future[R]) -> R:
    """Wait for the answer of a process. Raises what its function raised, or `MachineLacks`."""
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise _lost() from error


def worker_beside(jobs: int) -> AbstractContextManager[Helpers]:
    """Return one process beside this one, where more than one is allowed."""
    return WorkerPool(1) if jobs > 1 else nullcontext(InlineWorker())


def _lost() -> MachineLacks:
    return MachineLacks(
        "a process of ours was ended from outside (out of memory?)",
        N_("memory, or fewer processes: --jobs 1, --seeds 0"),
    )


def _context() -> Any:
    """Return the start method: a copy of this process where that is safe.

    It is on Linux, while this process has one thread: another might hold a lock that no thread of
    the copy releases.
    """
    try:
        alone = sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1
    except OSError:  # not mounted
        alone = False
    return multiprocessing.get_context("fork" if alone else "spawn")


def _begin(niceness: int, parent: int) -> None:
    """Prepare a new process."""
    if sys.platform == "linux":
        die_with_parent(parent=parent)
    if niceness and hasattr(os, "nice"):
        os.nice(niceness)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for number in INTERRUPTIONS:  # the parent decides, and ends this process by SIGTERM
        if number != signal.SIGTERM:
            signal.signal(number, signal.SIG_IGN)


def _nothing() -> None:
    """Return at once."""
