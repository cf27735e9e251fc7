"""Local ports, and which call a packet belongs to.

Calls share ports: a packet belongs to the call whose remote address it comes from (symmetric RTP,
RFC 4961), so one system call serves them all. Two calls with the same remote address (many calls
of one load generator) cannot share; the second one gets the next shelf, a set of ports of its own.
What a device really has of ports is counted by its capacity, not here.
"""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mcu_sim.media.leg import KINDS, NOBODY, Kind
from mcu_sim.sip.message.addresses import HostPort
from traffic.batch import media_socket, sockaddr
from traffic.profiles import DSCP_AUDIO, DSCP_VIDEO

FIRST_PORT = 20_000
PORTS_A_SHELF = 6
MOST_SHELVES = 1000
FEW_SOCKETS = 2
"""So many are looked into without asking the system which of them have something."""
RECEIVE_BUFFER = 64 << 20
OFFSET: dict[Kind, int] = {"audio": 0, "video": 2, "content": 4}
_DSCP: dict[Kind, int] = {"audio": DSCP_AUDIO, "video": DSCP_VIDEO, "content": DSCP_VIDEO}


class Lane(NamedTuple):
    """One socket of a shelf: RTP of one medium, or the RTCP that is not multiplexed with it."""

    shelf: int
    kind: Kind
    rtcp: bool


class PortsExhaustedError(OSError):
    """No shelf is free, or its ports are taken by other programs."""


class Remotes:
    """Remote addresses of one lane and the rows they belong to."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}
        self._keys = np.empty(0, np.uint64)
        self._row_of = np.empty(0, np.intp)

    def __contains__(self, address: HostPort) -> bool:
        return _number(address) in self._rows

    def add(self, address: HostPort, row: int) -> None:
        """From now on packets from `address` belong to `row`, unless they are another one's."""
        self._rows.setdefault(_number(address), row)
        self._rebuild()

    def remove(self, row: int) -> None:
        """Forget the addresses of a row."""
        left = {key: owner for key, owner in self._rows.items() if owner != row}
        if len(left) < len(self._rows):
            self._rows = left
            self._rebuild()

    def find(self, sources: NDArray[np.void]) -> NDArray[np.intp]:
        """The row of each of n sources (n,), SOCKADDR_IN; NOBODY for a stranger."""
        if not len(self._keys):
            return np.full(len(sources), NOBODY, np.intp)
        wanted = _key(sources)
        at = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where(self._keys[at] == wanted, self._row_of[at], NOBODY)

    def _rebuild(self) -> None:
        keys = sorted(self._rows)
        self._keys = np.array(keys, np.uint64)
        self._row_of = np.array([self._rows[key] for key in keys], np.intp)


