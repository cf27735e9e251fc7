"""The packets that the MCU sends: impaired as planned, logged, encrypted, counted, paced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import KINDS, UNLOGGED, Kind, Leg, MediaFlow
from giaoban.mcu_sim.media.ports import LocalPort, PortPool
from giaoban.mcu_sim.media.srtp import TAG_BYTES, Keyring
from giaoban.traffic import rtp
from giaoban.traffic.batch import SOCKADDR_IN, SendBatch, sockaddr
from giaoban.traffic.h264 import KEY_FRAME, carries
from giaoban.traffic.log import PacketLog
from giaoban.traffic.sender.departure_queue import DepartureQueue
from giaoban.traffic.sender.injection import EVER, Fate, Injector
from giaoban.traffic.sender.pacing import Pacer
from giaoban.traffic.sender.stream_plan import StreamPlan


class _ImpairedStream:
    """The injector of one row's medium, and the packets held back to leave out of order."""

    def __init__(self, plan: StreamPlan, origin_ns: int | None) -> None:
        self.injector = Injector(plan, origin_ns)
        self.holding = DepartureQueue() if plan.out_of_order or plan.duplicated else None
        self._out_of_order = plan.out_of_order
        self._until_ns = EVER.min

    def advance(self, until_ns: int) -> None:
        """No later packet is due before `until_ns`."""
        self._until_ns = max(self._until_ns, until_ns)

    @property
    def horizon_ns(self) -> int:
        """Only packets held already leave before this time.

        A packet due right at `_until_ns` would come out late if it waited for the next.
        """
        return self._until_ns + 1 if self._out_of_order else EVER.max


@dataclass
class SentCounters:
    """Packets sent to each row of one medium, (capacity,) each; for sender reports.

    `octets` are of payload alone (RFC 3550 §6.4.1); `timestamp` is the latest packet's, `at_ns`
    when that was due.
    """

    packets: NDArray[np.int64]
    octets: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    at_ns: NDArray[np.int64]


