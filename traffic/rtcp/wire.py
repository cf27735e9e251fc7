"""RTCP's bytes: compounds from scapy's templates, and their parsing (RFC 3550 §6.4–6.6, A.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic import packets as templates
from giaoban.traffic.rtcp.packets import (
    Bye,
    IntraRequest,
    Packet,
    PictureLossIndication,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
)

FIRST_TYPE, LAST_TYPE = 192, 223
"""Packet types that cannot be taken for RTP on the same port (RFC 5761 §4)."""
HEADER_BYTES = 4

_PADDING, _COUNT = 0x20, 0x1F  # in the first octet
_SENDER_INFO = struct.Struct(">QIII")
_BLOCK = struct.Struct(">IIIIII")


class RtcpError(ValueError):
    """The bytes are no RTCP."""


def is_rtcp(data: NDArray[np.uint8], lengths: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return which of n datagrams on a port shared with RTP are RTCP (RFC 5761 §4).

    Args:
        data: (n, ≥ 2) the datagrams' first bytes.
        lengths: (n,) their lengths in bytes.
    """
    kind = data[:, 1]
    found: NDArray[np.bool_] = (kind >= FIRST_TYPE) & (kind <= LAST_TYPE)
    if found.any():
        found &= (lengths >= HEADER_BYTES) & (data[:, 0] >> 6 == 2)
    return found


def pack(packets: Iterable[Packet]) -> bytes:
    """Return a compound packet of these, in this order.

    Raises:
        ValueError: a value does not fit its field.
    """
    try:
        return b"".join(_pack_one(packet) for packet in packets)
    except struct.error as error:
        raise ValueError(f"a value does not fit its field: {error}") from None


def _pack_one(packet: Packet) -> bytes:
    """Write a packet's figures into a copy of its template; rare ones are built by scapy."""
    match packet:
        case SenderReport() | ReceiverReport():
            sender = isinstance(packet, SenderReport)
            out = bytearray(templates.report(len(packet.blocks), sender=sender))
            struct.pack_into(">I", out, 4, packet.ssrc)
            at = 8
            if isinstance(packet, SenderReport):
                figures = packet.ntp, packet.rtp_timestamp, packet.packets, packet.octets
                _SENDER_INFO.pack_into(out, at, *figures)
                at += _SENDER_INFO.size
            for number, block in enumerate(packet.blocks):
                _pack_block(out, at + number * _BLOCK.size, block)
            return bytes(out)
        case SourceDescription():
            out = bytearray(templates.description(packet.cname))
            struct.pack_into(">I", out, 4, packet.ssrc)
            return bytes(out)
        case Bye():
            return templates.goodbye(packet.ssrc, packet.reason)
        case PictureLossIndication():
            return templates.picture_loss(packet.sender, packet.target)
        case IntraRequest():
            return templates.intra_request(packet.sender, packet.target, packet.number)


def _pack_block(out: bytearray, at: int, block: ReportBlock) -> None:
    lost = block.cumulative_lost
    if not 0 <= block.fraction_lost <= 0xFF or not -0x80_0000 <= lost <= 0x7F_FFFF:
        raise ValueError(f"fraction {block.fraction_lost} or loss {lost} does not fit its field")
    loss = block.fraction_lost << 24 | lost & 0xFF_FFFF
    last = block.highest_sequence, block.jitter, block.lsr, block.dlsr
    _BLOCK.pack_into(out, at, block.ssrc, loss, *last)


def parse(data: bytes) -> list[Packet]:
    """Parse a compound, or a reduced-size packet (RFC 5506); packets of other kinds are left out.

    Checked as in RFC 3550 §A.2, except that the first packet need not be a report. Of a source
    description only a CNAME at its start is returned.

    Raises:
        RtcpError: versions, types, lengths or counts do not hold.
    """
    if len(data) < HEADER_BYTES or not FIRST_TYPE <= data[1] <= LAST_TYPE:
        raise RtcpError(f"{len(data)} bytes are no RTCP packet")
    packets: list[Packet] = []
    at = 0
    while at < len(data):
        if len(data) - at < HEADER_BYTES:
            raise RtcpError("a packet is cut off within its header")
        first, kind, words = struct.unpack_from(">BBH", data, at)
        end = at + HEADER_BYTES + 4 * words
        if first >> 6 != 2 or end > len(data):
            raise RtcpError(f"version {first >> 6}, {4 * words} bytes in {len(data) - at}")
        body = data[at + HEADER_BYTES : end]
        if first & _PADDING:
            padding = body[-1] if body else 0
            if end != len(data) or padding == 0 or padding % 4 or padding > len(body):
                raise RtcpError(f"{padding} bytes of padding in {len(body)}")
            body = body[:-padding]
        try:
            packets += _parse_one(kind, first & _COUNT, body)
        except (struct.error, IndexError):
            raise RtcpError("a packet is too short for its fields") from None
        at = end
    return packets


def _parse_one(kind: int, count: int, body: bytes) -> list[Packet]:
    """`count`: the 5 bits after the padding bit. Raises `struct.error` or `IndexError`."""
    match kind, count:
        case templates.SENDER_REPORT, _:
            (ssrc,) = struct.unpack_from(">I", body)
            ntp, timestamp, packets, octets = _SENDER_INFO.unpack_from(body, 4)
            blocks = _blocks(body, 4 + _SENDER_INFO.size, count)
            return [SenderReport(ssrc, ntp, timestamp, packets, octets, blocks)]
        case templates.RECEIVER_REPORT, _:
            (ssrc,) = struct.unpack_from(">I", body)
            return [ReceiverReport(ssrc, _blocks(body, 4, count))]
        case templates.SOURCE_DESCRIPTION, _ if count and body[4] == templates.CNAME:
            (ssrc,) = struct.unpack_from(">I", body)
            name = body[6 : 6 + body[5]]
            return [SourceDescription(ssrc, name.decode(errors="replace"))]
        case templates.BYE, _:
            return [Bye(ssrc) for ssrc in struct.unpack_from(f">{count}I", body)]
        case templates.PAYLOAD_FEEDBACK, templates.PLI_FORMAT:
            return [PictureLossIndication(*struct.unpack_from(">II", body))]
        case templates.PAYLOAD_FEEDBACK, templates.FIR_FORMAT:
            (sender,) = struct.unpack_from(">I", body)
            return [IntraRequest(sender, *e) for e in struct.iter_unpack(">IB3x", body[8:])]
    return []


def _blocks(body: bytes, at: int, count: int) -> tuple[ReportBlock, ...]:
    """Return the report blocks from `at`; additions of a profile behind them are left out."""
    blocks = []
    for number in range(count):
        ssrc, loss, *last = _BLOCK.unpack_from(body, at + number * _BLOCK.size)
        lost = (loss & 0xFF_FFFF ^ 0x80_0000) - 0x80_0000
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, *last))
    return tuple(blocks)
