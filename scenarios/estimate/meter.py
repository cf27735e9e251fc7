"""What is counted at every hop while packets pass: bytes a second, losses, waiting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scenarios.estimate.queues import Served
from scenarios.estimate.spool import Spool
from scenarios.estimate.transit import FlowOf
from scenarios.rebuild import Passage
from topology.network import Hop

SECOND_NS = 1_000_000_000
SAMPLE_OFFSET_NS = 11_000_000
"""As the emulation: counters are read so long after each whole second."""
WAITED = np.dtype([("came_ns", "i8"), ("wait_ns", "f4")])
"""A packet at a hop: when it came there, and how long it waited."""


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

    def give_up(self) -> NDArray[np.void]:
        """All of them, of dtype WAITED; nothing stays."""
        waited = np.empty(sum(map(len, self._came)), WAITED)
        if len(waited):
            waited["came_ns"] = np.concatenate(self._came)
            waited["wait_ns"] = np.concatenate(self._wait)
        self._came, self._wait = [], []
        return waited


class Passages(Mapping[tuple[str, str], Passage]):
    """(Link, direction) → how long media waited there, of every hop that it crossed."""

    def __init__(self, hops: Sequence[Hop]) -> None:
        self._number_of = {(hop.link, hop.direction): place for place, hop in enumerate(hops)}
        self._hops = hops
        self._crossed: set[int] = set()
        self._spool = Spool(WAITED, len(hops))

    def settle(self, waits: Mapping[int, Waits]) -> None:
        """What was counted so far stands: nothing of it will be undone."""
        for hop, one in waits.items():
            waited = one.give_up()
            if len(waited):
                self._crossed.add(hop)
                self._spool.add(hop, waited)

    def close(self) -> None:
        """Forget them."""
        self._spool.close()

    def __getitem__(self, where: tuple[str, str]) -> Passage:
        hop = self._number_of[where]
        if hop not in self._crossed:
            raise KeyError(where)
        waited = self._spool.read(hop)
        return Passage(waited["came_ns"].copy(), waited["wait_ns"].astype(np.int64))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((self._hops[n].link, self._hops[n].direction) for n in sorted(self._crossed))

    def __len__(self) -> int:
        return len(self._crossed)


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
        first, last = self._sample(np.array([out_ns.min(), out_ns.max()])).tolist()
        if first == last:
            self.sent_bytes[hop, first] += int(size.sum(dtype=np.int64))
        else:
            counted = np.bincount(self._sample(out_ns) - first, size).astype(np.int64)
            self.sent_bytes[hop, first : first + len(counted)] += counted
        if int(came_ns.max()) < self._from_ns:
            return
        media = (flow < self._streams) & (came_ns >= self._from_ns)
        if media.any():
            waits = self.waits.setdefault(hop, Waits())
            waits.add(came_ns[media], (began_ns - came_ns)[media])

    def _sample(self, at_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """The first sample after each moment."""
        return np.clip((at_ns - SAMPLE_OFFSET_NS) // SECOND_NS + 1, 0, self._last)
