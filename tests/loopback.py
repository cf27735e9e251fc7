"""Addresses and ports of this process alone, however many test runs this machine holds.

Of the loopback (127.0.0.0/8, RFC 1122 §3.2.1.3) each process claims a network of its own: fixed
ports on it are nobody else's. Ports stay below those that the system gives to whoever asks for any
(32768 and on, `ip_local_port_range`), for such a socket may have its port on every address.
"""

from __future__ import annotations

import atexit
import itertools
import os
import socket

NETWORKS = 254
CLAIM_PORT = 31_999
FIRST_PORT, PORTS_EACH = 2048, 70
"""On 127.0.0.1, which some programs insist on: so many ports a process, below where the MCU's media
begin."""


class _Claim:
    """A network that is this process's as long as it lives: a port on it is held."""

    def __init__(self) -> None:
        first = os.getpid() % NETWORKS
        for turn in range(NETWORKS):
            self.number = 1 + (first + turn) % NETWORKS
            self._held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self._held.bind((f"127.{self.number}.255.1", CLAIM_PORT))
            except OSError:
                self._held.close()
            else:
                self.pid = os.getpid()
                atexit.register(self._held.close)
                return
        raise AssertionError("every network of the loopback is some other process's")


_claims: list[_Claim] = []
_turns = itertools.count()


def _number() -> int:
    """This process's network; a fork of it claims another."""
    if not _claims or _claims[-1].pid != os.getpid():
        _claims.append(_Claim())
    return _claims[-1].number


def local_address(subnet: int, host: int = 1) -> str:
    """An address on this process's network; tests that may run at once have different subnets."""
    return f"127.{_number()}.{subnet}.{host}"


def udp_socket(host: str, port: int = 0, *, timeout_s: float | None = None) -> socket.socket:
    """A bound socket; `timeout_s` 0: one that does not wait."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(timeout_s)
    sock.bind((host, port))
    return sock


def free_ports(host: str, count: int = 1) -> int:
    """The first of `count` ports in a row that no UDP or TCP socket on `host` has; it is even."""
    start = FIRST_PORT + PORTS_EACH * (_number() - 1)
    for turn in itertools.islice(_turns, PORTS_EACH):
        first = start + 2 * turn % PORTS_EACH
        if first + count <= start + PORTS_EACH and all(
            _free(host, first + i) for i in range(count)
        ):
            return first
    raise AssertionError("no ports are free")


def _free(host: str, port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True
