"""A guest that goes so far, and from there on once for each of several orders (a fork server).

What they have in common is done once. Each copy has the guest's memory, its processes, network and
clock as they were at that moment (`fork.c`), and a core and a console of its own; what it computes
from then on does not depend on the others. A copy can go so far, too, and others on from it.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from giaoban.errors import MachineLacks
from giaoban.processes import children
from giaoban.topology.sandbox import boot, memory
from giaoban.topology.sandbox.guest_init import EXIT_FILE

CONTROL, CONSOLE = ".orders", ".console"
LOG = "console.log"
MOST_BYTES = 1000
"""Of a folder's name: an order of three of them is to be written at once (pipe(7), PIPE_BUF)."""


@dataclass(frozen=True)
class ForkServer:
    """Where one takes orders; any process of this machine may give one (`go_on`).

    Attributes:
        folder: of its own; what it says is in LOG.
        memory_in: the folder in which its memory is, and that of all who go on from it.
        origin: who this goes on from itself; None: it was booted.
    """

    folder: Path
    memory_in: Path
    memory_mb: int
    origin: ForkServer | None = None

    @property
    def control(self) -> Path:
        """The named pipe that takes its orders; gone as soon as it is."""
        return self.folder / CONTROL


class EndedError(Exception):
    """A fork server ended before it took this order."""


def can_name(folder: Path) -> bool:
    """Whether orders can say the names of folders in this one."""
    name = os.fsencode(folder.resolve())
    return len(name) <= MOST_BYTES and b"\t" not in name and b"\n" not in name


def has_room(guest: boot.Guest, writable: Path, count: int) -> bool:
    """Whether so many guests can be at once where the first one's memory would be, and orders can
    say the names of folders in this one."""
    if not can_name(writable):
        return False
    with suppress(MachineLacks):
        place = memory.place(guest.memory_mb, writable)
        return memory.unfit(place, guest.memory_mb * count) is None
    return False


@contextmanager
def booted(
    guest: boot.Guest, module: str, arguments: Sequence[str], *, writable: Path, folder: Path
) -> Iterator[ForkServer]:
    """Boot one, which runs until it calls `guest_init.fork`; as `boot.run`.

    However this is left, neither it nor any copy is running afterwards.

    Args:
        folder: of its own, in `writable`.
    """
    writable, folder = writable.resolve(), folder.resolve()
    with (
        booting(guest, module, arguments, writable=writable, folder=folder) as begun,
        begun.taking_orders() as server,
    ):
        yield server


