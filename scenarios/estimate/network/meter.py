"""What is counted at every hop while packets pass: bytes a second, losses, waiting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import SECOND_NS
from giaoban.scenarios.estimate.network.queues import Batch, BatchServed, Served
from giaoban.scenarios.estimate.network.transit import FlowOf
from giaoban.scenarios.estimate.spool import Spool
from giaoban.scenarios.measure.hop_delays import Passage
from giaoban.scenarios.plan.plan import SAMPLE_OFFSET_NS
from giaoban.topology.network import Hop

QUEUE_WAIT_DTYPE = np.dtype([("came_ns", "i8"), ("wait_ns", "f4")])
"""A packet at a hop: when it came there, and how long it waited."""


class QueueWaits:
    """How long media waited at one hop."""

    def __init__(self) -> None:
        self._came: list[NDArray[np.int64]] = []
        self._wait: list[NDArray[np.float32]] = []

    def __deepcopy__(self, memo: dict[int, object]) -> QueueWaits:
        """What was added is never changed: a copy shares it."""
        other = QueueWaits()
        other._came, other._wait = list(self._came), list(self._wait)
        return other

    def add(self, came_ns: NDArray[np.int64], wait_ns: NDArray[np.int64]) -> None:
        """Packets in order of arrival, none before those of the last call."""
        self._came.append(came_ns)
        self._wait.append(wait_ns.astype(np.float32))

    def give_up(self) -> NDArray[np.void]:
        """All of them, of dtype QUEUE_WAIT_DTYPE; nothing stays."""
        waited = np.empty(sum(map(len, self._came)), QUEUE_WAIT_DTYPE)
        if len(waited):
            waited["came_ns"] = np.concatenate(self._came)
            waited["wait_ns"] = np.concatenate(self._wait)
        self._came, self._wait = [], []
        return waited


class _KeptPassage(Passage):
    """One hop's packets, read when they are asked for: through some there are tens of millions."""

    _spool: Spool
    _hop: int

    def __init__(self, spool: Spool, hop: int) -> None:
        object.__setattr__(self, "_spool", spool)
        object.__setattr__(self, "_hop", hop)

    @property
    def arrival_ns(self) -> NDArray[np.int64]:
        """When they came to it."""
        return self._spool.read(self._hop)["came_ns"].copy()

    @property
    def wait_ns(self) -> NDArray[np.int64]:
        """How long they waited."""
        return self._spool.read(self._hop)["wait_ns"].astype(np.int64)

    def waits_within(self, start_ns: int, end_ns: int) -> NDArray[np.int64]:
        """See `Passage`."""
        found = [np.zeros(0, np.int64)]
        for part in self._spool.parts(self._hop):
            came_ns = part["came_ns"]
            within = (came_ns >= start_ns) & (came_ns < end_ns)
            found.append(part["wait_ns"][within].astype(np.int64))
        return np.concatenate(found)