class Ports:
    """All shelves of one address.

    Sockets are opened when a call first needs them. Those of a shelf that no call uses any more
    are closed, but for one shelf's.
    """

    def __init__(self, address: str, first_port: int = FIRST_PORT) -> None:
        self.address = address
        self._first_port = first_port
        self._sockets: dict[Lane, socket.socket] = {}
        self._remotes: dict[Lane, Remotes] = {}
        self._taken: set[int] = set()
        self._shelf_of: dict[int, int] = {}
        self._epoll = select.epoll()

    def shelf_for(self, remotes: Mapping[Kind, HostPort]) -> int:
        """The first shelf on which a call with these remote RTP addresses can be told apart.

        Its sockets are open then; `hold` is to follow. Raises `PortsExhaustedError` if there is
        no such shelf, or no more sockets are to be had.
        """
        for shelf in range(MOST_SHELVES):
            if shelf in self._taken or self.port(shelf, "content") + 1 > 65_535:
                continue
            if any(a in self.remotes(Lane(shelf, k, rtcp=False)) for k, a in remotes.items()):
                continue
            try:
                for kind in KINDS:
                    self.open(Lane(shelf, kind, rtcp=False))
                    self.open(Lane(shelf, kind, rtcp=True))
            except OSError as error:
                self._close(shelf)
                if error.errno != errno.EADDRINUSE:
                    raise PortsExhaustedError("no sockets are left for media") from None
                self._taken.add(shelf)
                continue
            return shelf
        raise PortsExhaustedError("no UDP ports are left for media")

    def hold(self, row: int, shelf: int, remotes: Mapping[Kind, HostPort]) -> None:
        """A call gets a shelf. What comes from these RTP addresses is its own from now on, so
        that no call that begins before it stands is given the same."""
        self._shelf_of[row] = shelf
        for kind, address in remotes.items():
            self.remotes(Lane(shelf, kind, rtcp=False)).add(address, row)

    def owner(self, shelf: int, kind: Kind, remote: HostPort) -> int:
        """The row whose packets come from an address on a shelf, NOBODY if it is free."""
        source = sockaddr(*remote)[np.newaxis]
        return int(self.remotes(Lane(shelf, kind, rtcp=False)).find(source)[0])

    def is_own(self, address: HostPort) -> bool:
        """Whether an address is that of one of these sockets."""
        ports = {self.port(lane.shelf, lane.kind) + lane.rtcp for lane in self._sockets}
        return address[0] == self.address and address[1] in ports

    def port(self, shelf: int, kind: Kind) -> int:
        """The RTP port of a medium on a shelf; RTCP has the next one."""
        return self._first_port + PORTS_A_SHELF * shelf + OFFSET[kind]

    def open(self, lane: Lane) -> socket.socket:
        """The lane's socket, opened if it is not yet. Raises `OSError` if the port is taken."""
        if lane not in self._sockets:
            sock = self._sockets[lane] = media_socket(
                self.address,
                self.port(lane.shelf, lane.kind) + lane.rtcp,
                dscp=_DSCP[lane.kind],
                buffer_bytes=RECEIVE_BUFFER if lane.shelf == 0 else RECEIVE_BUFFER >> 6,
            )
            self._epoll.register(sock, select.EPOLLIN)
        return self._sockets[lane]

    def remotes(self, lane: Lane) -> Remotes:
        """Who is at the other end of a lane."""
        found = self._remotes.get(lane)
        if found is None:
            found = self._remotes[lane] = Remotes()
        return found

    def release(self, row: int) -> list[int]:
        """A row gives up its shelf and remote addresses; descriptors of sockets closed by that."""
        shelf = self._shelf_of.pop(row, None)
        if shelf is None:
            return []
        for kind in KINDS:
            for rtcp in (False, True):
                self.remotes(Lane(shelf, kind, rtcp)).remove(row)
        in_use = set(self._shelf_of.values())
        if shelf in in_use or shelf == min(lane.shelf for lane in self._sockets):
            return []
        return self._close(shelf)

    @property
    def lanes(self) -> list[tuple[Lane, socket.socket]]:
        """Every open socket, in the order they were opened."""
        return list(self._sockets.items())

    def readable(self, *kinds: Kind, rtcp: bool) -> list[tuple[Lane, socket.socket]]:
        """Open sockets of these media that may have something to be read, in the order opened."""
        found = [
            (lane, sock)
            for lane, sock in self._sockets.items()
            if lane.rtcp == rtcp and lane.kind in kinds
        ]
        if len(found) <= FEW_SOCKETS:
            return found
        ready = {descriptor for descriptor, _ in self._epoll.poll(0)}
        return [(lane, sock) for lane, sock in found if sock.fileno() in ready]

    @property
    def held(self) -> dict[int, int]:
        """Row → shelf of the calls that have one."""
        return dict(self._shelf_of)

    def close(self) -> None:
        """Close every socket."""
        for shelf in {lane.shelf for lane in self._sockets}:
            self._close(shelf)
        self._epoll.close()

    def _close(self, shelf: int) -> list[int]:
        closed = []
        for lane in [lane for lane in self._sockets if lane.shelf == shelf]:
            sock = self._sockets.pop(lane)
            closed.append(sock.fileno())
            sock.close()
            self._remotes.pop(lane, None)
        return closed


def _number(address: HostPort) -> int:
    """What `_key` gives for one address."""
    host, port = address
    return int.from_bytes(socket.inet_aton(host), "big") << 16 | port


def _key(addresses: NDArray[np.void]) -> NDArray[np.uint64]:
    host = addresses["address"].astype(np.uint64)
    return host << np.uint64(16) | addresses["port"].astype(np.uint64)
