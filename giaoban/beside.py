"""A function that is called in a process of its own, beside this one."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from giaoban.child import die_with_parent
from giaoban.errors import MachineLacks


class Beside[A, R]:
    """Answers questions one after the other while we do something else; never outlives us."""

    def __init__(self, function: Callable[[A], R]) -> None:
        """`function`, its arguments and what it returns go through a pipe: they can be pickled."""
        # it works everywhere, whatever threads there are
        context = multiprocessing.get_context("spawn")
        self._pipe, far = context.Pipe()
        self._process = context.Process(target=_serve, args=(function, far), daemon=True)
        with _without_interruption():
            self._process.start()
        far.close()
        self._asked: deque[A] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def ask(self, argument: A) -> None:
        """Have the function called with this, after all that was asked before."""
        self._asked.append(argument)
        with suppress(ConnectionError):  # if it is gone, `answer` tells
            self._pipe.send(argument)

    def answer(self) -> tuple[A, R]:
        """The oldest question that was not answered yet, with its answer.

        Raises what the function raised; `MachineLacks`: the process was ended by something else.
        """
        asked = self._asked.popleft()
        try:
            failed, value = self._pipe.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            code = self._process.exitcode
            raise MachineLacks(
                f"a process of ours was ended from outside (exit code {code}; out of memory?)",
                "memory, or --jobs 1",
            ) from None
        if failed:
            raise value
        return asked, value


@contextmanager
def _without_interruption() -> Iterator[None]:
    """What is started here never hears of Ctrl-C, from its very beginning; we do, afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(function: Callable[[Any], Any], pipe: Connection) -> None:
    """The other process: until nobody asks any more."""
    if sys.platform == "linux":
        die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks decides what becomes of us
    while True:
        try:
            argument = pipe.recv()
        except EOFError:
            return
        try:
            said = False, function(argument)
        except Exception as error:
            said = True, error
        pipe.send(said)
