"""Programs as children that never outlive us: one, or several side by side, read line by line."""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from giaoban.errors import MachineLacks, strerror
from giaoban.processes.interruptions import INTERRUPTIONS
from giaoban.sentence import N_, Sentence

PR_SET_PDEATHSIG = 1
FOLLOWED_SILENCE_S = 600.0
"""A child that prints nothing for so long has hung; every child here reports progress."""
SILENCE_S = 900.0
"""The same of several: each gives up by itself when what it waits for is silent for less."""
TIDY_S = 20.0
"""How long a child has, once it is told to end, to remove what it has made outside its folder."""
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
        MachineLacks: the program cannot be started, or said nothing for FOLLOWED_SILENCE_S.
    """
    cores = () if core is None else {core}
    with running(command, env=env, cwd=cwd, cores=cores) as process:
        assert process.stdout is not None
        tail = follow_lines(process.stdout.fileno(), log=log, on_line=on_line)
        return process.wait(), tail


@contextmanager
def running(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    cores: Collection[int] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a process group of its own, of which nothing is left when this is left.

    What it prints (standard output and error) is in its `stdout`.

    Raises:
        MachineLacks: it cannot be started.
    """
    process = None
    try:
        with interruptions_held():
            process = _started(command, env, cwd, cores)
        yield process
    finally:
        if process is not None:
            _killed(process)


def follow_lines(
    descriptor: int,
    *,
    log: Path,
    on_line: Callable[[str], None],
) -> list[str]:
    """Read a pipe to its end and keep all lines; return the last ones.

    Raises:
        MachineLacks: no line came for FOLLOWED_SILENCE_S.
    """
    tail: list[str] = []
    with log.open("w", encoding="utf-8") as file:
        for line in _lines_of(descriptor):
            file.write(line + "\n")
            file.flush()
            tail = [*tail[-TAIL_LINES + 1 :], line]
            on_line(line)
    return tail


def _started(
    command: Sequence[str],
    env: Mapping[str, str] | None,
    cwd: Path | None,
    cores: Collection[int] = (),
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=beginning(cores),
        )
    except OSError as error:
        raise MachineLacks(
            "{command} cannot be started: {why}",
            "giaoban doctor",
            command=command[0],
            why=strerror(error),
        ) from None


def _lines_of(descriptor: int) -> Iterator[str]:
    lines = _Lines()
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while not lines.ended:
            if not selector.select(FOLLOWED_SILENCE_S):
                raise _hung(Sentence("the program"), FOLLOWED_SILENCE_S)
            yield from lines.take(os.read(descriptor, 1 << 16))


class _Lines:
    """What a pipe gives, line by line."""

    def __init__(self) -> None:
        self._rest = b""
        self.ended = False

    def take(self, chunk: bytes) -> list[str]:
        """The lines that are complete with this; an empty chunk is the end."""
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        self.ended = not chunk
        if self.ended and self._rest:
            whole, self._rest = [*whole, self._rest], b""
        return [line.decode("utf-8", "replace").rstrip("\r") for line in whole]


def _hung(what: str, silence_s: float) -> MachineLacks:
    return MachineLacks(
        "{what} hung: no sign of life for {silence_s:.0f} s",
        N_("try again"),
        what=what,
        silence_s=silence_s,
    )


