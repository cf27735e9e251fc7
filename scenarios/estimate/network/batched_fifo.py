"""The queues of many hops at once, each as `queues.Fifo`, as long as none of them loses anything.

Hops between which no packet goes need not wait for each other: what comes to all of them is served
in one go over arrays, in which one hop's packets stand behind another's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.estimate.network.queues import LEAST_BYTES, Rate, way_ns


@dataclass(frozen=True)
class Batch:
    """n packets of several hops, in the order of these, and of each in the order of time.

    Attributes:
        came_ns: (n,) when each came.
        size: (n,) bytes on the wire.
        hops: (k,) numbers of those hops to which any came, within the level.
        first: (k,) place of each hop's first packet.
    """

    came_ns: NDArray[np.int64]
    size: NDArray[np.int32]
    hops: NDArray[np.intp]
    first: NDArray[np.intp]

    @property
    def counts(self) -> NDArray[np.intp]:
        """(k,) packets of each hop."""
        return np.diff(self.first, append=len(self.came_ns))

    @property
    def last(self) -> NDArray[np.intp]:
        """(k,) place of each hop's last packet."""
        return np.append(self.first[1:], len(self.came_ns)) - 1


@dataclass(frozen=True)
class Through:
    """What became of n packets.

    Attributes:
        began_ns: (n,) when its service began.
        out_ns: (n,) when it is at the far end.
        full: (f,) the hops where a packet found no room; then nothing of this holds.
    """

    began_ns: NDArray[np.int64]
    out_ns: NDArray[np.int64]
    full: list[int]


class WideFifo:
    """Queues and fibres of several hops; goes on from one call of `serve` to the next."""

    def __init__(self, rates: list[Rate], delays_us: list[float]) -> None:
        """Of each hop: its rate and limit, which never change, and its delay."""
        self._mbps = np.array([rate.rate_mbps for rate in rates])
        self._ns_a_byte = np.array([8e3 / rate.rate_mbps for rate in rates])
        self._limit = np.array([rate.limit for rate in rates], np.int64)
        self._delay_ns = np.array([way_ns(delay_us) for delay_us in delays_us], np.int64)
        self._free_ns = np.zeros(len(rates), np.int64)
        self._last_ns = np.full(len(rates), np.iinfo(np.int64).min)
        """When the last packet came to each."""
        self._inside = np.zeros(0, np.int64)
        """When each packet that is in a queue or on a fibre will be at the far end, hop by hop."""
        self._inside_of = np.zeros(0, np.intp)

    def serve(self, batch: Batch) -> Through:
        """Take packets, none before the latest of the call before at the same hop."""
        came, hops, first, counts = batch.came_ns, batch.hops, batch.first, batch.counts
        service_ns = batch.size * np.repeat(self._ns_a_byte[hops], counts)
        np.rint(service_ns, out=service_ns)
        service = service_ns.astype(np.int64)
        served = np.cumsum(service)
        served -= np.repeat(served[first] - service[first], counts)
        leaving = came - served
        leaving += service
        leaving[first] = np.maximum(came[first], self._free_ns[hops])
        if len(hops) > 1:  # each hop's numbers lie above those of all before it
            apart = int(leaving.max()) - int(leaving.min()) + 1
            lifted = np.repeat(np.arange(len(hops)) * apart, counts)
            leaving += lifted
            np.maximum.accumulate(leaving, out=leaving)
            leaving -= lifted
        else:
            np.maximum.accumulate(leaving, out=leaving)
        leaving += served
        out = leaving + np.repeat(self._delay_ns[hops], counts)
        full = self._full(batch, out)
        self._free_ns[hops] = np.maximum(self._free_ns[hops], leaving[batch.last])
        self._last_ns[hops] = came[batch.last]
        of = np.repeat(hops, counts)
        still, old = out > self._last_ns[of], self._inside > self._last_ns[self._inside_of]
        self._inside = np.concatenate([self._inside[old], out[still]])
        self._inside_of = np.concatenate([self._inside_of[old], of[still]])
        leaving -= service
        return Through(leaving, out, full)

    def _full(self, batch: Batch, out: NDArray[np.int64]) -> list[int]:
        """The hops at which a packet finds as many as its queue may hold."""
        hops = batch.hops
        longest_ns = np.maximum.reduceat(out - batch.came_ns, batch.first)
        # so many could be there at the most, were they all as short as packets can be
        most = longest_ns * self._mbps[hops] / 8e3 / LEAST_BYTES
        found = []
        for k in np.flatnonzero(most >= self._limit[hops] - 1).tolist():
            hop, part = int(hops[k]), slice(int(batch.first[k]), int(batch.last[k]) + 1)
            came = batch.came_ns[part]
            inside = self._inside[(self._inside_of == hop) & (self._inside > came[0])]
            everything = np.concatenate([inside, out[part]])
            there = len(inside) + np.arange(len(came)) - np.searchsorted(everything, came, "right")
            if (there >= self._limit[hop]).any():
                found.append(hop)
        return found
