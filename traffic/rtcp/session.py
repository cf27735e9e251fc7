"""One side of one RTCP session between two members: when to report, what, and what the other says.

RFC 3550 §6.2–6.4, §8.2; requests for key frames by RFC 4585 §6.3.1 and RFC 5104 §4.3.1. With two
members the minimum interval always holds: at 64 kb/s the bandwidth alone would allow a report every
half second.

The owner sends what `make`, `key_frame_request` and `bye` give, calls `make` when `due_ns` has
come, and hands what comes in to `take`. Times in ns are of one clock that runs on; `unix_ns` is
the wall clock at the same moment.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from giaoban.traffic.rtcp import (
    CNAME,
    Bye,
    Chunk,
    FullIntraRequest,
    IntraRequest,
    Packet,
    PictureLossIndication,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    middle32,
    ntp_of,
    pack,
)

INTERVAL_NS = 5_000_000_000
"""Tmin of RFC 3550 §6.2; half of it before the first report."""
DRAWN = 0.5, 1.5
"""By what the calculated interval is multiplied (RFC 3550 §6.3.1)."""
COMPENSATION = math.e - 1.5  # RFC 3550 §6.3.1
LOOP_MEMORY_NS = 10 * INTERVAL_NS
"""How long a conflict is remembered (RFC 3550 §8.2)."""
_WORD = 1 << 32


@dataclass(frozen=True, slots=True)
class RemoteReport:
    """What the far end last said of our stream.

    Attributes:
        fraction_lost: 0 to 255/256, since its report before.
        cumulative_lost: packets, negative if it got more than we sent.
        jitter_ms: interarrival jitter.
        highest_sequence: extended by its own count of wraps, 32 bits.
        at_ns: when it came.
    """

    fraction_lost: float
    cumulative_lost: int
    jitter_ms: float
    highest_sequence: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class KeyFrameWanted:
    """The far end cannot decode our picture and asks for a key frame."""


@dataclass(frozen=True, slots=True)
class RemoteBye:
    """Sources of the far end have left; it may go on under another SSRC (RFC 3550 §8.2)."""

    ssrcs: tuple[int, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class Collision:
    """The far end uses our SSRC: send `bye`, choose another SSRC and `rename` (RFC 3550 §8.2)."""

    ssrc: int


Feedback = KeyFrameWanted | RemoteBye | Collision


@dataclass(frozen=True, slots=True)
class _RemoteSenderReport:
    """A sender report: the middle of its NTP time, and when it came."""

    ssrc: int
    lsr: int
    arrival_ns: int


def interval_ns(minimum_ns: int, draw: Callable[[], float]) -> int:
    """A random interval (§6.3.1) after reconsideration (§6.3.6).

    Reconsideration draws again when the time has come, and waits on if the new interval is longer.
    With two members nothing that it depends on changes meanwhile: it can be done at once. The mean
    is the minimum interval.

    Args:
        draw: the next number, uniform between the two of `DRAWN`.
    """
    share = draw()
    while (again := draw()) > share:
        share = again
    return int(minimum_ns * share / COMPENSATION)


class Draws(Protocol):
    """What moments of reports are drawn from."""

    def random(self) -> float:
        """The next number, from 0 to below 1."""


class Reporter:
    """Our side for one medium of one call.

    Attributes:
        ssrc: ours.
        due_ns: when `make` is to be called next.
        far: what the far end said of our stream, None as long as it has said nothing.
        round_trip_ms: there and back without the far end's own delay, None if not known.
    """

    def __init__(self, ssrc: int, cname: str, clock_hz: int, rng: Draws, now_ns: int) -> None:
        self.ssrc = ssrc
        self.far: RemoteReport | None = None
        self.round_trip_ms: float | None = None
        self._cname = cname
        self._clock_hz = clock_hz
        self._rng = rng
        self._packets = self._octets = 0
        self._last_sent = (0, now_ns)  # the last RTP timestamp, and when it was sent
        self._sent_lately = [False, False]  # since the last report; between it and the one before
        self._spoken = False
        self._far_report: _RemoteSenderReport | None = None
        self._conflict_ns: int | None = None
        self._answered: tuple[int, int] | None = None  # sender and number of the last FIR
        self._fir_numbers: dict[int, int] = {}
        self.due_ns = now_ns + self._interval_ns(INTERVAL_NS // 2)

    def sent(self, packets: int, octets: int, timestamp: int, at_ns: int) -> None:
        """RTP went out: packets, their payload bytes, the last one's timestamp and time."""
        self._packets += packets
        self._octets += octets
        self._last_sent = timestamp, at_ns
        self._sent_lately[0] = True
        self._spoken = True

    def make(self, block: ReportBlock | None, now_ns: int, unix_ns: int) -> bytes:
        """A sender's or receiver's report with our CNAME; sets when the next one is due.

        Args:
            block: what was received, without LSR and DLSR; None if nothing was.
        """
        blocks = () if block is None else (self._completed(block, now_ns),)
        report: Packet = ReceiverReport(self.ssrc, blocks)
        if any(self._sent_lately):
            timestamp, at_ns = self._last_sent
            report = SenderReport(
                self.ssrc,
                ntp_of(unix_ns),
                (timestamp + (now_ns - at_ns) * self._clock_hz // 1_000_000_000) % _WORD,
                self._packets % _WORD,
                self._octets % _WORD,
                blocks,
            )
        self._sent_lately = [False, self._sent_lately[0]]
        self.due_ns = now_ns + self._interval_ns(INTERVAL_NS)
        return self._compound(report)

    def key_frame_request(self, kind: Literal["pli", "fir"], target_ssrc: int) -> bytes:
        """A compound that asks the far end's stream for a key frame, to be sent at once.

        Each FIR is a new command with the next number (RFC 5104 §4.3.1.1).
        """
        if kind == "pli":
            return self._compound(self._empty(), PictureLossIndication(self.ssrc, target_ssrc))
        number = self._fir_numbers.get(target_ssrc, 0)
        self._fir_numbers[target_ssrc] = (number + 1) % 256
        request = FullIntraRequest(self.ssrc, (IntraRequest(target_ssrc, number),))
        return self._compound(self._empty(), request)

    def bye(self, reason: str | None = None) -> bytes | None:
        """A compound that says that our SSRC leaves.

        None if it never sent anything: then it must not say so either (RFC 3550 §6.3.7).
        """
        if not self._spoken:
            return None
        return self._compound(self._empty(), Bye((self.ssrc,), reason))

    def rename(self, ssrc: int) -> None:
        """Go on under another SSRC: what was counted and said of the old one is void (§6.4.1)."""
        self.ssrc = ssrc
        self.far = None
        self._packets = self._octets = 0
        self._sent_lately = [False, False]
        self._spoken = False
        self._answered = None
        self._fir_numbers.clear()

    def take(self, packets: Iterable[Packet], arrival_ns: int, unix_ns: int) -> list[Feedback]:
        """A compound came from the far end.

        Args:
            arrival_ns, unix_ns: when, on either clock.
        """
        feedback: list[Feedback] = []
        for packet in packets:
            if self.ssrc in _sources(packet):
                news = self.conflict(arrival_ns)
                if not news:
                    continue
                feedback += news
            match packet:
                case SenderReport():
                    lsr = middle32(packet.ntp)
                    self._far_report = _RemoteSenderReport(packet.ssrc, lsr, arrival_ns)
                    self._learn(packet.blocks, arrival_ns, unix_ns)
                case ReceiverReport():
                    self._learn(packet.blocks, arrival_ns, unix_ns)
                case Bye():
                    feedback.append(RemoteBye(packet.ssrcs, packet.reason))
                case PictureLossIndication() | FullIntraRequest():
                    if self._is_new_request(packet) and KeyFrameWanted() not in feedback:
                        feedback.append(KeyFrameWanted())
        return feedback

    def conflict(self, at_ns: int) -> list[Feedback]:
        """A packet with our SSRC came, RTP or RTCP; empty if this is known already.

        Who still gets our SSRC from the far end after a change gets its own packets back: a loop,
        which another change would not end (RFC 3550 §8.2).
        """
        last, self._conflict_ns = self._conflict_ns, at_ns
        if last is not None and at_ns - last < LOOP_MEMORY_NS:
            return []
        return [Collision(self.ssrc)]

    def _interval_ns(self, minimum_ns: int) -> int:
        # `random`, which costs a tenth of `uniform` and gives the same
        low, high = DRAWN
        return interval_ns(minimum_ns, lambda: low + (high - low) * self._rng.random())

    def _empty(self) -> ReceiverReport:
        return ReceiverReport(self.ssrc)

    def _compound(self, report: Packet, *others: Packet) -> bytes:
        self._spoken = True
        name = SourceDescription((Chunk(self.ssrc, ((CNAME, self._cname),)),))
        return pack((report, name, *others))

    def _completed(self, block: ReportBlock, now_ns: int) -> ReportBlock:
        known = self._far_report
        if known is None or known.ssrc != block.ssrc:
            return block
        dlsr = (now_ns - known.arrival_ns << 16) // 1_000_000_000
        return replace(block, lsr=known.lsr, dlsr=min(max(dlsr, 0), _WORD - 1))

    def _learn(self, blocks: Iterable[ReportBlock], arrival_ns: int, unix_ns: int) -> None:
        for block in blocks:
            if block.ssrc != self.ssrc:
                continue
            self.far = RemoteReport(
                fraction_lost=block.fraction_lost / 256,
                cumulative_lost=block.cumulative_lost,
                jitter_ms=block.jitter * 1000 / self._clock_hz,
                highest_sequence=block.highest_sequence,
                at_ns=arrival_ns,
            )
            if block.lsr:
                round_trip = (middle32(ntp_of(unix_ns)) - block.lsr - block.dlsr) % _WORD
                # two clocks that drift apart can make a short way negative
                self.round_trip_ms = round_trip / 65.536 if round_trip < _WORD // 2 else 0.0

    def _is_new_request(self, packet: PictureLossIndication | FullIntraRequest) -> bool:
        """Whether it is for us; a FIR with the number of the one before is the same (§4.3.1.1)."""
        if isinstance(packet, PictureLossIndication):
            return packet.target == self.ssrc
        new = False
        for target, number in packet.requests:
            if target == self.ssrc and self._answered != (packet.sender, number):
                self._answered = packet.sender, number
                new = True
        return new


def _sources(packet: Packet) -> tuple[int, ...]:
    """Whom a packet is from."""
    match packet:
        case SenderReport() | ReceiverReport():
            return (packet.ssrc,)
        case SourceDescription():
            return tuple(chunk.ssrc for chunk in packet.chunks)
        case Bye():
            return packet.ssrcs
        case PictureLossIndication() | FullIntraRequest():
            return (packet.sender,)
