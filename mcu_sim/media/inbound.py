"""Everything the MCU receives: which call it is of, decrypted, checked, counted, logged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import KINDS, NOBODY, UNLOGGED, Kind, Leg, MediaFlow
from giaoban.mcu_sim.media.ports import LocalPort, PortPool
from giaoban.mcu_sim.media.srtp import Keyring, SrtpError
from giaoban.traffic import rtcp, rtp
from giaoban.traffic.batch import ReceiveBatch, Received
from giaoban.traffic.log import PacketLog
from giaoban.traffic.receiver.statistics import ReceptionBank
from giaoban.traffic.receiver.timestamps import StampClock
from giaoban.traffic.rtp import AUDIO_CLOCK_HZ
from giaoban.traffic.sources.video_model import CLOCK_HZ

LONGEST_PACKET = 2048
"""Longer ones are no RTP: an Ethernet frame ends at 1518 bytes."""

MOST_BATCHES = 64
"""From one socket at a time: a sender that is faster than the MCU does not hold it up."""


class Arrivals(NamedTuple):
    """n packets of one medium, of calls that may send it; headers parsed, decrypted."""

    rows: NDArray[np.intp]
    headers: rtp.Headers
    data: NDArray[np.uint8]
    lengths: NDArray[np.int64]
    arrival_ns: NDArray[np.int64]


class ControlArrival(NamedTuple):
    """One RTCP datagram, decrypted."""

    row: int
    kind: Kind
    data: bytes
    arrival_ns: int


@dataclass
class InboundDiscards:
    """Datagrams that were read and dropped, by reason."""

    stray: int = 0
    not_rtp: int = 0
    foreign: int = 0
    unauthentic: int = 0


class Inbound:
    """The way in for all rows of one plane."""

    def __init__(
        self,
        ports: PortPool,
        keys: Keyring,
        log: PacketLog,
        capacity: int,
        clock: StampClock | None,
    ) -> None:
        """`clock`: as of `ReceiveBatch`."""
        self._ports = ports
        self._keys = keys
        self._log = log
        self._inbox = ReceiveBatch(1024, LONGEST_PACKET, cut_long=True, clock=clock)
        self.clock = self._inbox.clock
        self._index = {kind: np.full(capacity, UNLOGGED, np.uint16) for kind in KINDS}
        self._planned = {kind: np.full(capacity, UNLOGGED, np.uint16) for kind in KINDS}
        self._type = {kind: np.full(capacity, 0xFF, np.uint8) for kind in KINDS}
        self._wanted = {kind: np.zeros(capacity, np.bool_) for kind in KINDS}
        self._control: list[ControlArrival] = []
        self.heard_ns = np.zeros(capacity, np.int64)
        """(capacity,) when each row was last heard from, CLOCK_MONOTONIC."""
        self.statistics = {
            kind: ReceptionBank(capacity, AUDIO_CLOCK_HZ if kind == "audio" else CLOCK_HZ)
            for kind in KINDS
        }
        self.lost = InboundDiscards()
        self.overflowed: Counter[LocalPort] = Counter()
        self.rtp_received = self.rtcp_received = 0

    def plan(self, row: int, up: Mapping[Kind, int]) -> None:
        """Keep a row for one bridge: packets from its addresses are of these streams, also
        before its call stands and after it is over."""
        for kind, index in up.items():
            self._index[kind][row] = self._planned[kind][row] = index

    def open(self, leg: Leg, now_ns: int) -> None:
        """A call begins: its packets are known from now on."""
        self.close(leg.row)
        self.heard_ns[leg.row] = now_ns
        for kind in leg.flows:
            self.begin(leg, kind)

    def begin(self, leg: Leg, kind: Kind) -> None:
        """A medium of a call begins, with the call or later."""
        row, flow = leg.row, leg.flows[kind]
        self._index[kind][row] = flow.up
        self.statistics[kind].open(row, flow.terms.codec.clock_hz)
        self.turn(leg, kind, flow)

    def turn(self, leg: Leg, kind: Kind, flow: MediaFlow) -> None:
        """The terms of a flow changed: where it comes from, its payload type, whether it comes."""
        row, terms = leg.row, flow.terms
        self._type[kind][row] = terms.receive_type
        self._wanted[kind][row] = terms.receives
        for is_rtcp, address in ((False, terms.remote), (True, terms.remote_rtcp)):
            remotes = self._ports.remotes(LocalPort(leg.port_group, kind, is_rtcp))
            remotes.remove(row)
            remotes.add(address, row)
            if leg.host:
                remotes.add((leg.host, address[1]), row)

    def close(self, row: int) -> None:
        """End a call. Packets under way are still logged until the row is used again."""
        for kind in KINDS:
            self._wanted[kind][row] = False

    def forget(self, row: int) -> None:
        """Stop logging packets of the row, unless it is kept for one bridge."""
        for kind in KINDS:
            self._index[kind][row] = self._planned[kind][row]

    def receive(self, kind: Kind) -> Iterator[Arrivals]:
        """All RTP of one medium that waits, batch by batch. A batch is valid until the next."""
        for local, sock in self._ports.readable(kind, rtcp=False):
            for _ in range(MOST_BATCHES):
                if not len(got := self._inbox.receive(sock.fileno())):
                    break
                self.overflowed[local] = max(self.overflowed[local], got.overflowed)
                yield self._sort(local, got)
                if len(got) < self._inbox.capacity:
                    break

    def discard(self) -> int:
        """Read everything that came, RTCP too, and take no notice of it: how much it was."""
        count = 0
        for rtcp_too in (False, True):
            for local, sock in self._ports.readable(*KINDS, rtcp=rtcp_too):
                while len(got := self._inbox.receive(sock.fileno())):
                    self.overflowed[local] = max(self.overflowed[local], got.overflowed)
                    count += len(got)
        return count

    def receive_control(self, *, separate_ports: bool) -> list[ControlArrival]:
        """RTCP that came, with RTP or (`separate_ports`) on ports of its own."""
        for local, sock in self._ports.readable(*KINDS, rtcp=True) if separate_ports else ():
            for _ in range(MOST_BATCHES):
                if not len(got := self._inbox.receive(sock.fileno())):
                    break
                rows = self._ports.remotes(local).find(got.sources)
                self._take_control(local.kind, rows, got, np.arange(len(rows)))
        control, self._control = self._control, []
        return control

    def _sort(self, local: LocalPort, got: Received) -> Arrivals:
        kind = local.kind
        rows = self._ports.remotes(local).find(got.sources)
        known = rows != NOBODY
        control = rtcp.is_rtcp(got.data, got.lengths)
        lengths, data, arrival_ns = got.lengths, got.data, got.arrival_ns
        if control.any() or not known.all():  # rarely
            self.lost.stray += len(rows) - int(np.count_nonzero(known))
            self._take_control(kind, rows, got, np.flatnonzero(control & known))
            at = np.flatnonzero(known & ~control)
            rows, lengths, data, arrival_ns = rows[at], lengths[at], data[at], arrival_ns[at]
        lengths, forged = self._unprotect(kind, rows, data, lengths)
        self.lost.unauthentic += forged
        headers = rtp.parse_headers(data, lengths)
        if not headers.valid.all():
            self.lost.not_rtp += int(np.count_nonzero(~headers.valid)) - forged
            at = np.flatnonzero(headers.valid)
            rows, data, lengths, arrival_ns = rows[at], data[at], lengths[at], arrival_ns[at]
            headers = rtp.parse_headers(data, lengths)
        self.rtp_received += len(rows)
        self.heard_ns[rows] = arrival_ns
        self._write_log(kind, rows, headers, lengths, arrival_ns)
        current = self.statistics[kind].put(rows, headers, arrival_ns)
        mine = current & self._wanted[kind][rows]
        if kind != "audio":  # a jitter buffer needs all that is numbered with the audio
            of_type = headers.payload_type == self._type[kind][rows]
            if not of_type.all():
                self.lost.foreign += int(np.count_nonzero(mine & ~of_type))
                mine &= of_type
        if mine.all():
            return Arrivals(rows, headers, data, lengths, arrival_ns)
        at = np.flatnonzero(mine)
        return Arrivals(rows[at], headers.take(at), data[at], lengths[at], arrival_ns[at])

    def _write_log(
        self,
        kind: Kind,
        rows: NDArray[np.intp],
        headers: rtp.Headers,
        lengths: NDArray[np.int64],
        arrival_ns: NDArray[np.int64],
    ) -> None:
        index = self._index[kind][rows]
        planned = index != UNLOGGED
        if planned.any():
            self._log.append(
                int(np.count_nonzero(planned)),
                stream=index[planned],
                sequence=headers.sequence[planned],
                timestamp=headers.timestamp[planned],
                arrival_ns=arrival_ns[planned],
                size=lengths[planned],
            )

    def _take_control(
        self, kind: Kind, rows: NDArray[np.intp], got: Received, which: NDArray[np.intp]
    ) -> None:
        for i in which.tolist():
            row = int(rows[i])
            if row == NOBODY:
                self.lost.stray += 1
                continue
            data = bytes(got.data[i, : got.lengths[i]])
            if (context := self._keys.of(kind, row)) is not None:
                try:
                    data = context.unprotect_rtcp(data)
                except SrtpError:
                    self.lost.unauthentic += 1
                    continue
            self.rtcp_received += 1
            self._control.append(ControlArrival(row, kind, data, int(got.arrival_ns[i])))

    def _unprotect(
        self,
        kind: Kind,
        rows: NDArray[np.intp],
        data: NDArray[np.uint8],
        lengths: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], int]:
        """Decrypt in place: the new lengths, 0 for what is not authentic, and how many that is."""
        lengths = lengths.copy()
        forged = 0
        for row, context in self._keys.all_of(kind):
            at = np.flatnonzero(rows == row)
            if len(at):
                plain, good = context.unprotect_rows(data, lengths[at], at)
                lengths[at] = np.where(good, plain, 0)
                forged += int(np.count_nonzero(~good))
        return lengths, forged
