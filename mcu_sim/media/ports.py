"""Local ports, and which call a packet belongs to.

Calls share ports: a packet belongs to the call whose remote address it comes from (symmetric RTP,
RFC 4961), so one system call serves them all. Two calls with the same remote address (many calls
of one load generator) cannot share; the second one gets the next port group, a set of ports of its
own. The ports of the device itself are counted by its capacity.
"""

from __future__ import annotations

import errno
import functools
import select
import socket
import struct
import sys
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import KINDS, NOBODY, Kind
from giaoban.mcu_sim.sip.message import HostPort
from giaoban.traffic.batch import media_socket, sockaddr
from giaoban.traffic.profiles import DSCP_AUDIO, DSCP_VIDEO

FIRST_PORT = 20_000
PORTS_A_GROUP = 6
MOST_PORT_GROUPS = 1000
SPARE_GROUPS = 4
"""So many port groups that no call uses stay open: calls that come and go open no sockets."""
RECEIVE_BUFFER = 64 << 20
OFFSET: dict[Kind, int] = {"audio": 0, "video": 2, "content": 4}
_DSCP: dict[Kind, int] = {"audio": DSCP_AUDIO, "video": DSCP_VIDEO, "content": DSCP_VIDEO}


class LocalPort(NamedTuple):
    """One port of a group: RTP of one medium, or the RTCP that is not multiplexed with it."""

    group: int
    kind: Kind
    rtcp: bool


class PortsExhaustedError(OSError):
    """No port group is free, or its ports are taken by other programs."""


class Remotes:
    """Remote addresses of one local port and the rows they belong to."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}
        self._numbers_of: dict[int, list[int]] = {}
        """By row: its addresses in `_rows`."""
        self._sorted = True
        """Whether the arrays are those of `_rows`."""
        self._keys = np.empty(0, np.uint64)
        self._row_of = np.empty(0, np.intp)

    def __contains__(self, address: HostPort) -> bool:
        return _number(address) in self._rows

    def add(self, address: HostPort, row: int) -> None:
        """From now on packets from `address` belong to `row`, unless they are another one's."""
        number = _number(address)
        if number not in self._rows:
            self._rows[number] = row
            self._numbers_of.setdefault(row, []).append(number)
            self._sorted = False

    def remove(self, row: int) -> None:
        """Forget the addresses of a row."""
        for number in self._numbers_of.pop(row, ()):
            del self._rows[number]
            self._sorted = False

    def find(self, sources: NDArray[np.void]) -> NDArray[np.intp]:
        """The row of each of n sources (n,), SOCKADDR_IN; NOBODY for a stranger."""
        if not self._sorted:
            self._sort()
        if not len(self._keys):
            return np.full(len(sources), NOBODY, np.intp)
        wanted = _key(sources)
        at = self._keys[:-1].searchsorted(wanted)
        rows = self._row_of[at]
        rows[self._keys[at] != wanted] = NOBODY
        return rows

    def _sort(self) -> None:
        self._sorted = True
        keys = sorted(self._rows)
        self._keys = np.array(keys, np.uint64)
        self._row_of = np.array([self._rows[key] for key in keys], np.intp)


