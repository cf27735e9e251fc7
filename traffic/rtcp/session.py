"""One side of an RTCP session between two members: when to report, its figures, and requests.

RFC 3550 §6.2–6.4, §8.2; requests for key frames by RFC 4585 §6.3.1 and RFC 5104 §4.3.1. With two
members the minimum interval always holds: at 64 kb/s the bandwidth alone would allow a report every
half second.

The owner sends the bytes of `make`, `key_frame_request` and `bye`, calls `make` when `due_ns` has
come, and hands each compound that arrives to `take`. Times in ns are of one clock that runs on;
`unix_ns` is the wall clock at the same moment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from giaoban.traffic.rtcp import (
    Bye,
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
LEAST_SHARE = 0.5
"""The calculated interval is drawn from 0.5 to 1.5 of it (RFC 3550 §6.3.1)."""
COMPENSATION = math.e - 1.5  # RFC 3550 §6.3.1
LOOP_MEMORY_NS = 10 * INTERVAL_NS
"""How long a conflict is remembered (RFC 3550 §8.2)."""
_WORD = 1 << 32


@dataclass(frozen=True, slots=True)
class KeyFrameWanted:
    """The far end cannot decode our picture and asks for a key frame."""


@dataclass(frozen=True, slots=True)
class Collision:
    """The far end uses our SSRC: send `bye`, choose another SSRC and `rename` (RFC 3550 §8.2)."""

    ssrc: int


Feedback = KeyFrameWanted | Collision


class Draws(Protocol):
    """A generator of uniform numbers from 0 to below 1."""

    def random(self) -> float: ...


class Reporter:
    """Our side for one medium of one call.

    Attributes:
        ssrc: ours.
        due_ns: when `make` is to be called next.
    """

    def __init__(self, ssrc: int, cname: str, clock_hz: int, rng: Draws, now_ns: int) -> None:
        self.ssrc = ssrc
        self._cname = cname
        self._clock_hz = clock_hz
        self._rng = rng
        self._packets = self._octets = 0
        self._last_sent = (0, now_ns)  # the last RTP timestamp, and when it was sent
        self._sent_lately = [False, False]  # since the last report; between it and the one before
        self._spoken = False
        self._far_report: tuple[SenderReport, int] | None = None  # the last one, and its arrival
        self._conflict_ns: int | None = None
        self._answered: tuple[int, int] | None = None  # sender and number of the last FIR
        self._fir_number = 0
        self.due_ns = now_ns + self._interval_ns(INTERVAL_NS // 2)

    def sent(self, packets: int, octets: int, timestamp: int, at_ns: int) -> None:
        """Count RTP that went out: packets, payload bytes, the last one's timestamp and time."""
        self._packets += packets
        self._octets += octets
        self._last_sent = timestamp, at_ns
        self._sent_lately[0] = True
        self._spoken = True

    def make(self, block: ReportBlock | None, now_ns: int, unix_ns: int) -> bytes:
        """Return a sender's or receiver's report with our CNAME; set when the next one is due.

        Args:
            block: of the packets received, without LSR and DLSR; None if none came.
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
        """Return a compound that asks the far end's stream for a key frame.

        Each FIR is a new command with the next number (RFC 5104 §4.3.1.1).
        """
        request: Packet = PictureLossIndication(self.ssrc, target_ssrc)
        if kind == "fir":
            request = IntraRequest(self.ssrc, target_ssrc, self._fir_number)
            self._fir_number = (self._fir_number + 1) % 256
        return self._compound(ReceiverReport(self.ssrc), request)

    def bye(self, reason: str = "") -> bytes | None:
        """Return a compound by which our SSRC leaves.

        None if it never sent anything: then no BYE may be sent either (RFC 3550 §6.3.7).
        """
        if not self._spoken:
            return None
        return self._compound(ReceiverReport(self.ssrc), Bye(self.ssrc, reason))

    def rename(self, ssrc: int) -> None:
        """Go on under another SSRC, with counts from 0 (§6.4.1)."""
        self.ssrc = ssrc
        self._packets = self._octets = 0
        self._sent_lately = [False, False]
        self._spoken = False
        self._answered = None

    def take(self, packets: Iterable[Packet], arrival_ns: int) -> list[Feedback]:
        """Take in a compound of the far end; return its requests and conflicts."""
        feedback: list[Feedback] = []
        for packet in packets:
            if _source(packet) == self.ssrc:
                news = self.conflict(arrival_ns)
                if not news:
                    continue
                feedback += news
            match packet:
                case SenderReport():
                    self._far_report = packet, arrival_ns
                case PictureLossIndication() | IntraRequest():
                    if self._is_new_request(packet) and KeyFrameWanted() not in feedback:
                        feedback.append(KeyFrameWanted())
        return feedback

    def conflict(self, at_ns: int) -> list[Feedback]:
        """Note a packet with our SSRC, RTP or RTCP; return nothing if the conflict is known.

        A far end that sends our SSRC after a change returns our own packets: a loop, which another
        change would not end (RFC 3550 §8.2).
        """
        last, self._conflict_ns = self._conflict_ns, at_ns
        if last is not None and at_ns - last < LOOP_MEMORY_NS:
            return []
        return [Collision(self.ssrc)]

    def _interval_ns(self, minimum_ns: int) -> int:
        """Return a random interval (§6.3.1) after reconsideration (§6.3.6).

        Reconsideration draws again when the time has come, and waits on if the new interval is
        longer. With two members it can be done at once. The mean is the minimum interval.
        """
        share = self._rng.random()
        while (again := self._rng.random()) > share:
            share = again
        return int(minimum_ns * (LEAST_SHARE + share) / COMPENSATION)

    def _compound(self, report: Packet, *others: Packet) -> bytes:
        self._spoken = True
        return pack((report, SourceDescription(self.ssrc, self._cname), *others))

    def _completed(self, block: ReportBlock, now_ns: int) -> ReportBlock:
        """Return the block with the time of the source's last report and the time since."""
        if self._far_report is None or self._far_report[0].ssrc != block.ssrc:
            return block
        report, arrival_ns = self._far_report
        dlsr = (now_ns - arrival_ns << 16) // 1_000_000_000
        return replace(block, lsr=middle32(report.ntp), dlsr=min(max(dlsr, 0), _WORD - 1))

    def _is_new_request(self, packet: PictureLossIndication | IntraRequest) -> bool:
        """Whether it is for us; a FIR with the number of the one before is the same (§4.3.1.1)."""
        if packet.target != self.ssrc:
            return False
        if isinstance(packet, PictureLossIndication):
            return True
        known, self._answered = self._answered, (packet.sender, packet.number)
        return known != self._answered


def _source(packet: Packet) -> int:
    """Return the SSRC that sent a packet."""
    if isinstance(packet, PictureLossIndication | IntraRequest):
        return packet.sender
    return packet.ssrc
