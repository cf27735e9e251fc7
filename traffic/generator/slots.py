"""Windows as the kernel takes them: everything that a `sendmmsg` reads, laid out beforehand.

A datagram is gathered from two pieces, its own first 14 bytes and a payload that all share, so
that a window is some 60 KB, stays in the processor's cache, and only the kernel copies anything.
"""

from __future__ import annotations

import socket

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic import rtp
from giaoban.traffic.batch import Messages, media_socket, row_addresses, sockaddr
from giaoban.traffic.generator.cycle import LEAD_BYTES
from giaoban.traffic.generator.windows import SendWindow

HEAD = rtp.HEADER_BYTES + LEAD_BYTES
MAX_RTP = 1472
"""RTP bytes that fit an Ethernet frame of 1500 bytes with IPv4 and UDP headers (20 + 8)."""


class Payloads:
    """Bytes that look like coded media, and the same with one bit flipped; and where they go."""

    def __init__(self, address: str, port: int) -> None:
        self.plain = np.random.default_rng(1681).integers(0, 256, MAX_RTP, np.uint8)
        self.corrupted = self.plain.copy()
        self.corrupted[0] ^= 1
        self.name = np.array([sockaddr(address, port)])


class Slot:
    """Room for one window. `load` it, then send from `address(k)` on.

    Attributes:
        leaving_ns: when each of the datagrams leaves, duplicates among them; rising.
        row: (datagrams,) the packet of the window that each is of.
    """

    def __init__(self, payloads: Payloads, headers: NDArray[np.uint8], *, txtime: bool) -> None:
        """`headers`: (s, 12) templates of the streams; `txtime`: the kernel is told each time."""
        self._payloads, self._headers, self._txtime = payloads, headers, txtime
        self.window: SendWindow | None = None
        self.leaving_ns: list[int] = []
        self.row = np.empty(0, np.int64)
        self._grow(0)

    def __len__(self) -> int:
        return len(self.leaving_ns)

    def address(self, datagram: int) -> int:
        """Where the `struct mmsghdr` of a datagram is."""
        return self._messages.address(datagram)

    def load(self, window: SendWindow) -> None:
        """Lay out a window; the one before is gone."""
        row = np.arange(len(window))
        if bool(np.any(window.copies != 1)):
            row = np.repeat(row, window.copies)
            out = window.take(row)
        else:
            out = window
        n = len(row)
        if n > len(self._heads):
            self._grow(n)
        heads = self._heads
        # the templates differ from row to row, so `patch_headers` gets an array of them
        rtp.patch_headers(heads, self._headers[out.stream], out.sequence, out.timestamp, out.marker)
        heads[:n, rtp.HEADER_BYTES :] = out.lead
        iov = self._messages.iov
        iov["len"][:n, 1] = out.size - HEAD
        payload = self._payloads
        iov["base"][:n, 1] = np.where(
            out.corrupted, payload.corrupted.ctypes.data, payload.plain.ctypes.data
        )
        if self._txtime:
            self._messages.leave_at(n, out.leaving_ns)
        self.window, self.row, self.leaving_ns = window, row, out.leaving_ns.tolist()

    def _grow(self, capacity: int) -> None:
        self._heads = np.zeros((capacity, HEAD), np.uint8)
        self._messages = Messages(capacity, pieces=2)
        self._messages.iov["base"][:, 0] = row_addresses(self._heads)
        self._messages.iov["len"][:, 0] = HEAD
        headers, name = self._messages.headers, self._payloads.name
        headers["name"], headers["namelen"] = name.ctypes.data, name.itemsize


def open_socket(address: str, dscp: int) -> socket.socket:
    """A UDP socket to send from; it waits when its buffer is full, so that lateness shows it."""
    sock = media_socket(address, 0, dscp=dscp)
    sock.setblocking(True)
    return sock
