"""Run a program as a child that never outlives us, reading what it prints line by line."""

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

from giaoban.errors import MachineLacks
from giaoban.interruptions import INTERRUPTIONS

PR_SET_PDEATHSIG = 1
SILENCE_S = 600.0
"""A child that prints nothing for so long has hung; every child here reports progress."""
TAIL_LINES = 20


def die_with_parent(by: signal.Signals | None = None, parent: int | None = None) -> None:
    """This process is killed when the one that started it ends, however that ends. Linux only.

    Args:
        by: another signal than SIGKILL, for who has something to do before it goes.
        parent: the process that started this one, where it is known: it may be gone already, and
            then no signal comes (prctl(2), PR_SET_PDEATHSIG).
    """
    by = by or signal.SIGKILL
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def follow(
    command: Sequence[str],
    *,
    log: Path,
    on_line: Callable[[str], None],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    core: int | None = None,
) -> tuple[int, list[str]]:
    """Run to the end in a process group of its own, which is killed if we leave early.

    Args:
        core: of the machine, which it keeps to with all that it starts; None: any.
        log: file that keeps all it prints (standard output and error).
        on_line: told each line as it comes, without its end.

    Returns:
        (exit code, last lines).

    Raises:
        MachineLacks: the program cannot be started, or said nothing for SILENCE_S.
    """
    tail: list[str] = []
    process = None
    try:
        with interruptions_held():
            process = _start(command, env, cwd, core)
        with log.open("w", encoding="utf-8") as file:
            for line in _lines(process):
                file.write(line + "\n")
                file.flush()
                tail = [*tail[-TAIL_LINES + 1 :], line]
                on_line(line)
        code = process.wait()
    finally:
        if process is not None:
            _end(process)
    return code, tail


def keep_to(cores: Collection[int]) -> None:
    """This process and all that it starts run on these cores alone. Linux only."""
    with suppress(OSError):  # a core that was taken away meanwhile
        os.sched_setaffinity(0, cores)


def beginning(
    cores: Collection[int] = (), ended_by: signal.Signals | None = None
) -> Callable[[], None]:
    """What a child does before it becomes another program.

    It ends when we do, by the signal `ended_by` (SIGKILL), and keeps to these `cores`, if any.
    """
    parent = os.getpid()

    def begin() -> None:
        die_with_parent(ended_by, parent)
        if cores:
            keep_to(cores)

    return begin


def _start(
    command: Sequence[str], env: Mapping[str, str] | None, cwd: Path | None, core: int | None
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=beginning(() if core is None else {core}),
        )
    except OSError as error:
        raise MachineLacks(
            f"{command[0]} cannot be started: {error.strerror}", "giaoban doctor"
        ) from None


@contextmanager
def interruptions_held() -> Iterator[None]:
    """Ctrl-C waits: Python swallows what a signal's handler raises while it forks.

    Blocking the signals would not do, since another thread of ours may be given them.
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


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    assert process.stdout is not None
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(SILENCE_S):
                raise MachineLacks(
                    f"the program hung: no sign of life for {SILENCE_S:.0f} s", "try again"
                )
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            if not chunk:
                break
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace").rstrip("\r")
    if rest:
        yield rest.decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever of the child's process group is still there."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    finally:
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
