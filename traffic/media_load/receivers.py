"""Received media of all calls of one medium: counted together, and reported by RTCP."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic import rtcp, rtp
from giaoban.traffic.batch import ReceiveBatch
from giaoban.traffic.hosts import CONSENT_NS
from giaoban.traffic.media_load.messages import Figures
from giaoban.traffic.media_load.sockets import SocketPair, put
from giaoban.traffic.receiver.statistics import ReceptionBank
from giaoban.traffic.rtcp.session import KeyFrameWanted, Reporter

INBOX, MAX_BYTES = 512, 2048
STALE_READS = 16
"""Batches that are dropped before a call: more than a socket's buffer holds."""
STILL_NS = 1_000_000_000
"""Video without a packet for so long stands still: the viewer sees a freeze."""
PLAIN = 0b1100_0000
"""The first octet of a header without padding, extension and CSRCs."""


@dataclass(slots=True)
class _Receiver:
    pair: SocketPair
    reporter: Reporter
    muxed: bool
    assured: bool
    since_ns: int
    heard_ns: int | None = None
    reports: int = 0
    overflowed: dict[int, int] = field(default_factory=dict)
    """By descriptor: what its socket has lost so far, by what came last."""

    def has_consent(self, now_ns: int) -> bool:
        """Whether anything may be sent to where its media is to go."""
        fresh = self.heard_ns is not None and now_ns - self.heard_ns < CONSENT_NS
        return self.assured or fresh


@dataclass(frozen=True, slots=True)
class _Part:
    """RTP that one receiver took in at once: (n, 12) headers, (n,) each of the others."""

    row: int
    heads: NDArray[np.uint8]
    lengths: NDArray[np.int64]
    octets: NDArray[np.int64]
    arrival_ns: NDArray[np.int64]


