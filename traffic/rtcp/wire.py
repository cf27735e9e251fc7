"""RTCP's bytes: packing and parsing of compound packets (RFC 3550 §6.4–6.6, appendix A.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.rtcp.packets import (
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
)

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, BYE = 200, 201, 202, 203
PAYLOAD_FEEDBACK = 206  # RFC 4585 §6.1
PLI_FORMAT, FIR_FORMAT = 1, 4  # RFC 4585 §6.3, RFC 5104 §4.3.1
FIRST_TYPE, LAST_TYPE = 192, 223
"""Packet types that cannot be taken for RTP on the same port (RFC 5761 §4)."""
MOST_COUNT = 31
"""Blocks, chunks or SSRCs in one packet: a 5-bit count (RFC 3550 §6.4.1)."""
HEADER_BYTES = 4

_VERSION_2, _PADDING = 0x80, 0x20
_SENDER_INFO = struct.Struct(">QIII")
_BLOCK = struct.Struct(">IIIIII")


class RtcpError(ValueError):
    """The bytes are no RTCP."""


def is_rtcp(data: NDArray[np.uint8], lengths: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which of n datagrams on a port shared with RTP are RTCP (RFC 5761 §4).

    Args:
        data: (n, ≥ 2) the datagrams' first bytes.
        lengths: (n,) their lengths in bytes.
    """
    kind = data[:, 1]
    wanted: NDArray[np.bool_] = (kind >= FIRST_TYPE) & (kind <= LAST_TYPE)
    if wanted.any():
        wanted &= (lengths >= HEADER_BYTES) & (data[:, 0] >> 6 == 2)
    return wanted


# ------------------------------------------------------------------------------------- packing


def pack(packets: Iterable[Packet]) -> bytes:
    """A compound packet of these, in this order.

    Raises:
        ValueError: a value does not fit its field.
    """
    try:
        return b"".join(_pack_one(packet) for packet in packets)
    except struct.error as error:
        raise ValueError(f"a value does not fit its field: {error}") from None


def _pack_one(packet: Packet) -> bytes:
    match packet:
        case SenderReport():
            info = _SENDER_INFO.pack(
                packet.ntp, packet.rtp_timestamp, packet.packets, packet.octets
            )
            body = _words(packet.ssrc) + info + _pack_blocks(packet.blocks)
            return _framed(SENDER_REPORT, len(packet.blocks), body)
        case ReceiverReport():
            body = _words(packet.ssrc) + _pack_blocks(packet.blocks)
            return _framed(RECEIVER_REPORT, len(packet.blocks), body)
        case SourceDescription():
            body = b"".join(_pack_chunk(chunk) for chunk in packet.chunks)
            return _framed(SOURCE_DESCRIPTION, len(packet.chunks), body)
        case Bye():
            body = _words(*packet.ssrcs)
            if packet.reason is not None:
                body += _pack_text(packet.reason)
            return _framed(BYE, len(packet.ssrcs), body + bytes(-len(body) % 4))
        case PictureLossIndication():
            return _framed(PAYLOAD_FEEDBACK, PLI_FORMAT, _words(packet.sender, packet.target))
        case FullIntraRequest():
            # the common header's media source is unused, the targets are in the entries (§4.3.1.2)
            body = _words(packet.sender, 0)
            for target, number in packet.requests:
                body += struct.pack(">IB3x", target, number)
            return _framed(PAYLOAD_FEEDBACK, FIR_FORMAT, body)


