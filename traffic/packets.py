"""Packets as scapy layers. Their bytes are the templates that the fast path patches.

RTP (RFC 3550 §5.1), RTCP (RFC 3550 §6.4–6.6, RFC 4585 §6.3, RFC 5104 §4.3.1), and frames of
Ethernet, IPv4 and UDP. scapy builds each kind once, since it is slow; `rtp.patch_headers`,
`patch_frames` and `rtcp.pack` write the fields that differ between packets into copies of the bytes
(`python -m bench packets` measures both).

This module loads scapy, so it is imported where it is needed.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scapy.contrib.rtcp import RTCP, ReceptionReport, SDESChunk, SDESItem, SenderInfo
from scapy.fields import BitField, ByteField, FieldListField, IntField, ShortField
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.layers.rtp import RTP
from scapy.packet import Packet, Raw

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, BYE = 200, 201, 202, 203
PAYLOAD_FEEDBACK = 206  # RFC 4585 §6.1
PLI_FORMAT, FIR_FORMAT = 1, 4  # RFC 4585 §6.3, RFC 5104 §4.3.1
CNAME = 1  # SDES item, RFC 3550 §6.5.1
ETHERNET_BYTES, IP_BYTES, UDP_BYTES = 14, 20, 8
FRAME_BYTES = ETHERNET_BYTES + IP_BYTES + UDP_BYTES


class Goodbye(Packet):  # type: ignore[misc]  # scapy has no types
    """BYE (RFC 3550 §6.6); a reason follows as payload."""

    name = "RTCP BYE"
    fields_desc = (
        BitField("version", 2, 2),
        BitField("padding", 0, 1),
        BitField("count", 1, 5),
        ByteField("packet_type", BYE),
        ShortField("length", 1),
        FieldListField("sources", [], IntField("ssrc", 0), count_from=lambda packet: packet.count),
    )


class Feedback(Packet):  # type: ignore[misc]
    """Payload-specific feedback (RFC 4585 §6.1): PLI, or FIR with `FirEntry` as payload."""

    name = "RTCP feedback"
    fields_desc = (
        BitField("version", 2, 2),
        BitField("padding", 0, 1),
        BitField("format", PLI_FORMAT, 5),
        ByteField("packet_type", PAYLOAD_FEEDBACK),
        ShortField("length", 2),
        IntField("sender", 0),
        IntField("media", 0),
    )


class FirEntry(Packet):  # type: ignore[misc]
    """One entry of a FIR (RFC 5104 §4.3.1.1)."""

    name = "FIR entry"
    fields_desc = (IntField("target", 0), ByteField("number", 0), BitField("reserved", 0, 24))


@cache
def rtp_header() -> bytes:
    """Return an RTP header (12 bytes) of version 2 with all other fields 0."""
    return bytes(RTP())


@cache
def report(blocks: int, *, sender: bool) -> bytes:
    """Return a sender's or a receiver's report of so many blocks, all figures 0."""
    return bytes(
        RTCP(
            packet_type=SENDER_REPORT if sender else RECEIVER_REPORT,
            count=blocks,
            sender_info=SenderInfo(),
            report_blocks=[ReceptionReport() for _ in range(blocks)],
        )
    )


@cache
def description(cname: str) -> bytes:
    """Return a source description with a CNAME and SSRC 0."""
    item = SDESItem(chunk_type=CNAME, value=cname.encode())
    rest = Raw(bytes(4 - len(bytes(item)) % 4))  # at least one null octet ends the items
    return bytes(
        RTCP(packet_type=SOURCE_DESCRIPTION, count=1, sdes_chunks=[SDESChunk(items=[item])]) / rest
    )


def goodbye(ssrc: int, reason: str) -> bytes:
    """Return a BYE of one source; an empty reason is left out."""
    text = reason.encode()
    rest = bytes([len(text)]) + text if text else b""
    rest += bytes(-len(rest) % 4)
    return bytes(Goodbye(sources=[ssrc], length=1 + len(rest) // 4) / Raw(rest))


def picture_loss(sender: int, target: int) -> bytes:
    """Return a PLI."""
    return bytes(Feedback(sender=sender, media=target))


def intra_request(sender: int, target: int, number: int) -> bytes:
    """Return a FIR of one target; its number is that of the command, 8 bits."""
    entry = FirEntry(target=target, number=number)
    return bytes(Feedback(format=FIR_FORMAT, length=4, sender=sender) / entry)


def frame(
    source: tuple[str, str, int], target: tuple[str, str, int], dscp: int, payload: Packet | bytes
) -> Packet:
    """Return a datagram as a frame of Ethernet, IPv4 and UDP without a UDP checksum.

    Args:
        source, target: MAC address, IPv4 address, port.
        dscp: differentiated services code point (RFC 2474).
        payload: RTP, or what else a stream of background traffic carries.
    """
    return (
        Ether(src=source[0], dst=target[0])
        / IP(src=source[1], dst=target[1], tos=dscp << 2, id=0, flags="DF")
        / UDP(sport=source[2], dport=target[2], chksum=0)
        / payload
    )


def patch_frames(
    out: NDArray[np.uint8], template: NDArray[np.uint8], payload_bytes: NDArray[np.integer]
) -> None:
    """Write the headers of n frames into the first 42 columns of `out`.

    Args:
        out: (n, ≥ 42) rows of frames; the payloads behind the headers stay as they are.
        template: (42,) of `frame`.
        payload_bytes: (n,) of UDP, by which the lengths and the checksum of IPv4 differ.
    """
    out[:, :FRAME_BYTES] = template
    udp_bytes = payload_bytes + UDP_BYTES
    at = ETHERNET_BYTES
    for place, value in ((at + 2, udp_bytes + IP_BYTES), (at + IP_BYTES + 4, udp_bytes)):
        out[:, place : place + 2] = value.astype(">u2").view(np.uint8).reshape(-1, 2)
    out[:, at + 10 : at + 12] = 0
    words = np.ascontiguousarray(out[:, at : at + IP_BYTES]).view(">u2").astype(np.int64)
    total = words.sum(axis=1)  # RFC 1071
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    out[:, at + 10 : at + 12] = checksum.astype(">u2").view(np.uint8).reshape(-1, 2)