class Receivers:
    """Receivers by row; `receive` reads some of them, `count` counts their packets."""

    def __init__(self, capacity: int, clock_hz: int, octets_per_ms: float | None) -> None:
        """`octets_per_ms`: of audio, how much of a payload is played in a ms; None: of video."""
        self._clock_hz = clock_hz
        self._octets_per_ms = octets_per_ms
        self._bank = ReceptionBank(capacity, clock_hz)
        self._rows: dict[int, _Receiver] = {}
        self._inbox = ReceiveBatch(INBOX, MAX_BYTES, cut_long=True)
        self._parts: list[_Part] = []
        self._expects = np.zeros(capacity, np.uint8)
        self._received = np.zeros(capacity)
        self._heard_ms = np.zeros(capacity)
        self._first_ns = np.zeros(capacity, np.int64)
        self._last_ns = np.zeros(capacity, np.int64)
        self.overflowed = 0
        """Packets that sockets lost during calls because their buffers were full."""
        self.received = self.strange = 0

    def open(
        self,
        row: int,
        pair: SocketPair,
        reporter: Reporter,
        *,
        muxed: bool,
        expects: int,
        assured: bool,
    ) -> None:
        """A call stands.

        Args:
            muxed: RTCP is sent and comes on the RTP port (RFC 5761).
            expects: the payload type that was agreed for what comes.
            assured: as of `messages.Where`.
        """
        self._bank.open(row)
        self._expects[row] = expects
        self._received[row] = self._heard_ms[row] = 0
        self._first_ns[row] = self._last_ns[row] = 0
        for sock in (pair.rtp, pair.rtcp):  # what came while no call stood is of none
            for _ in range(STALE_READS):
                if not len(self._inbox.receive(sock.fileno())):
                    break
        self._rows[row] = _Receiver(pair, reporter, muxed, assured, time.monotonic_ns())

    def close(self, row: int, now_ns: int, *, sent: int, withheld: bool) -> Figures:
        """End the call; return its figures. `sent` and `withheld` are known to the caller."""
        self.count()
        self._bank.close(row)
        receiver = self._rows.pop(row)
        heard_ms = float(self._heard_ms[row])
        came = bool(self._last_ns[row])
        if self._octets_per_ms is None and came:
            heard_ms += min(max(now_ns - int(self._last_ns[row]), 0), STILL_NS) / 1e6
        wait_ns = max(0, int(self._first_ns[row]) - receiver.since_ns)
        return Figures(
            sent=sent,
            withheld=withheld,
            wait_ms=round(wait_ns / 1e6, 1) if came else None,
            received=round(float(self._received[row])),
            heard_ms=round(heard_ms, 1),
            lost=int(self._bank.lost[row]),
            jitter_ms=float(self._bank.jitter[row]) * 1000 / self._clock_hz,
            reports=receiver.reports,
        )

    def sent(self, row: int, packets: int, octets: int, timestamp: int, at_ns: int) -> None:
        """Count RTP sent since the last call of this, for the sender's reports."""
        self._rows[row].reporter.sent(packets, octets, timestamp, at_ns)

    def receive(self, slot: int, slots: int) -> list[int]:
        """Read every `slots`-th receiver; return the rows that are to send a key frame."""
        wanted = []
        for row, receiver in self._rows.items():
            if row % slots == slot % slots and self._take(row, receiver):
                wanted.append(row)
        return wanted

    def count(self) -> None:
        """Put all packets that were read into the statistics, in one call."""
        if not self._parts:
            return
        rows = np.repeat([p.row for p in self._parts], [len(p.heads) for p in self._parts])
        data = np.concatenate([p.heads for p in self._parts])
        lengths = np.concatenate([p.lengths for p in self._parts])
        octets = np.concatenate([p.octets for p in self._parts])
        arrivals = np.concatenate([p.arrival_ns for p in self._parts])
        self._parts.clear()
        headers = rtp.parse_headers(data, lengths)
        again = self._bank.duplicates.copy()
        belongs = self._bank.put(rows, headers, arrivals)
        again = np.maximum(self._bank.duplicates - again, 0)  # a new source begins at 0
        self.received += int(np.count_nonzero(belongs))
        self.strange += int(np.count_nonzero(~belongs))
        usable = belongs & (headers.payload_type == self._expects[rows])
        self._account(rows[usable], octets[usable], arrivals[usable], again)

    def _account(
        self,
        rows: NDArray[np.intp],
        octets: NDArray[np.int64],
        arrival_ns: NDArray[np.int64],
        again: NDArray[np.int64],
    ) -> None:
        """Add packets of the agreed payload type to the time that their rows have heard.

        `again` (capacity,): duplicates of each row, which are not heard a second time.
        """
        if not len(rows):
            return
        capacity = len(self._received)
        counts = np.bincount(rows, minlength=capacity)
        fresh = np.maximum(counts - again, 0)
        self._received += fresh
        order = np.argsort(rows, kind="stable")
        rows, octets, arrival_ns = rows[order], octets[order], arrival_ns[order]
        heads = np.flatnonzero(np.diff(rows, prepend=-1))
        ends = np.append(heads[1:], len(rows)) - 1
        last_ns = self._last_ns[rows[heads]]
        new = heads[last_ns == 0]
        self._first_ns[rows[new]] = arrival_ns[new]
        if self._octets_per_ms is not None:
            played_ms = np.bincount(rows, octets, capacity) / self._octets_per_ms
            self._heard_ms += played_ms * fresh / np.maximum(counts, 1)
        else:
            gaps_ns = np.diff(arrival_ns, prepend=0)
            gaps_ns[heads] = np.where(last_ns == 0, 0, arrival_ns[heads] - last_ns)
            self._heard_ms += np.bincount(rows, np.clip(gaps_ns, 0, STILL_NS) / 1e6, capacity)
        self._last_ns[rows[ends]] = arrival_ns[ends]

    def report(self, now_ns: int) -> int:
        """Send the reports that are due; how many went."""
        sent = 0
        unix_ns = self._inbox.clock.unix_ns(now_ns)
        for row, receiver in self._rows.items():
            if receiver.reporter.due_ns <= now_ns:
                self.count()
                packet = receiver.reporter.make(self._bank.report(row), now_ns, unix_ns)
                sent += self._send_rtcp(receiver, packet)
        return sent

    def has_consent(self, row: int, now_ns: int) -> bool:
        """Whether anything may be sent to where a call's media is to go."""
        return self._rows[row].has_consent(now_ns)

    def send_bye(self, row: int) -> None:
        """Send an RTCP BYE (RFC 3550 §6.6)."""
        packet = self._rows[row].reporter.bye()
        if packet is not None:
            self._send_rtcp(self._rows[row], packet)

    def _send_rtcp(self, receiver: _Receiver, packet: bytes) -> bool:
        if not receiver.has_consent(time.monotonic_ns()):
            return False
        sock = receiver.pair.rtp if receiver.muxed else receiver.pair.rtcp
        return put(sock.fileno(), packet)

    def _take(self, row: int, receiver: _Receiver) -> bool:
        wanted = False
        pair = receiver.pair
        for sock in (pair.rtp,) if receiver.muxed else (pair.rtp, pair.rtcp):
            got = self._inbox.receive(sock.fileno())
            if not len(got):
                continue
            before = receiver.overflowed.setdefault(sock.fileno(), got.overflowed)
            self.overflowed += max(0, got.overflowed - before)
            receiver.overflowed[sock.fileno()] = got.overflowed
            receiver.heard_ns = time.monotonic_ns()
            control = rtcp.is_rtcp(got.data, got.lengths)
            for i in np.flatnonzero(control):
                wanted |= self._control(receiver, bytes(got.data[i, : got.lengths[i]]))
            media = np.flatnonzero(~control)
            if len(media):
                heads, lengths = got.data[media, : rtp.HEADER_BYTES], got.lengths[media]
                octets = lengths - rtp.HEADER_BYTES
                if np.any(heads[:, 0] & ~np.uint8(PLAIN)):
                    start, end = rtp.payload_bounds(got.data[media], lengths)
                    octets = end - start
                arrival_ns = got.arrival_ns[media]
                self._parts.append(_Part(row, heads, lengths, np.maximum(octets, 0), arrival_ns))
        return wanted

    def _control(self, receiver: _Receiver, data: bytes) -> bool:
        try:
            packets = rtcp.parse(data)
        except rtcp.RtcpError:
            self.strange += 1
            return False
        receiver.reports += 1
        return KeyFrameWanted() in receiver.reporter.take(packets, time.monotonic_ns())
