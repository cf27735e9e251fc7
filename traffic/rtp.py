"""RTP packets (RFC 3550): crafted by scapy once a stream, then patched in numpy by the window.

scapy builds one template a stream; the fast path copies it and writes marker, sequence number,
timestamp and payload of every packet of a window at once. A test holds the two byte-for-byte equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES = 12  # RFC 3550 §5.1 without CSRC
MARKER = 0x80
UDP_IP_BYTES = 28
ETHERNET_BYTES = 14


@dataclass(frozen=True)
class StreamId:
    """What is constant in a stream's packets, and where its counters start (RFC 3550 §5.1)."""

    payload_type: int
    ssrc: int
    first_sequence: int
    first_timestamp: int


def template(stream: StreamId) -> bytes:
    """The stream's first header, made by scapy (12 bytes)."""
    # scapy takes seconds to load inside the guest, and only the planning side needs it
    from scapy.layers.rtp import RTP

    packet = RTP(
        payload_type=stream.payload_type,
        sequence=stream.first_sequence & 0xFFFF,
        timestamp=stream.first_timestamp & 0xFFFFFFFF,
        sourcesync=stream.ssrc,
    )
    return bytes(packet)


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


def parse_headers(data: NDArray[np.uint8], lengths: NDArray[np.integer]) -> Headers:
    """Read the headers of n datagrams, (n, ≥ 12) uint8 with their lengths (n,) in bytes."""
    valid = (lengths >= HEADER_BYTES) & (data[:, 0] >> 6 == 2)
    words = np.ascontiguousarray(data[:, :HEADER_BYTES])
    return Headers(
        valid=valid,
        marker=(data[:, 1] & MARKER) != 0,
        payload_type=data[:, 1] & np.uint8(0x7F),
        sequence=words[:, 2:4].copy().view(">u2")[:, 0].astype(np.uint16),
        timestamp=words[:, 4:8].copy().view(">u4")[:, 0].astype(np.uint32),
        ssrc=words[:, 8:12].copy().view(">u4")[:, 0].astype(np.uint32),
    )


def _big_endian(values: NDArray[np.integer], dtype: str, width: int) -> NDArray[np.uint8]:
    mask = (1 << 8 * width) - 1
    return (values & mask).astype(dtype).view(np.uint8).reshape(-1, width)
