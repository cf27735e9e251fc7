"""Functions that are called in processes of their own, beside this one."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache, partial
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from typing import Any, Self

from giaoban.errors import MachineLacks
from giaoban.processes.children import die_with_parent
from giaoban.processes.interruptions import INTERRUPTIONS
from giaoban.sentence import N_


def cores() -> int:
    """Those that this process may use; on systems that do not tell, all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class InlineWorker:
    """Where one process has to do: a function is called when its answer is wanted."""

    def ask[**P, R](
        self, function: Callable[P, R], *given: P.args, **named: P.kwargs
    ) -> Callable[[], R]:
        return cache(partial(function, *given, **named))

    def as_finished[T, R](self, function: Callable[[T], R], given: Iterable[T]) -> Iterator[R]:
        """As `WorkerPool.as_finished`, one after the other."""
        return map(function, given)

    def as_finished_with[K, T, R](
        self, kept: K, function: Callable[[K, T], R], given: Iterable[T]
    ) -> Iterator[R]:
        """As `WorkerPool.as_finished_with`, one after the other."""
        return (function(kept, one) for one in given)

    def end(self) -> None:
        """Nothing is under way."""

    @property
    def count(self) -> int:
        """How many processes there are beside this one."""
        return 0


class WorkerProcess:
    """Calls functions one after the other while we do something else; never outlives us."""

    def __init__(self, *, niceness: int = 0) -> None:
        """It begins with all that is loaded here, if that can be had (`_context`).

        Args:
            niceness: how much less pressing than ours its work is, 0 to 19 (nice(2)).
        """
        context = _context()
        self.pipe, far = context.Pipe()
        ours = None
        if context.get_start_method() == "fork":
            ours = self.pipe  # a copy has our end as well, and would never see that we are gone
            gc.freeze()  # to look for garbage among what is shared would make copies of it
        self._process = context.Process(target=_serve, args=(far, ours, niceness), daemon=True)
        with _without_interruption():
            self._process.start()
        far.close()
        self._asked = 0
        self._answers: list[tuple[bool, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.end()
        self.pipe.close()

    def end(self) -> None:
        """Whatever it is at is broken off; nothing can be asked any more."""
        self._process.kill()
        self._process.join()

    @property
    def count(self) -> int:
        return 1

    def ask[**P, R](
        self, function: Callable[P, R], *given: P.args, **named: P.kwargs
    ) -> Callable[[], R]:
        """Have a function called, after all that was asked before; what is returned waits for it.

        The function, what it is given and what it returns go through a pipe: they can be pickled.
        What is returned gives the answer, or raises what the function raised; `MachineLacks`: the
        process was ended by something else.
        """
        number, self._asked = self._asked, self._asked + 1
        with suppress(ConnectionError):  # if it is gone, the answer tells
            self.pipe.send((function, given, named))
        return partial(self._answer, number)

    def _answer(self, number: int) -> Any:
        while len(self._answers) <= number:
            try:
                self._answers.append(self.pipe.recv())
            except (EOFError, ConnectionError):
                self._process.join()
                code = self._process.exitcode
                raise MachineLacks(
                    "a process of ours was ended from outside (exit code {code}; out of memory?)",
                    N_("memory, or fewer processes: --jobs 1, --seeds 0"),
                    code=code,
                ) from None
        failed, value = self._answers[number]
        if failed:
            raise value
        return value


class WorkerPool:
    """Processes beside us, which are asked in turn."""

    def __init__(self, count: int, *, niceness: int = 0) -> None:
        """`count` of them, 1 or more; `niceness`: as of `WorkerProcess`."""
        self._all: list[WorkerProcess] = []
        self._asked = 0
        try:
            for _ in range(count):
                self._all.append(WorkerProcess(niceness=niceness))
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for each in self._all:
            each.__exit__()

    def end(self) -> None:
        """As `WorkerProcess.end`, all of them."""
        for each in self._all:
            each.end()

    @property
    def count(self) -> int:
        return len(self._all)

    def ask[**P, R](
        self, function: Callable[P, R], *given: P.args, **named: P.kwargs
    ) -> Callable[[], R]:
        """As `WorkerProcess.ask`, of the one whose turn it is."""
        number, self._asked = self._asked % len(self._all), self._asked + 1
        return self._all[number].ask(function, *given, **named)

    def as_finished[T, R](self, function: Callable[[T], R], given: Iterable[T]) -> Iterator[R]:
        """Call a function for each of many, in whichever process has nothing to do; the answers as
        they come, in any order. Raises as what `WorkerProcess.ask` returns; nothing else is to be
        asked meanwhile.
        """
        waiting, idle = iter(given), list(self._all)
        asked: dict[Any, tuple[WorkerProcess, Callable[[], R]]] = {}
        while True:
            for beside, each in zip(idle, waiting):  # noqa: B905 - there may be more of either
                asked[beside.pipe] = beside, beside.ask(function, each)
            if not asked:
                return
            idle = []
            for pipe in wait(list(asked)):
                beside, answer = asked.pop(pipe)
                yield answer()
                idle.append(beside)

    def as_finished_with[K, T, R](
        self, kept: K, function: Callable[[K, T], R], given: Iterable[T]
    ) -> Iterator[R]:
        """As `as_finished`, of a function that is called with `kept` as well, which is sent to each
        process once."""
        keep_in(self, kept)
        return self.as_finished(partial(with_kept, function), given)


def worker_beside(jobs: int) -> AbstractContextManager[WorkerProcess | InlineWorker]:
    """One process beside this one, where more than one is allowed; else it is done here."""
    return WorkerProcess() if jobs > 1 else nullcontext(InlineWorker())


Helpers = InlineWorker | WorkerProcess | WorkerPool
"""Who can be asked to call a function."""

_kept: list[Any] = []
"""In a process beside: what it was given to keep."""


def keep_in(helpers: Helpers, value: object) -> None:
    """Send each process beside what many functions are called with, once (`with_kept`)."""
    for _ in range(helpers.count):  # each has its turn
        helpers.ask(_keep, value)


def _keep(value: object) -> None:
    _kept[:] = [value]


def with_kept[T, R](function: Callable[[Any, T], R], one: T) -> R:
    """In a process beside: what a function makes of what is kept there, and of one more thing."""
    return function(_kept[0], one)


def _context() -> Any:
    """A copy of this process where that is safe: on Linux, where we are our only thread.

    A second one might hold a lock that nobody in the copy ever gives back. Elsewhere a new process
    is begun, which loads what it needs.
    """
    try:
        alone = sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1
    except OSError:  # not mounted
        alone = False
    return multiprocessing.get_context("fork" if alone else "spawn")


@contextmanager
def _without_interruption() -> Iterator[None]:
    """What is started here hears of nothing before it is ready to; we do, afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTIONS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, theirs: Connection | None, niceness: int) -> None:
    """The other process: until nobody asks any more."""
    if theirs is not None:
        theirs.close()
    if sys.platform == "linux":
        die_with_parent()
    if niceness and hasattr(os, "nice"):
        os.nice(niceness)
    for number in INTERRUPTIONS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` has it
            signal.signal(number, signal.SIG_DFL)  # a copy has its parent's handlers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks decides what becomes of us
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTIONS)
    asked: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, asked), daemon=True).start()
    while (question := asked.get()) is not None:
        pipe.send_bytes(_said(question))


def _listen(pipe: Connection, asked: SimpleQueue[Any]) -> None:
    """Take questions as they come, so that nobody who asks waits for an answer to be read."""
    with suppress(EOFError, ConnectionError):
        while True:
            asked.put(pipe.recv_bytes())
    asked.put(None)


def _said(question: bytes) -> bytes:
    """What a function returned or raised, or that it cannot be sent."""
    try:
        function, given, named = pickle.loads(question)  # from ourselves
        return bytes(ForkingPickler.dumps((False, function(*given, **named))))
    except Exception as error:
        try:
            failed = bytes(ForkingPickler.dumps((True, error)))
            pickle.loads(failed)
        except Exception:
            failed = bytes(ForkingPickler.dumps((True, RuntimeError(repr(error)))))
        return failed
