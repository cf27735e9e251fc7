"""When a datagram of RTCP leaves that shares its socket with media.

It has a moment of its own (`next_control_ns`). But the kernel's pacing (fq) sleeps until the moment
of the packet that was first in the socket's queue when it fell asleep, and one that comes later and
would leave earlier waits for that.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenarios.estimate.flows import A_WAY, Flows
from traffic.stream import next_control_ns


class Paces:
    """What each socket has to send, by side and medium: a bridge's own, or one of the MCU's, which
    all calls share."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        self._handed: dict[int, list[NDArray[np.int64]]] = {}
        self._leaving: dict[int, _Leaving] = {}
        self._socket_of = [
            _socket(int(way), int(kind))
            for way, kind in zip(flows.way_of[: flows.streams], flows.kinds, strict=True)
        ]

    def add(self, stream: int, leaving_ns: NDArray[np.int64]) -> None:
        """Media that is handed over, with its times."""
        if len(leaving_ns):
            self._handed.setdefault(self._socket_of[stream], []).append(leaving_ns)

    def forget(self, before_ns: int) -> None:
        """Nothing is asked any more of what left before a moment."""
        for socket, parts in self._handed.items():
            self._handed[socket] = [part for part in parts if part[-1] >= before_ns]
        for socket, leaving in self._leaving.items():
            self._leaving[socket] = leaving.since(before_ns)

    def leaves_ns(self, flow: int, made_ns: int) -> int:
        """When a datagram leaves that was handed over now; just before what it waits for."""
        own_ns = next_control_ns(made_ns, 0)
        way, kind = divmod(flow - self._flows.streams, A_WAY)
        socket = _socket(way, kind - 1)
        if parts := self._handed.get(socket):
            self._leaving[socket] = self._leaving.get(socket, _NOTHING).and_these(parts)
            self._handed[socket] = []
        first_ns = self._leaving.get(socket, _NOTHING).first_after(made_ns)
        return own_ns if first_ns is None else max(own_ns, first_ns - 1)


class _Leaving(NamedTuple):
    """What one socket has to send.

    `ordered`: all times of parts that are in order, in order. `others`: parts in which impairments
    let packets overtake each other; nothing is known of such a part when its last one has left.
    """

    ordered: NDArray[np.int64]
    others: tuple[NDArray[np.int64], ...] = ()

    def __deepcopy__(self, memo: dict[int, object]) -> _Leaving:
        """It never changes."""
        return self

    def and_these(self, parts: list[NDArray[np.int64]]) -> _Leaving:
        in_order = [part for part in parts if (part[1:] >= part[:-1]).all()]
        others = [part for part in parts if not (part[1:] >= part[:-1]).all()]
        ordered = np.concatenate([self.ordered, *in_order])
        ordered.sort()
        return _Leaving(ordered, (*self.others, *others))

    def since(self, before_ns: int) -> _Leaving:
        kept = self.ordered[np.searchsorted(self.ordered, before_ns) :]
        return _Leaving(kept, tuple(part for part in self.others if part[-1] >= before_ns))

    def first_after(self, made_ns: int) -> int | None:
        at = int(np.searchsorted(self.ordered, made_ns, "right"))
        found = [int(self.ordered[at])] if at < len(self.ordered) else []
        found += [int(part[part > made_ns].min()) for part in self.others if part[-1] > made_ns]
        return min(found, default=None)


_NOTHING = _Leaving(np.empty(0, np.int64))


def _socket(way: int, kind: int) -> int:
    """A bridge's sockets have numbers from 3 on, the MCU's 0 to 2."""
    return kind if way % 2 else 3 + 3 * (way // 2) + kind
