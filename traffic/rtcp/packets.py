"""RTCP packets as data (RFC 3550 §6.4–6.6, RFC 4585 §6.3, RFC 5104 §4.3), and NTP time."""

from __future__ import annotations

from dataclasses import dataclass

NTP_BEFORE_UNIX_S = 2_208_988_800  # 1900 to 1970


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """A receiver's figures of one source (RFC 3550 §6.4.1).

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
    """A sender's counts, and the blocks of its receiver (RFC 3550 §6.4.1).

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
    """The blocks of a receiver that sends nothing (RFC 3550 §6.4.2)."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """The canonical name of a source (RFC 3550 §6.5.1)."""

    ssrc: int
    cname: str


@dataclass(frozen=True, slots=True)
class Bye:
    """A source leaves (RFC 3550 §6.6)."""

    ssrc: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PictureLossIndication:
    """`sender` could not decode `target`'s picture (RFC 4585 §6.3.1)."""

    sender: int
    target: int


@dataclass(frozen=True, slots=True)
class IntraRequest:
    """`sender` wants a key frame of `target`; command `number`, 8 bits (RFC 5104 §4.3.1)."""

    sender: int
    target: int
    number: int


Packet = (
    SenderReport | ReceiverReport | SourceDescription | Bye | PictureLossIndication | IntraRequest
)


def ntp_of(unix_ns: int) -> int:
    """Return the NTP timestamp: 32 bits of seconds since 1900, 32 of a fraction (RFC 3550 §4)."""
    seconds, rest = divmod(unix_ns, 1_000_000_000)
    return (seconds + NTP_BEFORE_UNIX_S << 32) + (rest << 32) // 1_000_000_000 & (1 << 64) - 1


def middle32(ntp: int) -> int:
    """Return the middle 32 bits of an NTP timestamp, in 1/65,536 s (RFC 3550 §4)."""
    return ntp >> 16 & 0xFFFF_FFFF
