"""Child programs that end with this process."""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from giaoban.errors import MachineLacks, strerror
from giaoban.processes.interruptions import INTERRUPTIONS
from giaoban.sentence import N_

PR_SET_PDEATHSIG = 1
SILENCE_S = 600.0
"""A child that prints no line for so long has hung; every child here reports progress."""
TAIL_LINES = 20


def die_with_parent(by: signal.Signals = signal.SIGKILL, parent: int | None = None) -> None:
    """Have this process killed when the one that started it ends. Linux only.

    `parent` is the number of the process that started this one, where it is known: it may have
    ended already, and then no signal comes (prctl(2), PR_SET_PDEATHSIG).
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


@contextmanager
def interruptions_held() -> Iterator[None]:
    """Delay interruptions: Python ignores what a signal handler raises while it forks.

    Blocking the signals would not do, since another thread of ours may receive them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = {number: signal.getsignal(number) for number in INTERRUPTIONS}
    for number in before:
        signal.signal(number, lambda number, _frame: held.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if held:
            signal.raise_signal(held[0])


def beginning(
    cores: Collection[int] = (), ended_by: signal.Signals = signal.SIGKILL
) -> Callable[[], None]:
    """Return what a child calls before it becomes another program.

    It ends when we do, by the signal `ended_by`, and runs on these `cores` alone, if any.
    """
    parent = os.getpid()

    def begin() -> None:
        die_with_parent(ended_by, parent)
        if cores:
            with suppress(OSError):  # a core that was taken away meanwhile
                os.sched_setaffinity(0, cores)

    return begin


def follow(
    command: Sequence[str],
    *,
    log: Path,
    on_line: Callable[[str], None],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    core: int | None = None,
) -> tuple[int, list[str]]:
    """Run a program to its end, in a process group that is killed if this is left early.

    Args:
        log: file that gets all lines of standard output and error.
        on_line: is called with each line, without its end.
        core: of the machine, for the program and all that it starts; None: any.

    Returns:
        (exit code, last lines).

    Raises:
        MachineLacks: the program cannot be started, or printed no line for `SILENCE_S`.
    """
    process = None
    try:
        with interruptions_held():
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=beginning(() if core is None else {core}),
            )
        assert process.stdout is not None
        tail: list[str] = []
        with log.open("w", encoding="utf-8") as file:
            for line in _lines(process.stdout.fileno()):
                file.write(line + "\n")
                file.flush()
                tail = [*tail[-TAIL_LINES + 1 :], line]
                on_line(line)
        return process.wait(), tail
    except OSError as error:
        if process is not None:
            raise
        raise MachineLacks(
            "{command} cannot be started: {why}",
            "giaoban doctor",
            command=command[0],
            why=strerror(error),
        ) from None
    finally:
        if process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _lines(descriptor: int) -> Iterator[str]:
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if not selector.select(SILENCE_S):
                raise MachineLacks(
                    "the program hung: no sign of life for {silence_s:.0f} s",
                    N_("try again"),
                    silence_s=SILENCE_S,
                )
            chunk = os.read(descriptor, 1 << 16)
            *lines, rest = (rest + chunk).split(b"\n")
            if not chunk and rest:
                lines.append(rest)
            yield from (line.decode("utf-8", "replace").rstrip("\r") for line in lines)
            if not chunk:
                return
