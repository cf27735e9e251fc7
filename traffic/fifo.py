"""First-in first-out queues served at a rate, all packets at once (Lindley, 1952)."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray


def bytes_per_s(rate_mbps: float) -> int:
    """A rate as the kernel has it."""
    return round(rate_mbps * 125_000)


def serialisation_ns(
    size_bytes: NDArray[np.integer[Any]], per_s: int | NDArray[np.int64]
) -> NDArray[np.int64]:
    """How long each of n packets takes at so many bytes a second: whole nanoseconds, rounded down,
    as net/sched/sch_netem.c has it.

    A quotient of whole numbers below 2 ** 53 is rounded to no whole number that it does not reach
    as long as it is below 2 ** 52 / `per_s`: packets are.
    """
    takes_ns: NDArray[np.float64] = size_bytes * 1e9 / per_s
    np.floor(takes_ns, out=takes_ns)
    return takes_ns.astype(np.int64)


def departures(
    arrival_ns: NDArray[np.int64], size_bytes: NDArray[np.int64], rate_mbps: float
) -> NDArray[np.int64]:
    """When each of n packets has been sent completely.

    Args:
        arrival_ns: (n,) in any order; equal times keep their order.
        size_bytes: (n,) on the wire.

    Returns:
        (n,) in the order given. Departure i is service i after the later of arrival i and
        departure i−1; unrolled, that is a running maximum over cumulated services.
    """
    order = np.argsort(arrival_ns, kind="stable")
    service = serialisation_ns(size_bytes[order], bytes_per_s(rate_mbps))
    served = np.cumsum(service)
    leaving = served + np.maximum.accumulate(arrival_ns[order] - (served - service))
    out = np.empty(len(order), np.int64)
    out[order] = leaving
    return out


class BoundedQueue:
    """One server and a queue in which at most `buffer` packets wait beside the one in service.

    A packet that comes when so many wait is lost; one that comes in the moment in which another
    has been served finds it gone. Goes on from one call of `serve` to the next.
    """

    def __init__(self, buffer: int) -> None:
        self._places = buffer + 1
        self._leaving_ns = np.zeros(0, np.int64)  # of those waiting or in service, ascending
        self._latest_ns = np.iinfo(np.int64).min

    def serve(
        self, arrival_ns: NDArray[np.int64], service_ns: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """When each of n packets has been served, and which are lost (for those: when they came).

        Args:
            arrival_ns: (n,); one before an earlier packet's arrival counts as with it.
            service_ns: (n,) how long each takes.
        """
        n = len(arrival_ns)
        if not n:
            return arrival_ns, np.zeros(0, np.bool_)
        came = np.maximum.accumulate(np.maximum(arrival_ns, self._latest_ns))
        self._latest_ns = int(came[-1])
        before = self._leaving_ns[self._leaving_ns > came[0]]
        free_ns = int(before[-1]) if len(before) else int(came[0])
        served = np.cumsum(service_ns)
        leaving = served + np.maximum.accumulate(np.maximum(came, free_ns) - (served - service_ns))
        lost = np.zeros(n, np.bool_)
        # nobody was lost yet: packet i finds all before it that have not left
        everything = np.concatenate([before, leaving])
        present = len(before) + np.arange(n) - np.searchsorted(everything, came, "right")
        full = np.flatnonzero(present >= self._places)
        if len(full):
            first = int(full[0])
            everything = self._one_by_one(before, came, service_ns, leaving, lost, first)
        self._leaving_ns = everything[everything > came[-1]]
        return leaving, lost

    def _one_by_one(
        self,
        before: NDArray[np.int64],
        came: NDArray[np.int64],
        service: NDArray[np.int64],
        leaving: NDArray[np.int64],
        lost: NDArray[np.bool_],
        first: int,
    ) -> NDArray[np.int64]:
        """Mend `leaving` and `lost` from the `first` packet on that finds no room.

        Each loss makes room for the next packets, so only here a packet is looked at by itself.
        """
        inside = deque(np.concatenate([before, leaving[:first]]).tolist())
        at_ns = came[first:].tolist()
        for i, (now_ns, takes_ns) in enumerate(zip(at_ns, service[first:].tolist(), strict=True)):
            while inside and inside[0] <= now_ns:
                inside.popleft()
            if len(inside) >= self._places:
                lost[first + i], leaving[first + i] = True, now_ns
            else:
                inside.append((inside[-1] if inside else now_ns) + takes_ns)
                leaving[first + i] = inside[-1]
        return np.array(inside, np.int64)
