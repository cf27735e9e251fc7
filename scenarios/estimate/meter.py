"""What is counted at every hop while packets pass: bytes a second, losses, waiting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.estimate.queues import Served
from scenarios.estimate.transit import FlowOf
from scenarios.rebuild import Passage

SECOND_NS = 1_000_000_000
SAMPLE_OFFSET_NS = 11_000_000
"""As the emulation: counters are read so long after each whole second."""


class Waits:
    """How long media waited at one hop."""

    def __init__(self) -> None:
        self._came: list[NDArray[np.int64]] = []
        self._wait: list[NDArray[np.float32]] = []

    def __deepcopy__(self, memo: dict[int, object]) -> Waits:
        """What was added is never changed: a copy shares it."""
        other = Waits()
        other._came, other._wait = list(self._came), list(self._wait)
        return other

    def add(self, came_ns: NDArray[np.int64], wait_ns: NDArray[np.int64]) -> None:
        """Packets in order of arrival, none before those of the last call."""
        self._came.append(came_ns)
        self._wait.append(wait_ns.astype(np.float32))

    def passage(self) -> Passage:
        """All of them."""
        return Passage(np.concatenate(self._came), np.concatenate(self._wait).astype(np.int64))


class HopMeter:
    """All hops' counters.

    Attributes:
        sent_bytes: (hops, samples) bytes that were at the far end before each sample, after the one
            before it.
        drops: (hops, samples) packets lost at queues, likewise.
        sent: (hops,) packets that were served in all.
        waits: of each hop's media, where any passed.
    """

    def __init__(self, hops: int, seconds: int, streams: int, from_ns: int) -> None:
        """`streams`: flows below this number are media. `from_ns`: waits are kept from then on."""
        self._from_ns = from_ns
        self.sent_bytes = np.zeros((hops, seconds + 1), np.int64)
        self.drops = np.zeros((hops, seconds + 1), np.int64)
        self.sent = np.zeros(hops, np.int64)
        self.waits: dict[int, Waits] = {}
        self._last = seconds
        self._streams = streams

    def passed(self, hop: int, size: NDArray[np.int32], flow_of: FlowOf, served: Served) -> None:
        """Packets, in the order in which they came, were served or lost at the queue."""
        flow = flow_of()
        out_ns, came_ns, began_ns = served.out_ns, served.came_ns, served.began_ns
        if served.lost.any():
            at = self._sample(came_ns[served.lost])
            np.add.at(self.drops[hop], at, 1)
            kept = ~served.lost
            size, flow = size[kept], flow[kept]
            out_ns, came_ns, began_ns = (a[kept] for a in (out_ns, came_ns, began_ns))
        if not len(out_ns):
            return
        self.sent[hop] += len(out_ns)
        at = self._sample(out_ns)
        first = int(at.min())
        counted = np.bincount(at - first, size).astype(np.int64)
        self.sent_bytes[hop, first : first + len(counted)] += counted
        media = (flow < self._streams) & (came_ns >= self._from_ns)
        if media.any():
            waits = self.waits.setdefault(hop, Waits())
            waits.add(came_ns[media], (began_ns - came_ns)[media])

    def _sample(self, at_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """The first sample after each moment."""
        return np.clip((at_ns - SAMPLE_OFFSET_NS) // SECOND_NS + 1, 0, self._last)
