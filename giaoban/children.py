"""Several programs side by side as children that never outlive us, each read line by line."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from giaoban.child import beginning, interruptions_held
from giaoban.errors import MachineLacks

TIDY_S = 20.0
"""How long a child has, once it is told to end, to remove what it has made outside its folder."""
SILENCE_S = 900.0
"""A child that prints nothing for so long has hung; each reports progress, and gives up by itself
when what it waits for is silent for less than this (`giaoban.child`)."""
TAIL_LINES = 20


@dataclass(frozen=True)
class Job:
    """A program to run; `name` is how its lines and its end are told."""

    name: str
    command: Sequence[str]


@dataclass
class _Running:
    job: Job
    process: subprocess.Popen[bytes]
    began_s: float
    heard_s: float
    rest: bytes = b""
    tail: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Ended:
    """How a child ended: exit code (negative: by that signal), wall time, its last lines."""

    name: str
    code: int
    seconds: float
    tail: list[str]


def run_all(
    jobs: Iterable[Job],
    *,
    at_once: int,
    on_line: Callable[[str, str], None],
    on_end: Callable[[Ended], None],
    cwd: Path | None = None,
) -> None:
    """Run every job, so many at a time, in their order; one more than run is asked for ahead.
    All calls are made from this thread.

    However this is left (also when `on_end` raises), no child is running any more.

    Args:
        on_line: told (job's name, line) of standard output and error, as it comes.
        on_end: told when a child has ended and its last line was told.

    Raises:
        MachineLacks: a program cannot be started, or hung.
    """
    waiting = iter(jobs)
    job = next(waiting, None)
    running: dict[int, _Running] = {}
    with selectors.DefaultSelector() as selector:
        try:
            while job is not None or running:
                while job is not None and len(running) < at_once:
                    with interruptions_held():
                        child = _start(job, cwd)
                        assert child.process.stdout is not None
                        number = child.process.stdout.fileno()
                        running[number] = child
                        selector.register(number, selectors.EVENT_READ)
                    job = next(waiting, None)
                for key, _ in selector.select(timeout=1.0):
                    child = running[key.fd]
                    chunk = os.read(key.fd, 1 << 16)
                    for line in _lines(child, chunk):
                        on_line(child.job.name, line)
                    if not chunk:
                        selector.unregister(key.fd)
                        del running[key.fd]
                        on_end(_end_of(child))
                _check_alive(running.values())
        finally:
            with interruptions_held():
                _end([child.process for child in running.values()])


def _start(job: Job, cwd: Path | None) -> _Running:
    try:
        process = subprocess.Popen(
            job.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=beginning(),
        )
    except OSError as error:
        raise MachineLacks(
            f"{job.command[0]} cannot be started: {error.strerror}", "giaoban doctor"
        ) from None
    now_s = time.monotonic()
    return _Running(job, process, now_s, now_s)


def _lines(child: _Running, chunk: bytes) -> list[str]:
    """The lines that are complete with this; an empty chunk is the end."""
    *whole, child.rest = (child.rest + chunk).split(b"\n")
    if not chunk and child.rest:
        whole, child.rest = [*whole, child.rest], b""
    lines = [line.decode("utf-8", "replace").rstrip("\r") for line in whole]
    child.tail = [*child.tail, *lines][-TAIL_LINES:]
    child.heard_s = time.monotonic()
    return lines


def _end_of(child: _Running) -> Ended:
    assert child.process.stdout is not None
    child.process.stdout.close()
    code = child.process.wait()
    return Ended(child.job.name, code, time.monotonic() - child.began_s, child.tail)


def _check_alive(running: Iterable[_Running]) -> None:
    for child in running:
        if time.monotonic() - child.heard_s > SILENCE_S:
            raise MachineLacks(
                f"{child.job.name}: the program hung: no sign of life for {SILENCE_S:.0f} s",
                "try again",
            )


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask all to end, and kill the process groups of those that do not."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    deadline_s = time.monotonic() + TIDY_S
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            # what it still prints must not fill the pipe and keep it from ending
            process.communicate(timeout=max(0.0, deadline_s - time.monotonic()))
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def module(name: str, *words: str) -> list[str]:
    """The command that runs a module of ours in this very Python."""
    return [sys.executable, "-m", name, *words]
