"""When a datagram of RTCP leaves that shares its socket with media.

It has a moment of its own (`next_control_ns`). But the kernel's pacing (fq) sleeps until the moment
of the packet that was first in the socket's queue when it fell asleep, and one that comes later and
would leave earlier waits for that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.estimate.flows import A_WAY, Flows
from traffic.stream import next_control_ns


class Paces:
    """What each socket has to send, by side and medium: a bridge's own, or one of the MCU's, which
    all calls share."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        self._leaving: dict[int, list[NDArray[np.int64]]] = {}
        self._socket_of = [
            _socket(int(way), int(kind))
            for way, kind in zip(flows.way_of[: flows.streams], flows.kinds, strict=True)
        ]

    def add(self, stream: int, leaving_ns: NDArray[np.int64]) -> None:
        """Media that is handed over, with its times."""
        if len(leaving_ns):
            self._leaving.setdefault(self._socket_of[stream], []).append(leaving_ns)

    def forget(self, before_ns: int) -> None:
        """Nothing is asked any more of what left before a moment."""
        for socket, parts in self._leaving.items():
            self._leaving[socket] = [part for part in parts if part[-1] >= before_ns]

    def leaves_ns(self, flow: int, made_ns: int) -> int:
        """When a datagram leaves that was handed over now; just before what it waits for."""
        own_ns = next_control_ns(made_ns, 0)
        way, kind = divmod(flow - self._flows.streams, A_WAY)
        first_ns = None
        for part in self._leaving.get(_socket(way, kind - 1), ()):
            if part[-1] <= made_ns:
                continue
            after = part[part > made_ns]
            least = int(after.min())
            first_ns = least if first_ns is None else min(first_ns, least)
        return own_ns if first_ns is None else max(own_ns, first_ns - 1)


def _socket(way: int, kind: int) -> int:
    """A bridge's sockets have numbers from 3 on, the MCU's 0 to 2."""
    return kind if way % 2 else 3 + 3 * (way // 2) + kind
