"""Reception statistics of many sources at once (RFC 3550 appendices A.1, A.3 and A.8).

A row is a call; whoever sends to it is its source. A source is valid from its first packet on (A.1
with MIN_SEQUENTIAL 1): the addresses come from the signalling, and the first packet of a picture
must not be lost. Sequence numbers are kept extended to 64 bits. A new source, or one that starts
again, begins above all the numbers that its row had before: no two packets of a row are mixed up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.receiver.jitter import smoothed, transit_changes
from giaoban.traffic.rtcp import ReportBlock
from giaoban.traffic.rtp import Headers, serial_difference

SEQUENCE_MOD = 1 << 16
NO_SEQUENCE = SEQUENCE_MOD + 1
"""No packet has it; a `bad_seq` that is not set (A.1)."""


MAX_DROPOUT, MAX_MISORDER = 3000, 100
"""Limits of A.1: a source jumps no further, and nothing is later."""
MEMORY = 128
"""So many of the last numbers of a row are remembered, `MAX_MISORDER` at the least."""
MOST_UNCOUNTED = 8192
"""So many packets wait at the most to be counted: what is counted together costs hardly more than
one alone."""


class _Arrivals(NamedTuple):
    """n packets of open rows, in order of arrival."""

    rows: NDArray[np.integer]
    sequence: NDArray[np.uint16]
    ssrc: NDArray[np.uint32]
    timestamp: NDArray[np.uint32]
    arrival_ns: NDArray[np.int64]

    @classmethod
    def of(
        cls, rows: NDArray[np.integer], headers: Headers, arrival_ns: NDArray[np.int64]
    ) -> _Arrivals:
        """As `ReceptionBank.put` is given them."""
        return cls(rows, headers.sequence, headers.ssrc, headers.timestamp, arrival_ns)

    def take(self, which: NDArray[np.intp]) -> _Arrivals:
        """Some of them, in this order."""
        return _Arrivals(
            self.rows[which],
            self.sequence[which],
            self.ssrc[which],
            self.timestamp[which],
            self.arrival_ns[which],
        )


@dataclass(frozen=True)
class _Batch:
    """n packets of open rows, those of a row together and in order of arrival.

    Attributes:
        rows: (n,) rising.
        heads: (g,) where each row's packets begin.
        extended: (n,) extended sequence numbers.
        before: (n,) the highest of the row before the packet.
        accepted: (n,) update_seq of A.1 returns 1.
        first: (n,) the first packet of a source, or of one that started again.
    """

    rows: NDArray[np.intp]
    heads: NDArray[np.intp]
    extended: NDArray[np.int64]
    before: NDArray[np.int64]
    accepted: NDArray[np.bool_]
    first: NDArray[np.bool_]


class ReceptionBank:
    """Statistics of `capacity` rows, each of its current source.

    All start again with a new SSRC, or when the source jumps by `max_dropout` or more and goes on
    from there (A.1). Packets of rows that are not open are ignored.

    Frequent calls of `put` have few packets each. Packets that belong to their row's source in any
    order are counted together, when a figure is read.

    Attributes, each (capacity,):
        heard: whether anything has come since the row was opened.
        ssrc: the current source.
        received: packets accepted, duplicates among them.
        duplicates: packets that had come before.
        reordered: other packets that came after a later one.
        jitter: J of A.8 in units of the timestamp.
        jitter_sum, jitter_max: of J after each packet accepted.
        sources: how many sources the row has had: the first, and one for every change of SSRC.
    """

    def __init__(self, capacity: int, clock_hz: int) -> None:
        self._clock_hz = np.full(capacity, clock_hz)
        self._open = np.zeros(capacity, np.bool_)
        self.heard = np.zeros(capacity, np.bool_)
        self.ssrc = np.zeros(capacity, np.uint32)
        self._received = np.zeros(capacity, np.int64)
        self._duplicates = np.zeros(capacity, np.int64)
        self._reordered = np.zeros(capacity, np.int64)
        self._jitter = np.zeros(capacity)
        self._jitter_sum = np.zeros(capacity)
        self._jitter_max = np.zeros(capacity)
        self.sources = np.zeros(capacity, np.int64)
        self._origin = np.zeros(capacity, np.int64)  # the extended number of the source's cycle 0
        self._base = np.zeros(capacity, np.int64)
        self._highest = np.zeros(capacity, np.int64)
        self._bad = np.full(capacity, NO_SEQUENCE, np.int64)
        self._arrival_ns = np.zeros(capacity, np.int64)
        self._timestamp = np.zeros(capacity, np.int64)
        self._expected_before = np.zeros(capacity, np.int64)
        self._received_before = np.zeros(capacity, np.int64)
        self._uncounted: list[_Arrivals] = []
        self._uncounted_packets = 0
        self._top = np.zeros(capacity, np.int64)  # the highest number, the uncounted ones' too
        # column k: of the last number received that is k modulo `memory` the quotient, never 0
        self._seen = np.zeros((capacity, MEMORY), np.int32)

    @property
    def received(self) -> NDArray[np.int64]:
        self._count_all()
        return self._received

    @property
    def duplicates(self) -> NDArray[np.int64]:
        self._count_all()
        return self._duplicates

    @property
    def reordered(self) -> NDArray[np.int64]:
        self._count_all()
        return self._reordered

    @property
    def jitter(self) -> NDArray[np.float64]:
        self._count_all()
        return self._jitter

    @property
    def jitter_sum(self) -> NDArray[np.float64]:
        self._count_all()
        return self._jitter_sum

    @property
    def jitter_max(self) -> NDArray[np.float64]:
        self._count_all()
        return self._jitter_max

    @property
    def expected(self) -> NDArray[np.int64]:
        """(capacity,) packets from the source's first to its highest sequence number (A.3)."""
        self._count_all()
        return np.where(self.heard, self._highest - self._base + 1, 0)

    @property
    def lost(self) -> NDArray[np.int64]:
        """(capacity,) expected less received; negative if duplicates outnumber losses (A.3)."""
        return self.expected - self.received

    def open(self, row: int, clock_hz: int | None = None) -> None:
        """Begin a call in a free row, with all figures at 0.

        `clock_hz`: of its timestamps, if not the clock of all.
        """
        self._count_all()
        if clock_hz is not None:
            self._clock_hz[row] = clock_hz
        self._open[row] = True
        self.heard[row] = False
        self.sources[row] = 0
        self.ssrc[row] = 0
        self._restart(row, 0)

    def close(self, row: int) -> None:
        """End the call: its figures can still be read, further packets are ignored."""
        self._open[row] = False

    def put(
        self, rows: NDArray[np.integer], headers: Headers, arrival_ns: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Count n packets in order of arrival, of any mixture of rows.

        Args:
            rows: (n,) the call each belongs to, 0 ≤ row < capacity.
            arrival_ns: (n,) on any clock that runs on.

        Returns:
            (n,) whether each belongs to its row's source: not those of closed rows, those that are
            no RTP, and those far away from the source's sequence numbers (A.1).
        """
        if not len(rows):
            return np.zeros(0, np.bool_)
        arrivals = _Arrivals.of(rows, headers, arrival_ns)
        if self._go_on(arrivals, headers.valid):
            self._uncounted.append(arrivals)
            self._uncounted_packets += len(rows)
            if self._uncounted_packets > MOST_UNCOUNTED:
                self._count_all()
            return np.ones(len(rows), np.bool_)
        self._count_all()
        belongs = np.zeros(len(rows), np.bool_)
        usable = np.flatnonzero(headers.valid & self._open[rows])
        if len(usable):
            belongs[usable] = self._count_now(arrivals.take(usable))
            self._top[:] = self._highest
        return belongs

    def _go_on(self, arrivals: _Arrivals, valid: NDArray[np.bool_]) -> bool:
        """Whether n packets belong to their rows' sources in any order: each is so near to the
        highest number before all of them that A.1 accepts it behind any of the others."""
        rows = arrivals.rows
        if not (valid.all() and (self._open & self.heard)[rows].all()):
            return False
        if (arrivals.ssrc != self.ssrc[rows]).any():
            return False
        top = self._top[rows]
        ahead = (arrivals.sequence - top.astype(np.uint16)).view(np.int16)  # the short way round
        if 2 * max(int(ahead.max()), -int(ahead.min())) >= MAX_MISORDER:
            return False
        np.maximum.at(self._top, rows, top + ahead)
        return True

    def _count_all(self) -> None:
        """Count all packets that are not counted yet."""
        if self._uncounted:
            parts, self._uncounted, self._uncounted_packets = self._uncounted, [], 0
            self._count_now(_Arrivals(*map(np.concatenate, zip(*parts, strict=True))))

    def _count_now(self, arrivals: _Arrivals) -> NDArray[np.bool_]:
        """Count n packets, all usable; (n,) whether each belongs to its row's source."""
        belongs = np.zeros(len(arrivals.rows), np.bool_)
        order = np.argsort(arrivals.rows, kind="stable")
        sorted_ = arrivals.take(order)
        batch = self._extend(sorted_.rows.astype(np.intp), sorted_.sequence, sorted_.ssrc)
        belongs[order] = batch.accepted
        self._time(batch, sorted_.arrival_ns, sorted_.timestamp.astype(np.int64))
        self._count(batch)
        return belongs

    def report(self, row: int) -> ReportBlock | None:
        """Return the report block on the row's source without LSR and DLSR; None before any packet.

        The fraction lost is of the time since the report before.
        """
        if not self.heard[row]:
            return None
        self._count_all()
        expected = int(self._highest[row] - self._base[row]) + 1
        received = int(self._received[row])
        expected_since = expected - int(self._expected_before[row])
        lost_since = expected_since - received + int(self._received_before[row])
        self._expected_before[row], self._received_before[row] = expected, received
        fraction = (max(lost_since, 0) << 8) // expected_since if expected_since else 0
        return ReportBlock(
            ssrc=int(self.ssrc[row]),
            fraction_lost=fraction,
            cumulative_lost=min(max(expected - received, -0x80_0000), 0x7F_FFFF),
            highest_sequence=int(self._highest[row] - self._origin[row]) & 0xFFFF_FFFF,
            jitter=int(self._jitter[row]) & 0xFFFF_FFFF,
        )

    # --------------------------------------------------------------------- sequence numbers, A.1

    def _extend(
        self, rows: NDArray[np.intp], sequences: NDArray[np.uint16], ssrcs: NDArray[np.uint32]
    ) -> _Batch:
        n = len(rows)
        heads = np.flatnonzero(np.diff(rows, prepend=-1))
        lengths = np.diff(heads, append=n)
        wire = sequences.astype(np.int64)
        highest = self._highest[rows[heads]]
        # Every packet is first taken to be near the one before it. Where all of a row's turn out
        # to be within A.1's limits, this is what A.1 says of each; the others are gone through.
        steps = np.diff(wire, prepend=0)
        steps[heads] = wire[heads] - highest
        steps = serial_difference(steps, 16)
        ahead = np.cumsum(steps)
        ahead -= np.repeat(ahead[heads] - steps[heads], lengths)
        # the running maximum of each row: rows are lifted above one another
        lift = np.repeat(np.arange(len(heads), dtype=np.int64) << 40, lengths)
        top = np.maximum.accumulate(np.maximum(ahead, 0) + lift) - lift
        top = np.roll(top, 1)
        top[heads] = 0
        near = (ahead - top < MAX_DROPOUT) & (ahead - top > -MAX_MISORDER)
        near &= (ssrcs == self.ssrc[rows]) & self.heard[rows]
        start = np.repeat(highest, lengths)
        batch = _Batch(rows, heads, start + ahead, start + top, near, np.zeros(n, np.bool_))
        for group in np.flatnonzero(~np.logical_and.reduceat(near, heads)):
            head = int(heads[group])
            self._walk(batch, slice(head, head + int(lengths[group])), wire, ssrcs)
        return batch

    def _walk(
        self, batch: _Batch, part: slice, sequences: NDArray[np.int64], ssrcs: NDArray[np.uint32]
    ) -> None:
        """One row's packets by A.1's own code (update_seq): its source changes or jumps."""
        row = int(batch.rows[part.start])
        pairs = zip(sequences[part].tolist(), ssrcs[part].tolist(), strict=True)
        for k, (sequence, ssrc) in enumerate(pairs, part.start):
            highest = int(self._highest[row])
            ahead = (sequence - highest) % SEQUENCE_MOD
            accepted, first = True, False
            if not self.heard[row] or ssrc != self.ssrc[row]:
                self.heard[row] = True
                self.ssrc[row] = ssrc
                self.sources[row] += 1
                first = True
            elif MAX_DROPOUT <= ahead <= SEQUENCE_MOD - MAX_MISORDER:
                accepted = first = sequence == self._bad[row]
                if not accepted:
                    self._bad[row] = (sequence + 1) % SEQUENCE_MOD
            elif ahead >= MAX_DROPOUT:
                ahead -= SEQUENCE_MOD
            if first:
                self._restart(row, sequence)
                highest, ahead = int(self._highest[row]), 0
            batch.before[k] = highest - first
            batch.extended[k] = highest + ahead
            batch.accepted[k] = accepted
            batch.first[k] = first
            if accepted:
                self._highest[row] = highest + max(ahead, 0)

    def _restart(self, row: int, sequence: int) -> None:
        """The row's statistics begin with this packet (init_seq)."""
        origin = (int(self._highest[row]) // SEQUENCE_MOD + 2) * SEQUENCE_MOD
        self._origin[row] = origin
        self._base[row] = self._highest[row] = self._top[row] = origin + sequence
        self._bad[row] = NO_SEQUENCE
        for counter in (
            self._jitter,
            self._jitter_sum,
            self._jitter_max,
            self._received,
            self._duplicates,
            self._reordered,
            self._expected_before,
            self._received_before,
        ):
            counter[row] = 0

    # ------------------------------------------------------------------------ jitter, A.8; counts

    def _time(
        self, batch: _Batch, arrival_ns: NDArray[np.int64], timestamps: NDArray[np.int64]
    ) -> None:
        at = np.flatnonzero(batch.accepted)
        if not len(at):
            return
        rows, first = batch.rows[at], batch.first[at]
        arrival_ns, timestamps = arrival_ns[at], timestamps[at]
        heads = np.flatnonzero(np.diff(rows, prepend=-1))
        arrival_steps = np.diff(arrival_ns, prepend=0)
        timestamp_steps = np.diff(timestamps, prepend=0)
        arrival_steps[heads] = arrival_ns[heads] - self._arrival_ns[rows[heads]]
        timestamp_steps[heads] = timestamps[heads] - self._timestamp[rows[heads]]
        changes = transit_changes(arrival_steps, timestamp_steps, self._clock_hz[rows])
        changes[first] = 0  # there is no packet before to compare with
        starts = np.flatnonzero((np.diff(rows, prepend=-1) != 0) | first)
        jitter = smoothed(changes, starts, self._jitter[rows[starts]])  # 0 where a source begins
        ends = np.append(heads[1:], len(rows)) - 1
        last = rows[ends]
        self._jitter[last] = jitter[ends]
        self._jitter_sum[last] += np.add.reduceat(jitter, heads)
        self._jitter_max[last] = np.maximum(
            self._jitter_max[last], np.maximum.reduceat(jitter, heads)
        )
        self._arrival_ns[last] = arrival_ns[ends]
        self._timestamp[last] = timestamps[ends]

    def _count(self, batch: _Batch) -> None:
        # accepted before its row's source changed or started again: counted with what is gone
        old = batch.extended < self._origin[batch.rows] - MAX_MISORDER
        at = np.flatnonzero(batch.accepted & ~old)
        rows, extended, before = batch.rows[at], batch.extended[at], batch.before[at]
        capacity = len(self.heard)
        self._received += np.bincount(rows, minlength=capacity)
        cycle, column = np.divmod(extended, MEMORY)
        place = rows * MEMORY + column
        seen = self._seen.reshape(-1)
        late = extended <= before
        if late.any():
            again = seen[place] == cycle
            by_number = np.lexsort((extended, rows))
            same = (np.diff(rows[by_number]) == 0) & (np.diff(extended[by_number]) == 0)
            again[by_number[1:][same]] = True
            self._duplicates += np.bincount(rows[again], minlength=capacity)
            self._reordered += np.bincount(rows[late & ~again], minlength=capacity)
        np.maximum.at(seen, place, cycle.astype(np.int32))
        np.maximum.at(self._highest, rows, extended)