class Outbound:
    """The way out for all rows of one plane."""

    def __init__(
        self,
        ports: PortPool,
        keys: Keyring,
        pacer: Pacer,
        log: PacketLog,
        capacity: int,
        room: int,
        width: int,
        origin_ns: int | None = None,
    ) -> None:
        """`room`: packets a batch holds; `width`: bytes of the longest packet; `origin_ns`:
        CLOCK_MONOTONIC from which impairments are timed, None if no stream has any."""
        self._ports = ports
        self._keys = keys
        self._pacer = pacer
        self._log = log
        self._scratch = self.batch(room, width)
        self._width = width
        self._origin_ns = origin_ns
        self._port_group = np.zeros(capacity, np.intp)
        self._to = {kind: np.zeros(capacity, SOCKADDR_IN) for kind in KINDS}
        self._index = {kind: np.full(capacity, UNLOGGED, np.uint16) for kind in KINDS}
        self._type = {kind: np.zeros(capacity, np.uint8) for kind in KINDS}
        self.wanted = {kind: np.zeros(capacity, np.bool_) for kind in KINDS}
        """(capacity,) whether each row takes a medium now."""
        self.rtp_sent = 0
        self.unprotected = 0
        """Packets that could not be encrypted: its source repeated itself."""
        self._lines: dict[tuple[Kind, int], _ImpairedStream] = {}
        self._released: SendBatch | None = None
        self.counters = {
            kind: SentCounters(*(np.zeros(capacity, np.int64) for _ in range(4))) for kind in KINDS
        }

    def open(self, leg: Leg) -> None:
        """Begin a call: set destinations and impairments of its packets."""
        self._port_group[leg.row] = leg.port_group
        for kind in KINDS:
            self.wanted[kind][leg.row] = False
        for kind in leg.flows:
            self.begin(leg, kind)

    def begin(self, leg: Leg, kind: Kind) -> None:
        """A medium of a call begins, with the call or later."""
        row, flow = leg.row, leg.flows[kind]
        self.turn(kind, row, flow)
        self._index[kind][row] = flow.down.index
        counters = self.counters[kind]
        counters.packets[row] = counters.octets[row] = 0
        if flow.down.impairments:
            self._lines[kind, row] = _ImpairedStream(flow.down, self._origin_ns)

    def turn(self, kind: Kind, row: int, flow: MediaFlow) -> None:
        """The terms of a flow changed: where to send, as what, and whether they want it."""
        self._to[kind][row] = sockaddr(*flow.terms.remote)
        self._type[kind][row] = flow.terms.send_type
        self.wanted[kind][row] = flow.terms.sends

    def close(self, row: int) -> None:
        """End a call: send the packets that were held back."""
        for kind in KINDS:
            self.wanted[kind][row] = False
            line = self._lines.pop((kind, row), None)
            if line is not None and line.holding is not None:
                self._release(kind, row, line.holding, EVER.max)

    def batch(self, room: int, width: int) -> SendBatch:
        """Return a batch whose rows have room for SRTP's tag."""
        return SendBatch(room, width + TAG_BYTES)

    def send(
        self,
        kind: Kind,
        batch: SendBatch,
        rows: NDArray[np.intp],
        lengths: NDArray[np.int64],
        due_ns: NDArray[np.int64],
        sequences: NDArray[np.int64],
        timestamps: NDArray[np.int64],
    ) -> None:
        """Send the first n rows of a batch: receivers (n,), sizes, times, extended numbers.

        Packets to calls that do not want the medium are left out and leave no gap in the log.
        """
        wanted = self.wanted[kind][rows]
        if not wanted.all():
            at = np.flatnonzero(wanted)
            batch.data[: len(at)] = batch.data[at]
            rows, lengths, due_ns = rows[at], lengths[at], due_ns[at]
            sequences, timestamps = sequences[at], timestamps[at]
        if not len(rows):
            return
        fate = self._impair(kind, rows, due_ns, lengths)
        index = self._index[kind][rows]
        planned = index != UNLOGGED
        if planned.any():
            which = slice(None) if planned.all() else np.flatnonzero(planned)
            self._log.append(
                int(np.count_nonzero(planned)),
                stream=index[which],
                sequence=sequences[which],
                timestamp=timestamps[which] & 0xFFFFFFFF,
                due_ns=due_ns[which],
                leaving_ns=fate.leaving_ns[which],
                size=lengths[which],
                copies=fate.copies[which],
                corrupted=fate.corrupted[which],
                key=_key(kind, batch.data[: len(rows)][which], lengths[which]),
            )
        at = self._worked(kind, batch, rows, lengths, fate)
        leaving = fate.leaving_ns
        if len(at) < len(rows):
            batch.data[: len(at)] = batch.data[at]
            rows, lengths, leaving, timestamps = rows[at], lengths[at], leaving[at], timestamps[at]
        self.send_as_is(kind, batch, rows, lengths, leaving, timestamps)
        self._release_due(kind)

    @property
    def holds(self) -> bool:
        """Whether packets wait here for others that leave before them."""
        return any(line.holding is not None and len(line.holding) for line in self._lines.values())

    def advance(self, kind: Kind, until_ns: int) -> None:
        """Send the held packets that leave before `until_ns`: no other will be due before it."""
        for (of, _), line in self._lines.items():
            if of == kind:
                line.advance(until_ns)
        self._release_due(kind)

    def send_as_is(
        self,
        kind: Kind,
        batch: SendBatch,
        rows: NDArray[np.intp],
        lengths: NDArray[np.int64],
        times_ns: NDArray[np.int64],
        timestamps: NDArray[np.int64] | None = None,
    ) -> None:
        """Send packets that were impaired and logged already; timestamps are read from them."""
        n = len(rows)
        if not n:
            return
        if timestamps is None:
            words = np.ascontiguousarray(batch.data[:n, 4:8])
            timestamps = words.view(">u4")[:, 0].astype(np.int64)
        second = batch.data[:n, 1]
        second &= rtp.MARKER
        second |= self._type[kind][rows]
        size = lengths
        lengths, good = self._protect(kind, batch, rows, lengths)
        if not good.all():
            self.unprotected += int(np.count_nonzero(~good))
            at = np.flatnonzero(good)
            batch.data[: len(at)] = batch.data[at]
            rows, lengths, size, times_ns = rows[at], lengths[at], size[at], times_ns[at]
            timestamps = timestamps[at]
        self.rtp_sent += len(rows)
        counters = self.counters[kind]
        counters.packets += np.bincount(rows, minlength=len(counters.packets))
        np.add.at(counters.octets, rows, size - rtp.HEADER_BYTES)
        counters.timestamp[rows] = timestamps
        counters.at_ns[rows] = times_ns
        port_groups = self._port_group[rows]
        if port_groups.any():
            for port_group in np.unique(port_groups):
                at = np.flatnonzero(port_groups == port_group)
                for start in range(0, len(at), self._scratch.capacity):
                    part = at[start : start + self._scratch.capacity]
                    self._scratch.data[: len(part), : batch.data.shape[1]] = batch.data[part]
                    where = kind, int(port_group), self._scratch
                    self._hand_over(*where, rows[part], lengths[part], times_ns[part])
        else:
            self._hand_over(kind, 0, batch, rows, lengths, times_ns)

    def _hand_over(
        self,
        kind: Kind,
        port_group: int,
        batch: SendBatch,
        rows: NDArray[np.intp],
        lengths: NDArray[np.int64],
        times_ns: NDArray[np.int64],
    ) -> None:
        fd = self._ports.open(LocalPort(port_group, kind, rtcp=False)).fileno()
        self._pacer.send(fd, batch, lengths, times_ns, self._to[kind][rows])

    def _impair(
        self,
        kind: Kind,
        rows: NDArray[np.intp],
        due_ns: NDArray[np.int64],
        lengths: NDArray[np.int64],
    ) -> Fate:
        n = len(rows)
        fate = Fate(due_ns, np.broadcast_to(np.uint8(1), n), np.broadcast_to(np.False_, n))
        touched = False
        for (of, row), line in self._lines.items():
            at = np.flatnonzero(rows == row) if of == kind else np.empty(0, np.intp)
            if not len(at):
                continue
            if not touched:
                copies, corrupted = fate.copies.copy(), fate.corrupted.copy()
                fate, touched = Fate(due_ns.copy(), copies, corrupted), True
            one = line.injector.apply(due_ns[at], lengths[at])
            fate.leaving_ns[at], fate.copies[at] = one.leaving_ns, one.copies
            fate.corrupted[at] = one.corrupted
            line.advance(int(due_ns[at].max()))
        return fate

    def _worked(
        self,
        kind: Kind,
        batch: SendBatch,
        rows: NDArray[np.intp],
        lengths: NDArray[np.int64],
        fate: Fate,
    ) -> NDArray[np.intp]:
        """Flip bits, and hold back packets that may be overtaken or doubled; return the others.

        Bits are flipped before encryption (see `Injector.flip`); a copy is encrypted by itself,
        which SRTP refuses: with encryption, neither is for injection.
        """
        left = fate.copies > 0
        for (of, row), line in self._lines.items():
            if of != kind:
                continue
            at = np.flatnonzero(rows == row)
            line.injector.flip(batch.data, lengths, at[fate.corrupted[at]])
            if line.holding is not None:
                which = np.repeat(at, fate.copies[at])
                line.holding.put(batch.data[which], lengths[which], fate.leaving_ns[which])
                left[at] = False
        return np.flatnonzero(left)

    def _release_due(self, kind: Kind) -> None:
        for (of, row), line in self._lines.items():
            if of == kind and line.holding is not None:
                self._release(kind, row, line.holding, line.horizon_ns)

    def _release(self, kind: Kind, row: int, holding: DepartureQueue, before_ns: int) -> None:
        """Send the held packets of a row's medium that leave before a time, in order of leaving."""
        while len(holding):
            if self._released is None:
                self._released = self.batch(self._scratch.capacity, self._width)
            lengths, times_ns = holding.take(before_ns, self._released.data)
            if not len(lengths):
                return
            rows = np.full(len(lengths), row, np.intp)
            self.send_as_is(kind, self._released, rows, lengths, times_ns)

    def _protect(
        self, kind: Kind, batch: SendBatch, rows: NDArray[np.intp], lengths: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Encrypt in place: the new lengths, and which packets could be encrypted."""
        lengths, good = lengths.copy(), np.ones(len(rows), np.bool_)
        for row, context in self._keys.all_of(kind):
            at = np.flatnonzero(rows == row)
            if len(at):
                lengths[at], good[at] = context.protect_rows(batch.data, lengths[at], at)
        return lengths, good


def _key(
    kind: Kind, data: NDArray[np.uint8], lengths: NDArray[np.int64]
) -> NDArray[np.bool_] | bool:
    """Which packets, not encrypted yet, are part of key frames."""
    if kind == "audio":
        return False
    return carries(data, *rtp.payload_bounds(data, lengths), KEY_FRAME)