def _framed(kind: int, count: int, body: bytes) -> bytes:
    if count > MOST_COUNT:
        raise ValueError(f"{count} in one RTCP packet: at most {MOST_COUNT}")
    return struct.pack(">BBH", _VERSION_2 | count, kind, len(body) // 4) + body


def _words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def _pack_blocks(blocks: Sequence[ReportBlock]) -> bytes:
    return b"".join(_pack_block(block) for block in blocks)


def _pack_block(block: ReportBlock) -> bytes:
    lost = block.cumulative_lost
    if not 0 <= block.fraction_lost <= 0xFF or not -0x80_0000 <= lost <= 0x7F_FFFF:
        raise ValueError(f"fraction {block.fraction_lost} or loss {lost} does not fit its field")
    return _BLOCK.pack(
        block.ssrc,
        block.fraction_lost << 24 | lost & 0xFF_FFFF,
        block.highest_sequence,
        block.jitter,
        block.lsr,
        block.dlsr,
    )


def _pack_chunk(chunk: Chunk) -> bytes:
    out = _words(chunk.ssrc)
    for kind, text in chunk.items:
        if not kind:
            raise ValueError("item type 0 ends a chunk")
        out += struct.pack(">B", kind) + _pack_text(text)
    return out + bytes(4 - len(out) % 4)  # at least one null octet ends the items


def _pack_text(text: str) -> bytes:
    octets = text.encode()
    return struct.pack(">B", len(octets)) + octets


# ------------------------------------------------------------------------------------- parsing


def parse(data: bytes) -> list[Packet]:
    """The packets of a compound, or of a reduced-size one (RFC 5506); unknown ones are left out.

    Checked as in RFC 3550 §A.2, except that the first packet need not be a report. Text that is not
    UTF-8 comes with replacement characters.

    Raises:
        RtcpError: versions, types, lengths or counts do not hold.
    """
    if len(data) < HEADER_BYTES:
        raise RtcpError(f"{len(data)} bytes are no RTCP packet")
    if not FIRST_TYPE <= data[1] <= LAST_TYPE:
        raise RtcpError(f"packet type {data[1]} is not RTCP's")
    packets: list[Packet] = []
    at = 0
    while at < len(data):
        if len(data) - at < HEADER_BYTES:
            raise RtcpError("a packet is cut off within its header")
        first, kind, words = struct.unpack_from(">BBH", data, at)
        end = at + HEADER_BYTES + 4 * words
        if first >> 6 != 2:
            raise RtcpError(f"version {first >> 6}")
        if end > len(data):
            raise RtcpError("a packet is longer than the datagram")
        body = data[at + HEADER_BYTES : end]
        if first & _PADDING:
            if end != len(data):
                raise RtcpError("padding before the last packet")
            body = _without_padding(body)
        packet = _parse_one(kind, first & MOST_COUNT, body)
        if packet is not None:
            packets.append(packet)
        at = end
    return packets


def _without_padding(body: bytes) -> bytes:
    padding = body[-1] if body else 0
    if padding == 0 or padding % 4 or padding > len(body):
        raise RtcpError(f"{padding} bytes of padding in {len(body)}")
    return body[:-padding]


def _parse_one(kind: int, count: int, body: bytes) -> Packet | None:
    """`count` is the 5-bit field after the padding bit; None for a packet of no known kind."""
    if kind == SENDER_REPORT:
        blocks = _parse_blocks(body, 4 + _SENDER_INFO.size, count)
        ntp, timestamp, packets, octets = _SENDER_INFO.unpack_from(body, 4)
        return SenderReport(_word(body, 0), ntp, timestamp, packets, octets, blocks)
    if kind == RECEIVER_REPORT:
        return ReceiverReport(_word(body, 0), _parse_blocks(body, 4, count))
    if kind == SOURCE_DESCRIPTION:
        return _parse_description(body, count)
    if kind == BYE:
        return _parse_bye(body, count)
    if kind == PAYLOAD_FEEDBACK and count == PLI_FORMAT:
        if len(body) != 8:
            raise RtcpError(f"a PLI of {len(body)} bytes")
        return PictureLossIndication(_word(body, 0), _word(body, 4))
    if kind == PAYLOAD_FEEDBACK and count == FIR_FORMAT:
        if len(body) < 16 or len(body) % 8:
            raise RtcpError(f"a FIR of {len(body)} bytes")
        entries = struct.iter_unpack(">IB3x", body[8:])
        return FullIntraRequest(_word(body, 0), tuple(IntraRequest(*entry) for entry in entries))
    return None


def _parse_blocks(body: bytes, at: int, count: int) -> tuple[ReportBlock, ...]:
    """The report blocks from `at`; what a profile may have added after them is left out."""
    end = at + count * _BLOCK.size
    if end > len(body):
        raise RtcpError(f"a report is too short for {count} blocks")
    blocks = []
    for ssrc, loss, highest, jitter, lsr, dlsr in _BLOCK.iter_unpack(body[at:end]):
        lost = (loss & 0xFF_FFFF ^ 0x80_0000) - 0x80_0000
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, lsr, dlsr))
    return tuple(blocks)


def _parse_description(body: bytes, count: int) -> SourceDescription:
    chunks = []
    at = 0
    for _ in range(count):
        ssrc = _word(body, at)
        at += 4
        items = []
        while (kind := _octet(body, at)) != 0:
            text, at = _parse_text(body, at + 1)
            items.append((kind, text))
        at += 4 - at % 4
        chunks.append(Chunk(ssrc, tuple(items)))
    return SourceDescription(tuple(chunks))


def _parse_bye(body: bytes, count: int) -> Bye:
    ssrcs = tuple(_word(body, 4 * i) for i in range(count))
    reason = _parse_text(body, 4 * count)[0] if len(body) > 4 * count else None
    return Bye(ssrcs, reason)


def _parse_text(body: bytes, at: int) -> tuple[str, int]:
    """Text after its length octet at `at`, and where it ends."""
    end = at + 1 + _octet(body, at)
    if end > len(body):
        raise RtcpError("a text is longer than its packet")
    return body[at + 1 : end].decode(errors="replace"), end


def _octet(body: bytes, at: int) -> int:
    if at >= len(body):
        raise RtcpError("a packet is too short for its items")
    return body[at]


def _word(body: bytes, at: int) -> int:
    if at + 4 > len(body):
        raise RtcpError("a packet is too short for its fields")
    return int.from_bytes(body[at : at + 4], "big")
