"""RTP headers (RFC 3550, of audio RFC 3551): scapy's template, patched in numpy.

Marker, sequence number and timestamp of every packet of a window are written at once.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES = 12  # RFC 3550 §5.1 without CSRC
VERSION = 0x80  # 2, in the first byte
PADDING, EXTENSION, CSRC_COUNT = 0x20, 0x10, 0x0F  # in the first byte
MARKER = 0x80
EXTENSION_HEADER_BYTES = 4  # RFC 3550 §5.3.1
UDP_IP_BYTES = 28
AUDIO_PACKET_MS = 20  # RFC 3551 §4.2: the default packetisation interval
AUDIO_CLOCK_HZ = 8000  # RFC 3551 §4.5.14
AUDIO_PACKET_SAMPLES = AUDIO_CLOCK_HZ * AUDIO_PACKET_MS // 1000
ETHERNET_BYTES = 14


@dataclass(frozen=True)
class StreamId:
    """What is constant in a stream's packets, and where its counters start (RFC 3550 §5.1)."""

    payload_type: int
    ssrc: int
    first_sequence: int
    first_timestamp: int


def template(stream: StreamId) -> bytes:
    """Return the stream's first header (12 bytes): scapy's, with the stream's own figures."""
    from giaoban.traffic.packets import rtp_header  # loads scapy

    header = bytearray(rtp_header())
    counters = stream.first_sequence & 0xFFFF, stream.first_timestamp & 0xFFFFFFFF
    struct.pack_into("!BHII", header, 1, stream.payload_type, *counters, stream.ssrc)
    return bytes(header)


def patch_headers(
    out: NDArray[np.uint8],
    header: NDArray[np.uint8],
    sequences: NDArray[np.integer],
    timestamps: NDArray[np.integer],
    markers: NDArray[np.bool_],
) -> None:
    """Write n headers into the first 12 columns of `out`.

    Args:
        out: (≥ n, ≥ 12) rows of datagrams.
        header: (12,) the stream's template.
        sequences: (n,) extended sequence numbers; the low 16 bits go on the wire.
        timestamps: (n,) the low 32 bits go on the wire.
        markers: (n,) marker bits.
    """
    n = len(sequences)
    out[:n, :HEADER_BYTES] = header
    out[:n, 1] |= np.where(markers, MARKER, 0).astype(np.uint8)
    out[:n, 2:4] = _big_endian(sequences, ">u2", 2)
    out[:n, 4:8] = _big_endian(timestamps, ">u4", 4)


@dataclass(frozen=True)
class Headers:
    """Header fields of n received packets; rows that are not RTP version 2 are marked invalid."""

    valid: NDArray[np.bool_]
    marker: NDArray[np.bool_]
    payload_type: NDArray[np.uint8]
    sequence: NDArray[np.uint16]
    timestamp: NDArray[np.uint32]
    ssrc: NDArray[np.uint32]

    def take(self, which: NDArray[np.intp]) -> Headers:
        """The headers of some of the packets, by their indices."""
        return Headers(
            valid=self.valid[which],
            marker=self.marker[which],
            payload_type=self.payload_type[which],
            sequence=self.sequence[which],
            timestamp=self.timestamp[which],
            ssrc=self.ssrc[which],
        )

    @staticmethod
    def joined(parts: Sequence[Headers]) -> Headers:
        """The headers of several receptions as one, in order."""
        return Headers(
            *(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Headers))
        )


def parse_headers(data: NDArray[np.uint8], lengths: NDArray[np.integer]) -> Headers:
    """Read the headers of n datagrams, (n, ≥ 12) uint8 with their lengths (n,) in bytes."""
    header = np.ascontiguousarray(data[:, :HEADER_BYTES])
    second, words = header[:, 1], header.view(">u4")
    valid = (lengths >= HEADER_BYTES) & (header[:, 0] >> 6 == 2)
    return Headers(
        valid=valid,
        marker=second >= MARKER,
        payload_type=second & np.uint8(0x7F),
        sequence=header.view(">u2")[:, 1].astype(np.uint16),
        timestamp=words[:, 1].astype(np.uint32),
        ssrc=words[:, 2].astype(np.uint32),
    )


def payload_bounds(
    data: NDArray[np.uint8], lengths: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the payloads of n RTP datagrams begin and end: (start, end), both (n,) int64.

    Steps over CSRCs (RFC 3550 §5.1), a header extension (§5.3.1) and padding. `data` is
    (n, ≥ 12) uint8 and `lengths` (n,) in bytes, as for `parse_headers`. A payload may be empty,
    `start == end`. Where a datagram is shorter than its header says, was cut off when it was
    received or has more padding than room, or is not RTP version 2, both are 0.
    """
    width = data.shape[1]
    size = lengths.astype(np.int64)
    if len(size) and (data[:, 0] == VERSION).all():  # nearly always: nothing to step over
        if size.min() >= HEADER_BYTES and size.max() <= width:
            return np.full(len(size), HEADER_BYTES, np.int64), size
        sound = (size >= HEADER_BYTES) & (size <= width)
        return np.where(sound, HEADER_BYTES, 0), np.where(sound, size, 0)
    sound = (size >= HEADER_BYTES) & (size <= width) & (data[:, 0] >> 6 == 2)
    start = HEADER_BYTES + 4 * (data[:, 0] & CSRC_COUNT).astype(np.int64)
    extended = np.flatnonzero(sound & (data[:, 0] & EXTENSION != 0))
    sound[extended] = start[extended] + EXTENSION_HEADER_BYTES <= size[extended]
    extended = extended[sound[extended]]
    at = start[extended]
    words = data[extended, at + 2].astype(np.int64) << 8 | data[extended, at + 3]
    start[extended] += EXTENSION_HEADER_BYTES + 4 * words
    end = size.copy()
    padded = np.flatnonzero(sound & (data[:, 0] & PADDING != 0))
    padding = data[padded, size[padded] - 1].astype(np.int64)
    sound[padded] = padding > 0  # it counts itself
    end[padded] -= padding
    sound &= start <= end
    return np.where(sound, start, 0), np.where(sound, end, 0)


def serial_difference(difference: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Differences of counters of so many bits, each the short way round: −2ᵇⁱᵗˢ⁻¹ and above.

    As serial numbers are compared (RFC 1982), for sequence numbers and timestamps.
    """
    half = 1 << bits - 1
    return (difference + half) % (2 * half) - half


def _big_endian(values: NDArray[np.integer], dtype: str, width: int) -> NDArray[np.uint8]:
    mask = (1 << 8 * width) - 1
    return (values & mask).astype(dtype).view(np.uint8).reshape(-1, width)