class PortPool:
    """All port groups of one address.

    Sockets are opened when a call first needs them. Those of groups that no call uses any more are
    closed, but for the first such groups', which are the next calls'.
    """

    def __init__(self, address: str, first_port: int = FIRST_PORT) -> None:
        self.address = address
        self._first_port = first_port
        self._sockets: dict[LocalPort, socket.socket] = {}
        self._own_ports: set[int] = set()
        self._open_groups: set[int] = set()
        self._remotes: dict[LocalPort, Remotes] = {}
        self._taken: set[int] = set()
        self._port_group_of: dict[int, int] = {}
        self._by_fd: dict[int, LocalPort] = {}
        self._epoll = select.epoll()

    def port_group_for(self, remotes: Mapping[Kind, HostPort]) -> int:
        """Return the first port group on which no other call has one of these remote RTP addresses.

        Its sockets are open then; `hold` is to follow. Raises `PortsExhaustedError` if there is
        no such port group, or no more sockets are to be had.
        """
        for port_group in range(MOST_PORT_GROUPS):
            if port_group in self._taken or self.port(port_group, "content") + 1 > 65_535:
                continue
            if self._has_one_of(port_group, remotes):
                continue
            if port_group in self._open_groups:
                return port_group
            try:
                for kind in KINDS:
                    self.open(LocalPort(port_group, kind, rtcp=False))
                    self.open(LocalPort(port_group, kind, rtcp=True))
            except OSError as error:
                self._close(port_group)
                if error.errno != errno.EADDRINUSE:
                    raise PortsExhaustedError("no sockets are left for media") from None
                self._taken.add(port_group)
                continue
            self._open_groups.add(port_group)
            return port_group
        raise PortsExhaustedError("no UDP ports are left for media")

    def _has_one_of(self, port_group: int, remotes: Mapping[Kind, HostPort]) -> bool:
        """Whether one of these addresses is a call's on a port group already."""
        for kind, address in remotes.items():
            known = self._remotes.get(LocalPort(port_group, kind, rtcp=False))
            if known is not None and address in known:
                return True
        return False

    def hold(self, row: int, port_group: int, remotes: Mapping[Kind, HostPort]) -> None:
        """Give a call a port group. Packets from these RTP addresses are its own from now on, so
        that no call that begins before it stands is given the same."""
        self._port_group_of[row] = port_group
        for kind, address in remotes.items():
            self.remotes(LocalPort(port_group, kind, rtcp=False)).add(address, row)

    def owner(self, port_group: int, kind: Kind, remote: HostPort) -> int:
        """The row whose packets come from an address on a port group, NOBODY if it is free."""
        source = sockaddr(*remote)[np.newaxis]
        return int(self.remotes(LocalPort(port_group, kind, rtcp=False)).find(source)[0])

    def is_own(self, address: HostPort) -> bool:
        """Whether an address is that of one of these sockets."""
        return address[0] == self.address and address[1] in self._own_ports

    def port(self, port_group: int, kind: Kind) -> int:
        """The RTP port of a medium on a port group; RTCP has the next one."""
        return self._first_port + PORTS_A_GROUP * port_group + OFFSET[kind]

    def open(self, local: LocalPort) -> socket.socket:
        """Its socket, opened if it is not yet. Raises `OSError` if the port is taken."""
        if local not in self._sockets:
            wanted = RECEIVE_BUFFER if local.group == 0 else RECEIVE_BUFFER >> 6
            port = self.port(local.group, local.kind) + local.rtcp
            sock = self._sockets[local] = media_socket(
                self.address, port, dscp=_DSCP[local.kind], buffer_bytes=wanted
            )
            self._own_ports.add(port)
            self._by_fd[sock.fileno()] = local
            self._epoll.register(sock, select.EPOLLIN)
        return self._sockets[local]

    def remotes(self, local: LocalPort) -> Remotes:
        """Return the remote addresses of a local port."""
        return self._remotes.setdefault(local, Remotes())

    def release(self, row: int) -> list[int]:
        """A row gives up its port group and remote addresses; descriptors of sockets closed so."""
        port_group = self._port_group_of.pop(row, None)
        if port_group is None:
            return []
        for kind in KINDS:
            for rtcp in (False, True):
                self.remotes(LocalPort(port_group, kind, rtcp)).remove(row)
        unused = sorted(self._open_groups.difference(self._port_group_of.values()))
        return [fd for each in unused[SPARE_GROUPS:] for fd in self._close(each)]

    def readable(self, *kinds: Kind, rtcp: bool) -> list[tuple[LocalPort, socket.socket]]:
        """Return the open sockets of these media that have a datagram to be read, by descriptor."""
        ready = (self._by_fd[descriptor] for descriptor, _ in sorted(self._epoll.poll(0)))
        return [
            (local, self._sockets[local])
            for local in ready
            if local.rtcp == rtcp and local.kind in kinds
        ]

    @property
    def held(self) -> dict[int, int]:
        """Row → port group of the calls that have one."""
        return dict(self._port_group_of)

    def close(self) -> None:
        """Close every socket."""
        for port_group in {local.group for local in self._sockets}:
            self._close(port_group)
        self._epoll.close()

    def _close(self, port_group: int) -> list[int]:
        closed = []
        for local in (
            LocalPort(port_group, kind, rtcp) for kind in KINDS for rtcp in (False, True)
        ):
            sock = self._sockets.pop(local, None)
            if sock is None:
                continue
            closed.append(sock.fileno())
            del self._by_fd[sock.fileno()]
            sock.close()
            self._remotes.pop(local, None)
            self._own_ports.discard(self.port(port_group, local.kind) + local.rtcp)
        self._open_groups.discard(port_group)
        return closed


@functools.lru_cache(maxsize=1024)
def _number(address: HostPort) -> int:
    """Return `_key` of one address."""
    host, port = address
    packed = struct.pack("=H", socket.AF_INET) + port.to_bytes(2, "big") + socket.inet_aton(host)
    return int.from_bytes(packed, sys.byteorder)


def _key(addresses: NDArray[np.void]) -> NDArray[np.uint64]:
    """Family, port and address of each in one number, as they lie in memory."""
    key: NDArray[np.uint64] = addresses.view(np.uint64)[::2]
    return key
