"""RTCP packets as data (RFC 3550 §6.4–6.6, RFC 4585 §6.3, RFC 5104 §4.3), and NTP time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

CNAME = 1  # SDES item, RFC 3550 §6.5.1
NTP_BEFORE_UNIX_S = 2_208_988_800  # 1900 to 1970


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver says of one source (RFC 3550 §6.4.1).

    Attributes:
        ssrc: the source.
        fraction_lost: in 1/256 of the packets expected since the report before.
        cumulative_lost: packets since the beginning, signed 24 bits.
        highest_sequence: extended highest sequence number received, 32 bits.
        jitter: in units of the timestamp.
        lsr, dlsr: the middle 32 bits of the last sender report's NTP time and the time since it
            arrived, in 1/65,536 s; both 0 if none came.
    """

    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    highest_sequence: int
    jitter: int
    lsr: int = 0
    dlsr: int = 0


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a sender has sent, and what it receives (RFC 3550 §6.4.1).

    Attributes:
        ntp: when it was sent, 64 bits (see `ntp_of`).
        rtp_timestamp: the same moment on the stream's clock.
        packets, octets: RTP packets and payload bytes since the beginning.
    """

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """What somebody who sends nothing receives (RFC 3550 §6.4.2)."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """One source's description: (item type, text) in order (RFC 3550 §6.5)."""

    ssrc: int
    items: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """SDES (RFC 3550 §6.5)."""

    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Bye:
    """Sources leave (RFC 3550 §6.6)."""

    ssrcs: tuple[int, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PictureLossIndication:
    """`sender` could not decode `target`'s picture (RFC 4585 §6.3.1)."""

    sender: int
    target: int


class IntraRequest(NamedTuple):
    """One entry of a FIR: to whom, and the command's number, 8 bits (RFC 5104 §4.3.1.1)."""

    target: int
    number: int


@dataclass(frozen=True, slots=True)
class FullIntraRequest:
    """`sender` wants a key frame of each target (RFC 5104 §4.3.1)."""

    sender: int
    requests: tuple[IntraRequest, ...]


Packet = (
    SenderReport
    | ReceiverReport
    | SourceDescription
    | Bye
    | PictureLossIndication
    | FullIntraRequest
)


def ntp_of(unix_ns: int) -> int:
    """The NTP timestamp, 32 bits of seconds since 1900 and 32 of a fraction (RFC 3550 §4)."""
    seconds, rest = divmod(unix_ns, 1_000_000_000)
    return (seconds + NTP_BEFORE_UNIX_S << 32) + (rest << 32) // 1_000_000_000 & (1 << 64) - 1


def middle32(ntp: int) -> int:
    """The middle 32 bits of an NTP timestamp, in 1/65,536 s (RFC 3550 §4)."""
    return ntp >> 16 & 0xFFFF_FFFF
