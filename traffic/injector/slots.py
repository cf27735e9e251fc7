"""Windows as the kernel takes them: everything that a `sendmmsg` reads, laid out beforehand.

A datagram is gathered from two pieces, its own first 14 bytes and a payload that all share, so
that a window is some 60 KB, stays in the processor's cache, and only the kernel copies anything.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import time

import numpy as np
from numpy.typing import NDArray

from traffic import rtp
from traffic.batch import (
    IOVEC,
    MMSGHDR,
    SCM_TXTIME,
    SO_SNDBUFFORCE,
    SO_TXTIME,
    TXTIME_CMSG,
    sockaddr,
)
from traffic.injector.cycle import LEAD_BYTES
from traffic.injector.windows import Window

HEAD = rtp.HEADER_BYTES + LEAD_BYTES
MAX_RTP = 1472
"""RTP bytes that fit an Ethernet frame of 1500 bytes with IPv4 and UDP headers (20 + 8)."""

libc = ctypes.CDLL(None, use_errno=True)
sendmmsg = libc.sendmmsg
sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
sendmmsg.restype = ctypes.c_int


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
        self.window: Window | None = None
        self.leaving_ns: list[int] = []
        self.row = np.empty(0, np.int64)
        self._grow(0)

    def __len__(self) -> int:
        return len(self.leaving_ns)

    def address(self, datagram: int) -> int:
        """Where the `struct mmsghdr` of a datagram is."""
        return self._base + datagram * MMSGHDR.itemsize

    def load(self, window: Window) -> None:
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
        self._iov["len"][:n, 1] = out.size - HEAD
        payload = self._payloads
        self._iov["base"][:n, 1] = np.where(
            out.corrupted, payload.corrupted.ctypes.data, payload.plain.ctypes.data
        )
        self._cmsgs["time_ns"][:n] = out.leaving_ns
        self.window, self.row, self.leaving_ns = window, row, out.leaving_ns.tolist()

    def _grow(self, capacity: int) -> None:
        self._heads = np.zeros((capacity, HEAD), np.uint8)
        self._iov = np.zeros((capacity, 2), IOVEC)
        self._iov["base"][:, 0] = _addresses(self._heads)
        self._iov["len"][:, 0] = HEAD
        self._cmsgs = np.zeros(capacity, TXTIME_CMSG)
        self._cmsgs["len"] = TXTIME_CMSG.itemsize
        self._cmsgs["level"], self._cmsgs["type"] = socket.SOL_SOCKET, SCM_TXTIME
        self._messages = np.zeros(capacity, MMSGHDR)
        self._messages["iov"], self._messages["iovlen"] = _addresses(self._iov), 2
        name = self._payloads.name
        self._messages["name"], self._messages["namelen"] = name.ctypes.data, name.itemsize
        if self._txtime:
            self._messages["control"] = _addresses(self._cmsgs)
            self._messages["controllen"] = TXTIME_CMSG.itemsize
        self._base = int(self._messages.ctypes.data)


def open_socket(
    address: str, dscp: int, *, txtime: bool, buffer_bytes: int = 8 << 20
) -> socket.socket:
    """A UDP socket to send from; it waits when its buffer is full, so that lateness shows it."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        try:
            sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, buffer_bytes)
        except PermissionError:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
        if txtime:
            clock = struct.pack("iI", time.CLOCK_MONOTONIC, 0)
            sock.setsockopt(socket.SOL_SOCKET, SO_TXTIME, clock)
        sock.bind((address, 0))
    except BaseException:
        sock.close()
        raise
    return sock


def _addresses(array: NDArray[np.generic]) -> NDArray[np.uint64]:
    start, step = int(array.ctypes.data), array.strides[0]
    return np.uint64(start) + np.arange(len(array), dtype=np.uint64) * np.uint64(step)
