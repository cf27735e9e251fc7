"""What happens to a stream's packets between its source and the wire."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic import rtp
from giaoban.traffic.fifo import BoundedQueue
from giaoban.traffic.impairments.jitter import JitterProcess
from giaoban.traffic.impairments.loss import loss_process
from giaoban.traffic.impairments.models import Impairments, Interval
from giaoban.traffic.sender.stream_plan import StreamPlan

EVER = np.iinfo(np.int64)
AROUND_BYTES = rtp.UDP_IP_BYTES + rtp.ETHERNET_BYTES


@dataclass(frozen=True)
class Fate:
    """Fate of n packets of one stream.

    Attributes:
        leaving_ns: (n,) when each leaves, not before it is due; when it was due, if it is removed.
        copies: (n,) datagrams on the wire: 0 removed, 2 duplicated.
        corrupted: (n,) whether a bit of the payload is flipped.
    """

    leaving_ns: NDArray[np.int64]
    copies: NDArray[np.uint8]
    corrupted: NDArray[np.bool_]


class Injector:
    """Impairs a stream's packets between its source and the wire.

    A packet belongs to the interval its due time is in, and each interval has seeded processes of
    its own. Packets keep their order, also over an interval's edges: each waits for those before
    it. Only jitter with `reorder` lets packets of its interval overtake and be overtaken.
    """

    def __init__(self, plan: StreamPlan, origin_ns: int | None) -> None:
        """`origin_ns`: CLOCK_MONOTONIC from which intervals count; None if there are none.

        Raises:
            ValueError: there are intervals and no origin.
        """
        if plan.impairments and origin_ns is None:
            raise ValueError("impairments at times need an origin of time")
        self._effects = [
            _Effects(interval, origin_ns or 0, np.random.SeedSequence([plan.seed, number]))
            for number, interval in enumerate(plan.impairments)
            if not interval.what.nothing
        ]
        self._bits_seed = [plan.seed, len(plan.impairments)]
        self._last_ns = EVER.min

    @cached_property
    def _bits(self) -> np.random.Generator:
        """Which bits are flipped; most streams never ask."""
        return np.random.default_rng(self._bits_seed)

    @property
    def idle(self) -> bool:
        """Whether all packets stay as they are."""
        return not self._effects

    def apply(self, due_ns: NDArray[np.int64], sizes: NDArray[np.int64]) -> Fate:
        """The fate of the stream's next n packets.

        Args:
            due_ns: (n,) CLOCK_MONOTONIC, not falling.
            sizes: (n,) bytes of RTP.
        """
        n = len(due_ns)
        copies, corrupted = np.ones(n, np.uint8), np.zeros(n, np.bool_)
        if not self._effects or not n:
            return Fate(due_ns, copies, corrupted)
        first_ns, last_ns = int(due_ns.min()), int(due_ns.max())
        hit = [e for e in self._effects if e.from_ns <= last_ns and first_ns < e.to_ns]
        if not hit and first_ns >= self._last_ns:
            return Fate(due_ns, copies, corrupted)
        leaving = due_ns.copy()
        waits = np.ones(n, np.bool_)
        for effects in hit:
            at = np.flatnonzero((due_ns >= effects.from_ns) & (due_ns < effects.to_ns))
            if len(at):
                fate = effects.apply(due_ns[at], sizes[at])
                leaving[at], copies[at], corrupted[at] = (
                    fate.leaving_ns,
                    fate.copies,
                    fate.corrupted,
                )
                waits[at] = not effects.reorders
        queued = np.flatnonzero(waits & (copies > 0))
        if len(queued):
            ordered = np.maximum.accumulate(np.maximum(leaving[queued], self._last_ns))
            leaving[queued], self._last_ns = ordered, int(ordered[-1])
        return Fate(leaving, copies, corrupted)

    def flip(
        self, data: NDArray[np.uint8], lengths: NDArray[np.int64], rows: NDArray[np.intp]
    ) -> None:
        """Flip one bit of the payload of each of the `rows` (m,) of `data`, in place.

        Before encryption, so a far end that decrypts finds the bit flipped in a packet that
        proves authentic: no error of a line's. `lengths` (n,) are those of all rows.
        """
        if not len(rows):
            return
        start, end = rtp.payload_bounds(data[rows], lengths[rows])
        plain = start < end  # else headers that say more than there is: all after the fixed one
        start, end = np.where(plain, start, rtp.HEADER_BYTES), np.where(plain, end, lengths[rows])
        bit = (self._bits.random(len(rows)) * (8 * (end - start))).astype(np.int64)
        data[rows, start + bit // 8] ^= (1 << bit % 8).astype(np.uint8)


class _Effects:
    """The processes of one interval. Every packet uses one number of each, lost or not."""

    def __init__(self, interval: Interval, origin_ns: int, seed: np.random.SeedSequence) -> None:
        what = interval.what
        self.from_ns = origin_ns + round(interval.from_s * 1e9)
        to_s = interval.to_s
        self.to_ns = EVER.max if to_s is None else origin_ns + round(to_s * 1e9)
        self.reorders = what.jitter is not None and what.jitter.reorder
        loss, corrupt, duplicate, jitter = seed.spawn(4)
        self._what: Impairments = what
        self._loss = loss_process(what.loss, loss) if what.loss else None
        self._corrupt = np.random.default_rng(corrupt)
        self._duplicate = np.random.default_rng(duplicate)
        self._queue = BoundedQueue(what.rate.buffer_packets) if what.rate else None
        self._jitter = JitterProcess(what.jitter, jitter) if what.jitter else None

    def apply(self, due_ns: NDArray[np.int64], sizes: NDArray[np.int64]) -> Fate:
        n, what = len(due_ns), self._what
        copies, corrupted = np.ones(n, np.uint8), np.zeros(n, np.bool_)
        if what.duplicate:
            copies[self._duplicate.random(n) < what.duplicate] = 2
        if self._loss is not None:
            copies[self._loss.draw(n)] = 0
        if what.corrupt:
            drawn = self._corrupt.random(n) < what.corrupt
            corrupted = drawn & (sizes > rtp.HEADER_BYTES)
        leaving = due_ns
        if self._queue is not None and what.rate is not None:
            service_ns = np.rint((sizes + AROUND_BYTES) * (8e6 / what.rate.kbps)).astype(np.int64)
            leaving, copies = _queued(self._queue, due_ns, service_ns, copies)
        if self._jitter is not None:
            leaving = leaving + self._jitter.draw(n)
        gone = copies == 0
        return Fate(np.where(gone, due_ns, leaving), copies, corrupted & ~gone)


def _queued(
    queue: BoundedQueue,
    due_ns: NDArray[np.int64],
    service_ns: NDArray[np.int64],
    copies: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """When packets have passed a bottleneck, and how many of each: (n,), (n,).

    A duplicate takes its own place and time there, but leaves with the first of its packet.
    """
    which = np.repeat(np.arange(len(due_ns)), copies)
    served, lost = queue.serve(due_ns[which], service_ns[which])
    passed = np.flatnonzero(~lost)
    leaving = due_ns.copy()
    leaving[which[passed][::-1]] = served[passed][::-1]  # the first of two is written last
    return leaving, np.bincount(which[passed], minlength=len(due_ns)).astype(np.uint8)
