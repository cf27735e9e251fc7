"""A test that talks in real time is marked so: one that is not, and begins such a thing, fails.

Tests without the mark run while the machine is busy, several at once. What minds that fails there
now and then, and nobody knows why. Neither may a test import Locust.
"""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from tests.loopback import CLAIM_PORT, local_address

OWN = (("mcu", "serve"), ("stream",), ("load",), ("view", "--serve"))
"""Commands of ours that serve or send in real time; the words come in this order."""
OTHERS = {
    "sipp",
    "baresip",
    "linphone-daemon",
    "locust",
    "chromium",
    "chrome",
}
LIVE = re.compile(r"(?:s?rtp|udp|rtmp|sip)://|^-re$|^-i(?:any|lo)$")
"""What tells ffmpeg and tshark to talk or listen, and not to read a file."""


class Watch:
    """Told of every socket and every program by the interpreter (PEP 578)."""

    def __init__(self) -> None:
        self.heeds = False
        self.seen: list[str] = []
        """What was begun in real time while it was heeded."""
        self.taken: list[str] = []
        """Fixed ports that another run of the tests may have, or anybody."""

    def begin(self) -> None:
        """From now on, till the interpreter's end: hooks cannot be taken away."""
        sys.addaudithook(self._told)

    def _told(self, event: str, given: tuple[Any, ...]) -> None:
        if event == "import" and given[0] == "locust":
            # it replaces the threads of the whole process (gevent), and xdist's then ends by chance
            raise ImportError("Locust is for processes of its own, not for that of the tests")
        if event == "socket.bind" and (taken := of_others(*given)) is not None:
            self.taken.append(taken)
        if not self.heeds:
            return
        if event == "subprocess.Popen":
            words = given[1] if isinstance(given[1], list | tuple) else [given[1]]
            what = of_command([str(getattr(word, "decode", lambda w=word: w)()) for word in words])
        elif event == "socket.bind":
            what = of_socket(*given)
        else:
            return
        if what is not None:
            self.seen.append(what)


def of_command(words: Sequence[str]) -> str | None:
    """What a command does in real time; None: nothing that is known."""
    name = PurePath(words[0]).name
    if name in OTHERS or any(map(LIVE.search, words[1:])):
        return f"starts {name}"
    ours = next((n for n, word in enumerate(words) if _is_ours(word)), None)
    if ours is not None:
        rest = list(words[ours + 1 :])
        for command in OWN:
            if rest[:1] == [command[0]] and set(command) <= set(rest) and "--help" not in rest:
                return f"starts giaoban {' '.join(command)}"
    return None


def _is_ours(word: str) -> bool:
    return word == "giaoban.scenarios.cli.entry" or PurePath(word).name == "giaoban"


def of_socket(sock: socket.socket, address: Any) -> str | None:
    """What is served on a socket; media sockets (UDP) are looked into in virtual time, too."""
    if sock.family == socket.AF_INET and sock.type == socket.SOCK_STREAM:
        return f"serves TCP at {address[0]}"
    return None


def of_others(sock: socket.socket, address: Any) -> str | None:
    """A fixed port of the loopback that is not this process's own (`tests.loopback`)."""
    if sock.family != socket.AF_INET:
        return None
    host, port = address
    if not host.startswith("127.") or host == "127.0.0.1" or port == 0 or port == CLAIM_PORT:
        return None
    own = host.startswith(local_address(0).removesuffix("0.1"))
    return None if own else f"binds {host}:{port}"
