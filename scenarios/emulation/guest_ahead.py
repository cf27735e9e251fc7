"""A guest that boots while it is still being read, planned and estimated what it is to emulate.

It goes so far that all that it needs is loaded, and a copy of it goes on with the plan
(`giaoban.topology.sandbox.fork_server`). What nobody takes is gone as soon as that is known, and
with the program at the latest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from giaoban import extras
from giaoban.errors import GiaobanError
from giaoban.processes.children import interruptions_held
from giaoban.processes.ownership import temporary_folder
from giaoban.topology.emulation import router_clock
from giaoban.topology.sandbox import boot, fork_server, kernel, module_archive
from giaoban.topology.sandbox.fork_server import Booting, ForkServer

GUEST_MODULE = "giaoban.scenarios.emulation.guest"
NEEDED = ("mininet", "pyroute2", "pylibsrtp", "G722")
"""Modules of the guest's that a small installation has not."""
MEMORY_MB = 768
"""What the emulation of a dozen bridges needs, and more (`engine.memory_mb`)."""

_booting: Booting | None = None
_held = ExitStack()


def begin() -> None:
    """Boot one, where everything that this takes has been made; else nothing is done.

    What this machine lacks is told by whoever needs it.
    """
    with suppress(GiaobanError, OSError), interruptions_held():
        extras.need(*NEEDED)
        built = kernel.cached()
        if (
            built is not None
            and module_archive.is_kept(GUEST_MODULE)
            and router_clock.kept() is not None
        ):
            _begin(boot.Guest(built, memory_mb=MEMORY_MB))


def _begin(guest: boot.Guest) -> None:
    global _booting
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder("guest"))
        if not fork_server.has_room(guest, folder, 2):
            return
        place = folder / "ahead"
        arguments = [str(place), str(router_clock.ensure())]
        _booting = stack.enter_context(
            fork_server.booting(guest, GUEST_MODULE, arguments, writable=folder, folder=place)
        )
        _held.push(stack.pop_all())


def end() -> None:
    """Nobody takes it any more: it is not running afterwards."""
    global _booting
    _booting = None
    _held.close()


@contextmanager
def taken(memory_mb: int) -> Iterator[ForkServer | None]:
    """The guest that is booting, for one emulation; None: there is none that has so much memory, or
    no room for its copy any more."""
    booting = _booting
    if booting is None or booting.server.memory_mb < memory_mb or not booting.has_room():
        end()
        yield None
        return
    try:
        with booting.taking_orders() as server:
            try:
                yield server
            finally:
                booting.kill()
    finally:
        end()