@dataclass(frozen=True)
class Booting:
    """One that boots; what it says waits."""

    server: ForkServer
    _process: subprocess.Popen[bytes]
    _held: io.FileIO

    @contextmanager
    def taking_orders(self) -> Iterator[ForkServer]:
        """It may be given orders; from now on we have a thread, which keeps what it says."""
        assert self._process.stdout is not None
        # the process lets its own go when it is killed
        console = os.dup(self._process.stdout.fileno())
        follow, close = partial(_follow, console), partial(os.close, console)
        with _logged(self.server, self._held, follow, close):
            yield self.server

    def has_room(self) -> bool:
        """Whether there is room for a copy of it, now that it has its own memory."""
        return memory.unfit(self.server.memory_in, self.server.memory_mb) is None

    def kill(self) -> None:
        """It and all that went on from it, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


@contextmanager
def booting(
    guest: boot.Guest, module: str, arguments: Sequence[str], *, writable: Path, folder: Path
) -> Iterator[Booting]:
    """As `booted`, without a thread as long as no orders are to be given: who has none may be
    copied (`giaoban.processes.workers`)."""
    writable, folder = writable.resolve(), folder.resolve()
    with ExitStack() as stack:
        machine = stack.enter_context(boot.made(guest, module, arguments, writable=writable))
        server = ForkServer(folder, machine.memory, guest.memory_mb)
        with (
            _taking_orders(server) as held,
            server.control.open("rb", buffering=0) as orders,  # for it alone: ours would outlive it
            boot.own_core() as core,  # but it leaves it to others: it is soon done
        ):
            process = stack.enter_context(
                children.running(
                    machine.command,
                    env=machine.environment,
                    cwd=machine.scratch,
                    cores={core},
                    stdin=orders.fileno(),
                )
            )
            # a copy of this process must not look as if it took the orders
            with server.control.open("wb", buffering=0) as writer:
                os.dup2(writer.fileno(), held.fileno(), inheritable=False)
        stack.callback(server.control.unlink, missing_ok=True)
        stack.callback(held.close)
        yield Booting(server, process, held)


@contextmanager
def forked(origin: ForkServer, folder: Path) -> Iterator[ForkServer]:
    """One that goes on from another until it calls `guest_init.fork` itself.

    Left by an exception, it is running until the other is left, too.

    Args:
        folder: of its own, where the other can write to.
    """
    server = ForkServer(folder.resolve(), origin.memory_in, origin.memory_mb, origin)
    with _taking_orders(server) as held, boot.own_core() as core:
        given = _give(origin, core, server.control, server.folder)
    follow = partial(given.follow, on_line=_ignored, silence_s=None)
    with _logged(server, held, follow, given.close, given.pipe):
        yield server


def go_on(
    server: ForkServer,
    folder: Path,
    *,
    console: Path,
    on_line: Callable[[str], None],
    on_wait: Callable[[], None] = lambda: None,
) -> int:
    """Let a copy go on, to its end.

    Args:
        folder: which it is told, and in which it can write.
        console, on_line: as `boot.run`.
        on_wait: called now and then where it takes long until the server takes orders.

    Returns:
        The exit code.

    Raises:
        EndedError: the server did not come so far.
        MachineLacks: as `boot.run`.
    """
    memory.check(server.memory_in, server.memory_mb)
    with boot.own_core() as core:
        given = _give(server, core, Path(os.devnull), folder.resolve())
        try:
            waits = partial(_goes_on, server, on_wait, {})
            tail = given.follow(console, on_line, children.FOLLOWED_SILENCE_S, waits)
        finally:
            given.close()
    if not (tail or (folder / EXIT_FILE).exists() or _takes_orders(server)):
        raise EndedError
    return boot.taken_exit_code(folder, tail, server.memory_in)


def _takes_orders(server: ForkServer) -> bool:
    try:
        os.close(_opened(server))
    except EndedError:
        return False
    return True


def _opened(server: ForkServer) -> int:
    """The pipe that takes its orders, to be written to. Raises `EndedError` where nobody reads."""
    try:
        return os.open(server.control, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        raise EndedError from None


def _goes_on(server: ForkServer, on_wait: Callable[[], None], said: dict[Path, int]) -> bool:
    """Whether it, or who it goes on from, has said more than when it was looked at last (`said`).
    Once it takes orders it says nothing any more."""
    before = dict(said)
    at: ForkServer | None = server
    while at is not None:
        with suppress(FileNotFoundError):
            said[at.folder] = (at.folder / LOG).stat().st_size
        at = at.origin
    if said == before:
        return False
    on_wait()
    return True


def _ignored(_line: str) -> None:
    """What a server says is in its log."""


def _follow(console: int, log: Path) -> None:
    children.follow_lines(console, log=log, on_line=_ignored, silence_s=None)


@dataclass(frozen=True)
class _Given:
    """An order that was given: what is to be read of the copy, and the pipe that it was written
    to, in which it shows if nobody takes orders any more."""

    pipe: Path
    console: int
    lives: int

    def follow(
        self,
        log: Path,
        on_line: Callable[[str], None],
        silence_s: float | None,
        waits: Callable[[], bool] = lambda: False,
    ) -> list[str]:
        """As `children.follow_lines`."""
        return children.follow_lines(
            self.console,
            log=log,
            on_line=on_line,
            lives=self.lives,
            silence_s=silence_s,
            waits=waits,
        )

    def close(self) -> None:
        os.close(self.console)
        os.close(self.lives)
        self.pipe.unlink(missing_ok=True)


def _give(server: ForkServer, core: int, orders: Path, folder: Path) -> _Given:
    """Raises `EndedError` where nobody takes it."""
    lives = _opened(server)
    pipe = folder / CONSOLE
    try:
        os.mkfifo(pipe)
        given = _Given(pipe, os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), lives)
    except OSError:
        os.close(lives)
        raise
    try:
        os.write(lives, os.fsencode(f"{core}\t{pipe}\t{orders}\t{folder}\n"))
    except BrokenPipeError:  # it is gone since we looked
        given.close()
        raise EndedError from None
    return given


@contextmanager
def _taking_orders(server: ForkServer) -> Iterator[io.FileIO]:
    """The pipe that takes them, held open so that it does not end between two."""
    server.folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(server.control)
    held = io.FileIO(os.open(server.control, os.O_RDWR), "r+")
    try:
        yield held
    except BaseException:
        held.close()
        raise


@contextmanager
def _logged(
    server: ForkServer,
    held: io.FileIO,
    follow: Callable[[Path], object],
    close: Callable[[], object],
    *pipes: Path,
) -> Iterator[None]:
    """What a server says is kept, and the pipe that takes its orders gone as soon as it is.

    Left by an exception, its pipes are gone at once, however long it is still running.

    Args:
        follow: reads all that it says into a file.
        close: lets go what that is read from.
        pipes: others of its own.
    """

    def unlink() -> None:
        for pipe in (server.control, *pipes):
            pipe.unlink(missing_ok=True)

    def keep() -> None:
        try:
            follow(server.folder / LOG)
        finally:
            close()
            unlink()
            held.close()

    thread = threading.Thread(target=keep, name="console", daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        unlink()
        raise
    held.close()  # no more orders: it ends when all who went on from it have, and the thread too
    thread.join(children.TIDY_S)
