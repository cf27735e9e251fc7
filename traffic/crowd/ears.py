"""What comes to all calls of one medium: counted together, and told of in RTCP."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traffic import rtcp, rtp
from traffic.batch import ReceiveBatch
from traffic.crowd.sockets import Pair, put
from traffic.reception import ReceptionBank
from traffic.reporting import KeyFrameWanted, Reporter

INBOX, MAX_BYTES = 512, 2048


@dataclass(frozen=True)
class Heard:
    """What came to one medium of one call, and what its far end says of what we sent.

    `far_lost`: packets that the far end missed, by its last report; None if it never reported.
    """

    received: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    reports: int = 0
    far_lost: int | None = None


@dataclass(slots=True)
class _Listener:
    pair: Pair
    reporter: Reporter
    muxed: bool
    heard_ns: int = 0
    reports: int = 0


class Ears:
    """Listeners by row; `hear` some of them, then `count` what they heard."""

    def __init__(self, capacity: int, clock_hz: int) -> None:
        self._clock_hz = clock_hz
        self._bank = ReceptionBank(capacity, clock_hz)
        self._listeners: dict[int, _Listener] = {}
        self._inbox = ReceiveBatch(INBOX, MAX_BYTES, cut_long=True)
        self._parts: list[tuple[int, NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]] = []
        self.overflowed: dict[int, int] = {}
        """By row: what its socket lost because its buffer was full."""
        self.received = self.strange = 0

    def open(self, row: int, pair: Pair, reporter: Reporter, *, muxed: bool) -> None:
        """A call stands; `muxed`: RTCP is sent and comes on the RTP port (RFC 5761)."""
        self._bank.open(row)
        self._listeners[row] = _Listener(pair, reporter, muxed)

    def close(self, row: int) -> Heard:
        """The call is over; what it heard."""
        self.count()
        self._bank.close(row)
        listener = self._listeners.pop(row)
        far = listener.reporter.far
        return Heard(
            received=int(self._bank.received[row]),
            lost=int(self._bank.lost[row]),
            jitter_ms=float(self._bank.jitter[row]) * 1000 / self._clock_hz,
            reports=listener.reports,
            far_lost=None if far is None else far.cumulative_lost,
        )

    def sent(self, row: int, packets: int, octets: int, timestamp: int, at_ns: int) -> None:
        """RTP went out since the last time this was told, for the sender's reports."""
        self._listeners[row].reporter.sent(packets, octets, timestamp, at_ns)

    def hear(self, slot: int, slots: int) -> list[int]:
        """Take in what came to every `slots`-th listener; rows that are to send a key frame."""
        wanted = []
        for row, listener in self._listeners.items():
            if row % slots == slot % slots and self._take(row, listener):
                wanted.append(row)
        return wanted

    def count(self) -> None:
        """Put what was taken in into the statistics: dear once, cheap for many."""
        if not self._parts:
            return
        rows = np.repeat([p[0] for p in self._parts], [len(p[1]) for p in self._parts])
        data = np.concatenate([p[1] for p in self._parts])
        lengths = np.concatenate([p[2] for p in self._parts])
        arrivals = np.concatenate([p[3] for p in self._parts])
        self._parts.clear()
        belongs = self._bank.put(rows, rtp.parse_headers(data, lengths), arrivals)
        self.received += int(np.count_nonzero(belongs))
        self.strange += int(np.count_nonzero(~belongs))

    def report(self, now_ns: int) -> int:
        """Send the reports that are due; how many went."""
        sent = 0
        unix_ns = self._inbox.clock.unix_ns(now_ns)
        for row, listener in self._listeners.items():
            if listener.reporter.due_ns <= now_ns:
                self.count()
                packet = listener.reporter.make(self._bank.report(row), now_ns, unix_ns)
                sent += self._say(listener, packet)
        return sent

    def silent_ms(self, row: int, now_ns: int) -> float:
        """For how long nothing has come to a call."""
        return (now_ns - self._listeners[row].heard_ns) / 1e6

    def farewell(self, row: int) -> None:
        """Send an RTCP BYE (RFC 3550 §6.6)."""
        packet = self._listeners[row].reporter.bye()
        if packet is not None:
            self._say(self._listeners[row], packet)

    def _say(self, listener: _Listener, packet: bytes) -> bool:
        sock = listener.pair.rtp if listener.muxed else listener.pair.rtcp
        return put(sock.fileno(), packet)

    def _take(self, row: int, listener: _Listener) -> bool:
        wanted = False
        pair = listener.pair
        for sock in (pair.rtp,) if listener.muxed else (pair.rtp, pair.rtcp):
            got = self._inbox.receive(sock.fileno())
            if not len(got):
                continue
            if got.overflowed:
                self.overflowed[row] = max(self.overflowed.get(row, 0), got.overflowed)
            listener.heard_ns = time.monotonic_ns()
            control = rtcp.is_rtcp(got.data, got.lengths)
            for i in np.flatnonzero(control):
                wanted |= self._control(listener, bytes(got.data[i, : got.lengths[i]]))
            media = np.flatnonzero(~control)
            if len(media):
                heads = got.data[media, : rtp.HEADER_BYTES]
                self._parts.append((row, heads, got.lengths[media], got.arrival_ns[media]))
        return wanted

    def _control(self, listener: _Listener, data: bytes) -> bool:
        try:
            packets = rtcp.parse(data)
        except rtcp.RtcpError:
            self.strange += 1
            return False
        listener.reports += 1
        now_ns = time.monotonic_ns()
        unix_ns = self._inbox.clock.unix_ns(now_ns)
        return KeyFrameWanted() in listener.reporter.take(packets, now_ns, unix_ns)