def _killed(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever of the child's process group is still there."""
    try:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    finally:
        process.wait()
        _close(process)


@dataclass(frozen=True)
class Job:
    """A program to run; `name` is how its lines and its end are told.

    With an `order` it is a program that does several, one after the other: each is a line that it
    is given on its standard input. When it has done one it prints `DONE`; what goes wrong it tells
    by its exit code, as others do.
    """

    name: str
    command: Sequence[str]
    order: str | None = None


DONE = "@giaoban-done"
"""The line by which a program says that it waits for its next order."""


def tell_done() -> None:
    sys.stdout.write(f"{DONE}\n")
    sys.stdout.flush()


@dataclass
class _Running:
    """A child, and what it does; no job: it waits for its next order."""

    command: Sequence[str]
    process: subprocess.Popen[bytes]
    job: Job | None = None
    began_s: float = 0.0
    heard_s: float = 0.0
    lines: _Lines = field(default_factory=_Lines)
    tail: list[str] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The descriptor of what it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def begin(self, job: Job) -> None:
        """Nothing is raised where it is gone already: its end is told as any other."""
        self.job, self.tail = job, []
        self.began_s = self.heard_s = time.monotonic()
        if job.order is not None:
            assert self.process.stdin is not None
            with suppress(BrokenPipeError):
                self.process.stdin.write(os.fsencode(f"{job.order}\n"))
                self.process.stdin.flush()

    def waits_for(self, job: Job) -> bool:
        """Whether it has nothing to do, and can do this."""
        idle = self.job is None and job.order is not None and self.process.stdin is not None
        return idle and self.command == job.command and self.process.poll() is None

    def let_go(self) -> None:
        """No more orders: it ends."""
        if self.process.stdin is not None:
            self.process.stdin.close()
            self.process.stdin = None

    def take(self, chunk: bytes) -> list[str]:
        self.heard_s = time.monotonic()
        return self.lines.take(chunk)

    def end(self, code: int) -> Ended | None:
        job, self.job = self.job, None
        seconds = time.monotonic() - self.began_s
        return None if job is None else Ended(job.name, code, seconds, self.tail)


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
        on_end: told when a child has ended, or done its order, and its last line was told.

    Raises:
        MachineLacks: a program cannot be started, or hung.
    """
    waiting = iter(jobs)
    job = next(waiting, None)
    running: dict[int, _Running] = {}
    with selectors.DefaultSelector() as selector:

        def begun(job: Job) -> _Running:
            """Who does it: one that has nothing to do, or another."""
            for child in running.values():
                if child.waits_for(job):
                    return child
            stdin = subprocess.DEVNULL if job.order is None else subprocess.PIPE
            child = _Running(job.command, _started(job.command, None, cwd, stdin=stdin))
            running[child.number] = child
            selector.register(child.number, selectors.EVENT_READ)
            return child

        def read(child: _Running, chunk: bytes) -> None:
            for line in child.take(chunk):
                if child.job is None:
                    continue
                if line == DONE and child.job.order is not None:
                    tell(child.end(0))
                else:
                    child.tail = [*child.tail, line][-TAIL_LINES:]
                    on_line(child.job.name, line)
            if child.lines.ended:
                selector.unregister(child.number)
                del running[child.number]
                tell(child.end(_ended(child.process)))

        def tell(ended: Ended | None) -> None:
            if ended is not None:
                on_end(ended)

        try:
            while job is not None or _at_work(running):
                while job is not None and len(_at_work(running)) < at_once:
                    with interruptions_held():
                        begun(job).begin(job)
                    job = next(waiting, None)
                if job is None:
                    for child in running.values():
                        if child.job is None:
                            child.let_go()
                for key, _ in selector.select(timeout=1.0):
                    read(running[key.fd], os.read(key.fd, 1 << 16))
                _check_alive(_at_work(running))
        finally:
            with interruptions_held():
                _end_all([child.process for child in running.values()])


def _at_work(running: Mapping[int, _Running]) -> list[_Running]:
    return [child for child in running.values() if child.job is not None]


def _ended(process: subprocess.Popen[bytes]) -> int:
    """The exit code of one that prints nothing any more."""
    _close(process)
    return process.wait()


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


def _check_alive(running: Iterable[_Running]) -> None:
    for child in running:
        if child.job is not None and time.monotonic() - child.heard_s > SILENCE_S:
            raise _hung(Sentence("{job}: the program", job=child.job.name), SILENCE_S)


def _end_all(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask all to end, and kill the process groups of those that do not."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    deadline_s = time.monotonic() + TIDY_S
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            # what it still prints must not fill the pipe and keep it from ending
            process.communicate(timeout=max(0.0, deadline_s - time.monotonic()))
    for process in processes:
        _killed(process)


def module(name: str, *words: str) -> list[str]:
    """The command that runs a module of ours in this very Python."""
    return [sys.executable, "-m", name, *words]
