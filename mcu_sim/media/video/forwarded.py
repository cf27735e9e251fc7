"""Packets that go out as they came in, under each viewer's own header (RFC 3550 §5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traffic import rtp

VERSION_2 = 0x80  # no padding, no extension, no CSRC


@dataclass(frozen=True)
class Forwarded:
    """m outgoing packets, in the order in which the packets they are made from came.

    Attributes:
        packet: (m,) place of the packet in the received batch.
        row: (m,) the viewer.
        sequence, timestamp: (m,) int64, of the viewer's stream, without the wraps.
        marker: (m,) as it came.
        arrival_ns: (m,) when it came.
        ssrc, payload_type: (m,) of the viewer's stream.
    """

    packet: NDArray[np.intp]
    row: NDArray[np.intp]
    sequence: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    marker: NDArray[np.bool_]
    arrival_ns: NDArray[np.int64]
    ssrc: NDArray[np.uint32]
    payload_type: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.packet)

    def parts(self, size: int) -> Iterator[Forwarded]:
        """The same packets in pieces of at most `size`, in order."""
        for start in range(0, len(self), size):
            some = slice(start, start + size)
            yield Forwarded(**{name: column[some] for name, column in vars(self).items()})


def write_forwarded(
    out: NDArray[np.uint8],
    forwarded: Forwarded,
    data: NDArray[np.uint8],
    lengths: NDArray[np.integer],
) -> NDArray[np.int64]:
    """Write the packets into the first m rows of `out`; their lengths (m,) in bytes.

    Headers are without CSRCs, extension and padding. `data` (n, width) and `lengths` (n,) are the
    received batch. What `out` has behind a packet's end is left undefined.

    Raises:
        ValueError: there are more packets than rows, or one is longer than a row.
    """
    start, end = (bounds[forwarded.packet] for bounds in rtp.payload_bounds(data, lengths))
    written = rtp.HEADER_BYTES + end - start
    m, width = len(forwarded), out.shape[1]
    if m > len(out) or (m and int(written.max()) > width):
        raise ValueError(f"{m} packets do not fit into {len(out)} rows of {width} bytes")
    write_headers(out, forwarded)
    # nearly all packets have a plain header: one group
    for first in np.unique(start).tolist():
        mine = np.flatnonzero(start == first)
        size = int(end[mine].max()) - first
        payloads = data[forwarded.packet[mine], first : first + size]
        out[mine, rtp.HEADER_BYTES : rtp.HEADER_BYTES + size] = payloads
    return written


def write_headers(out: NDArray[np.uint8], forwarded: Forwarded) -> None:
    """Write the headers into the first m rows of `out`, (≥ m, ≥ 12) uint8."""
    header = np.zeros((len(forwarded), rtp.HEADER_BYTES), np.uint8)
    header[:, 0] = VERSION_2
    header[:, 1] = forwarded.payload_type
    header[:, 8:12] = forwarded.ssrc.astype(">u4").view(np.uint8).reshape(-1, 4)
    rtp.patch_headers(out, header, forwarded.sequence, forwarded.timestamp, forwarded.marker)