class Passages(Mapping[tuple[str, str], Passage]):
    """(Link, direction) → how long media waited there, of every hop that it crossed."""

    def __init__(self, hops: Sequence[Hop]) -> None:
        self._number_of = {(hop.link, hop.direction): place for place, hop in enumerate(hops)}
        self._hops = hops
        self._crossed: set[int] = set()
        self._spool = Spool(QUEUE_WAIT_DTYPE, len(hops))

    def settle(self, waits: Mapping[int, QueueWaits]) -> None:
        """What was counted so far stands: nothing of it will be undone."""
        for hop, one in waits.items():
            waited = one.give_up()
            if len(waited):
                self._crossed.add(hop)
                self._spool.add(hop, waited)

    def add_all(
        self, waited: NDArray[np.void], hops: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> None:
        """Media that waited at several hops; `hops`: their numbers, rising; `counts`: at each."""
        self._crossed.update(hops[counts > 0].tolist())
        first = int(hops[0])
        edges = np.zeros(int(hops[-1]) - first + 2, np.int64)
        edges[hops - first + 1] = counts
        self._spool.add_all(waited, np.cumsum(edges), first)

    def close(self) -> None:
        """Forget them."""
        self._spool.close()

    def __getitem__(self, where: tuple[str, str]) -> Passage:
        hop = self._number_of[where]
        if hop not in self._crossed:
            raise KeyError(where)
        return _KeptPassage(self._spool, hop)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((self._hops[n].link, self._hops[n].direction) for n in sorted(self._crossed))

    def __len__(self) -> int:
        return len(self._crossed)


class HopCounters:
    """All hops' counters.

    Attributes:
        sent_bytes: (hops, samples) bytes, as the rate counts them, that were at the far end before
            each sample, after the one before it.
        drops: (hops, samples) packets lost at queues, likewise.
        policed_packets: (hops, samples) those that bandwidth profiles dropped, likewise.
        sent: (hops,) packets that were served in all.
        waits: of each hop's media, where any passed.
        other_bytes: (hops, samples) bytes of `sent_bytes` of the class of all but the meeting, at
            ends with classes; None: no end has classes.
    """

    def __init__(
        self,
        overhead_bytes: NDArray[np.int64],
        seconds: int,
        streams: int,
        from_ns: int,
        *,
        other: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None,
    ) -> None:
        """`overhead_bytes`: (hops,) what each rate counts of a frame beside its own bytes.
        `streams`: flows below this number are media. `from_ns`: waits are kept from then on.
        `other`: (hops,) the ends with
        classes, and (flows,) the flows of the class of all but the meeting."""
        self._from_ns = from_ns
        self._overhead_bytes = overhead_bytes
        self._any_overhead = bool(overhead_bytes.any())
        hops = len(overhead_bytes)
        self.sent_bytes = np.zeros((hops, seconds + 1), np.int64)
        self._other = other
        self.other_bytes: NDArray[np.int64] | None = None
        if other is not None:
            self.other_bytes = np.zeros((hops, seconds + 1), np.int64)
        self.drops = np.zeros((hops, seconds + 1), np.int64)
        self.policed_packets = np.zeros((hops, seconds + 1), np.int64)
        self.sent = np.zeros(hops, np.int64)
        self.waits: dict[int, QueueWaits] = {}
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
        size = size + self._overhead_bytes[hop]
        if self._other is not None and self.other_bytes is not None:
            ends, flows = self._other
            if ends[hop]:
                of = flows[flow]
                np.add.at(self.other_bytes[hop], self._sample(out_ns[of]), size[of])
        first, last = self._sample_of(int(out_ns.min())), self._sample_of(int(out_ns.max()))
        if first == last:
            self.sent_bytes[hop, first] += int(size.sum(dtype=np.int64))
        else:
            counted = np.bincount(self._sample(out_ns) - first, size).astype(np.int64)
            self.sent_bytes[hop, first : first + len(counted)] += counted
        if int(came_ns.max()) < self._from_ns:
            return
        media = flow < self._streams
        if int(came_ns.min()) < self._from_ns:
            media &= came_ns >= self._from_ns
        if media.any():
            waits = self.waits.setdefault(hop, QueueWaits())
            waits.add(came_ns[media], (began_ns - came_ns)[media])

    def policed(self, hop: int, at_ns: NDArray[np.int64]) -> None:
        """Packets were dropped by a bandwidth profile at these moments."""
        np.add.at(self.policed_packets[hop], self._sample(at_ns), 1)

    def dropped(self, hops: NDArray[np.int64], came_ns: NDArray[np.int64]) -> None:
        """Packets found queues full; (n,) their hops, and when they came."""
        np.add.at(self.drops, (hops, self._sample(came_ns)), 1)

    def passed_all(
        self, hops: NDArray[np.int64], batch: Batch, through: BatchServed, flow_of: FlowOf
    ) -> tuple[NDArray[np.void], NDArray[np.int64]] | None:
        """Packets were served, none lost, at several queues; `hops`: the numbers of those of the
        level.

        Returns how long media waited, and how many at each hop of the batch; None for none.
        """
        own, counts = hops[batch.hops], batch.counts
        self.sent[own] += counts
        out_ns, came_ns, size = through.out_ns, batch.came_ns, batch.size
        if self._any_overhead:
            size = size + np.repeat(self._overhead_bytes[own], counts)
        first, last = self._sample_of(int(out_ns.min())), self._sample_of(int(out_ns.max()))
        if first == last:
            self.sent_bytes[own, first] += np.add.reduceat(size, batch.first, dtype=np.int64)
        else:
            # of each queue they come out in order: what is out by each sample is found, not counted
            out_by = SAMPLE_OFFSET_NS + np.arange(first, last) * SECOND_NS
            cuts = np.empty((len(own), len(out_by) + 2), np.intp)
            cuts[:, 0], cuts[:, -1] = batch.first, batch.first + counts
            for row, begin, end in zip(
                cuts, batch.first.tolist(), (batch.first + counts).tolist(), strict=True
            ):
                row[1:-1] = begin + np.searchsorted(out_ns[begin:end], out_by)
            any_between = cuts[:, 1:] > cuts[:, :-1]
            carried = np.zeros(any_between.shape, np.int64)
            carried[any_between] = np.add.reduceat(size, cuts[:, :-1][any_between], dtype=np.int64)
            self.sent_bytes[own, first : last + 1] += carried
        if int(came_ns.max()) < self._from_ns:
            return None
        media = (flow_of() < self._streams) & (came_ns >= self._from_ns)
        waited = np.empty(int(np.count_nonzero(media)), QUEUE_WAIT_DTYPE)
        waited["came_ns"] = came_ns[media]
        waited["wait_ns"] = (through.began_ns - came_ns)[media]
        return waited, np.add.reduceat(media, batch.first, dtype=np.int64)

    def _sample(self, at_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """The first sample after each moment."""
        return np.clip((at_ns - SAMPLE_OFFSET_NS) // SECOND_NS + 1, 0, self._last)

    def _sample_of(self, at_ns: int) -> int:
        """The same of one moment."""
        return min(max((at_ns - SAMPLE_OFFSET_NS) // SECOND_NS + 1, 0), self._last)
