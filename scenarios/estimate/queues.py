"""One direction of a link: packets wait, are served at its rate, and take their time on the fibre.

First in, first out, exactly as the emulation's netem does it: a packet is served when it has come
and the one before it is through, and is lost if the queue holds its limit of packets at that
moment, those on the fibre among them. Departures are found for whole arrays at once (Lindley, 1952:
a running maximum over cumulated services); only where a queue is full packets are looked at one by
one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traffic.rtp import ETHERNET_BYTES, HEADER_BYTES, UDP_IP_BYTES

FULL_FRAME_BYTES = HEADER_BYTES + 1200 + UDP_IP_BYTES + ETHERNET_BYTES
"""By which the emulation counts how many packets a fibre holds."""
LEAST_BYTES = UDP_IP_BYTES + ETHERNET_BYTES + 8
"""No packet is shorter on the wire."""
TIMER_NS = 1
"""From a packet's moment to when the kernel's timer has let it go."""
NEVER_NS = 2**62


def way_ns(delay_us: float) -> int:
    """How long a packet takes over a link after its service."""
    return round(delay_us * 1000) + TIMER_NS


@dataclass(frozen=True)
class Rate:
    """From a moment on, ns after the origin: what the link carries and its queue holds."""

    from_ns: int
    rate_mbps: float
    limit: int


def rate_from(from_ns: int, rate_mbps: float, delay_us: float, buffer_packets: int) -> Rate:
    """A link's rate with the limit that its netem has: the buffer, and what is on the fibre."""
    in_flight = round(delay_us * 1e-6 * round(rate_mbps * 125_000) / FULL_FRAME_BYTES)
    return Rate(from_ns, rate_mbps, buffer_packets + in_flight)


@dataclass(frozen=True)
class Served:
    """What became of n packets.

    Attributes:
        came_ns: (n,) when it came.
        began_ns: (n,) when its service began (less its arrival: how long it waited).
        out_ns: (n,) when it is at the far end.
        lost: (n,) found the queue full.
    """

    came_ns: NDArray[np.int64]
    began_ns: NDArray[np.int64]
    out_ns: NDArray[np.int64]
    lost: NDArray[np.bool_]


class Fifo:
    """The queue and the fibre of one direction; goes on from one call of `serve` to the next."""

    def __init__(self, rates: list[Rate], delay_us: float) -> None:
        """`rates`: in order of time, the first from the beginning on."""
        self._rates = rates
        self._delay_ns = way_ns(delay_us)
        self._inside = np.zeros(0, np.int64)
        """When each packet that is in the queue or on the fibre will be at the far end."""
        self._free_ns = 0

    def serve(self, came: NDArray[np.int64], size: NDArray[np.int32]) -> Served:
        """Take n packets in order of time, none before the latest of the call before.

        Args:
            came: (n,) when they came.
            size: (n,) bytes on the wire.
        """
        service, limit = self._service(came, size)
        lost = np.zeros(len(came), np.bool_)
        if not len(came):
            return Served(came, came, came, lost)
        served = np.cumsum(service)
        leaving = came - served  # in place from here on: new arrays cost more than the arithmetic
        leaving += service
        leaving[0] = max(int(came[0]), self._free_ns)
        np.maximum.accumulate(leaving, out=leaving)
        leaving += served
        out = leaving + self._delay_ns
        longest_ns = int((out - came).max())
        # so many could be there at the most, were they all as short as packets can be
        per_ns = (
            self._rates[-1].rate_mbps
            if len(self._rates) == 1
            else max(rate.rate_mbps for rate in self._rates)
        )
        tight = longest_ns * per_ns / 8e3 / LEAST_BYTES >= int(limit.min()) - 1
        if tight:
            inside = self._inside[self._inside > came[0]]
            everything = np.concatenate([inside, out])
            there = len(inside) + np.arange(len(came)) - np.searchsorted(everything, came, "right")
            full = np.flatnonzero(there >= limit)
            if len(full):
                self._one_by_one(inside, came, service, limit, out, lost, int(full[0]))
                leaving = out - self._delay_ns
        kept = out[~lost] if lost.any() else out
        if len(kept):
            self._free_ns = max(self._free_ns, int(kept[-1]) - self._delay_ns)
            still = kept[np.searchsorted(kept, came[-1], "right") :]
            self._inside = np.concatenate([self._inside[self._inside > came[-1]], still])
        return Served(came, leaving - service, out, lost)

    def _service(
        self, came: NDArray[np.int64], size: NDArray[np.int32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How long each packet is served, and what the queue holds when it comes."""
        if len(self._rates) == 1:
            [rate] = self._rates
            service_ns = size * (8e3 / rate.rate_mbps)
            np.rint(service_ns, out=service_ns)
            return service_ns.astype(np.int64), np.broadcast_to(np.int64(rate.limit), len(came))
        starts = np.array([rate.from_ns for rate in self._rates])
        now = np.maximum(np.searchsorted(starts, came, "right") - 1, 0)
        ns_a_byte = np.array([8e3 / rate.rate_mbps for rate in self._rates])
        limits = np.array([rate.limit for rate in self._rates])
        return np.rint(size * ns_a_byte[now]).astype(np.int64), limits[now]

    def _one_by_one(
        self,
        inside: NDArray[np.int64],
        came: NDArray[np.int64],
        service: NDArray[np.int64],
        limit: NDArray[np.int64],
        out: NDArray[np.int64],
        lost: NDArray[np.bool_],
        first: int,
    ) -> None:
        """Mend `out` and `lost` from the `first` packet on that finds no room.

        Each loss makes room for the next packets, so only here a packet is looked at by itself.
        """
        delay_ns = self._delay_ns
        there = deque(np.concatenate([inside, out[:first]]).tolist())
        free_ns = there[-1] - delay_ns if there else self._free_ns
        outs: list[int] = []
        gone: list[int] = []
        rows = zip(
            came[first:].tolist(), service[first:].tolist(), limit[first:].tolist(), strict=True
        )
        for i, (now_ns, takes_ns, most) in enumerate(rows):
            while there and there[0] <= now_ns:
                there.popleft()
            if len(there) >= most:
                gone.append(i)
                outs.append(now_ns + delay_ns)
                continue
            free_ns = max(free_ns, now_ns) + takes_ns
            there.append(free_ns + delay_ns)
            outs.append(free_ns + delay_ns)
        out[first:] = outs
        lost[first + np.array(gone, np.intp)] = True
