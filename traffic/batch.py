"""Many datagrams with one system call: sendmmsg and recvmmsg over numpy buffers.

A system call is the dearest thing in the sandbox guest (60–80 µs against 3 µs for a packet's way
through the kernel), and Python's own sockets need one a datagram. Here a whole window of packets
goes out with one call, each paced by the kernel to its own time (SO_TXTIME with the `fq` queueing
discipline), and comes in with one call, each with the kernel's own arrival time.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.receiver.timestamps import StampClock

# asm-generic/socket.h; the socket module does not name these
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
SO_TIMESTAMPNS, SO_RXQ_OVFL, SO_TXTIME = 35, 40, 61
SCM_TXTIME = SO_TXTIME
MAX_MESSAGES = 1024  # UIO_MAXIOV, the kernel's own limit for one call
MSG_TRUNC = 0x20

IOVEC = np.dtype([("base", "u8"), ("len", "u8")])
MMSGHDR = np.dtype(
    [
        ("name", "u8"),
        ("namelen", "u4"),
        ("pad0", "u4"),
        ("iov", "u8"),
        ("iovlen", "u8"),
        ("control", "u8"),
        ("controllen", "u8"),
        ("flags", "u4"),
        ("pad1", "u4"),
        ("len", "u4"),
        ("pad2", "u4"),
    ]
)
SOCKADDR_IN = np.dtype([("family", "u2"), ("port", ">u2"), ("address", ">u4"), ("zero", "u8")])
TXTIME_CMSG = np.dtype([("len", "u8"), ("level", "i4"), ("type", "i4"), ("time_ns", "u8")])
ARRIVAL_CMSGS = np.dtype(
    [
        ("len", "u8"),
        ("level", "i4"),
        ("type", "i4"),
        ("seconds", "i8"),
        ("nanoseconds", "i8"),
        ("overflow_len", "u8"),
        ("overflow_level", "i4"),
        ("overflow_type", "i4"),
        ("overflow", "u4"),
        ("pad", "u4"),
    ]
)
TIMESTAMP_SPACE = 32  # CMSG_SPACE(sizeof(struct timespec)); the overflow count follows, if any

COMPLAINTS = (
    errno.ECONNREFUSED,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.EHOSTDOWN,
    errno.ENETDOWN,
)
"""What the network has to say of a datagram, perhaps of an earlier one (ICMP): the system call that
hears it has done nothing, and the next one can go well."""
MOST_COMPLAINTS = 8

_libc = ctypes.CDLL(None, use_errno=True)
sendmmsg = _libc.sendmmsg
sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
sendmmsg.restype = ctypes.c_int


def media_socket(
    address: str, port: int, *, dscp: int, buffer_bytes: int = 8 << 20
) -> socket.socket:
    """A non-blocking UDP socket: paced sending, arrival times, a buffer that does not overflow.

    Args:
        dscp: differentiated services code point of what it sends (RFC 2474), e.g. 46 for EF.
        buffer_bytes: receive and send buffer; beyond the system's limit only with privileges.

    Raises:
        OSError: the address is not this machine's or the port is taken.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        for forced, plain in (
            (SO_RCVBUFFORCE, socket.SO_RCVBUF),
            (SO_SNDBUFFORCE, socket.SO_SNDBUF),
        ):
            try:
                sock.setsockopt(socket.SOL_SOCKET, forced, buffer_bytes)
            except PermissionError:
                sock.setsockopt(socket.SOL_SOCKET, plain, buffer_bytes)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
        sock.setsockopt(socket.SOL_SOCKET, SO_TXTIME, struct.pack("iI", time.CLOCK_MONOTONIC, 0))
        sock.bind((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def send_at(
    sock: socket.socket, packet: bytes, at_ns: int, to: tuple[str, int] | None = None
) -> None:
    """Hand the kernel one datagram that leaves at a moment of CLOCK_MONOTONIC, as far as it paces.

    Args:
        sock: of `media_socket`; connected where `to` is None.

    Raises:
        OSError: as `socket.sendmsg`.
    """
    control = [(socket.SOL_SOCKET, SCM_TXTIME, struct.pack("Q", at_ns))]
    sock.sendmsg([packet], control, 0, *(() if to is None else (to,)))


@functools.lru_cache(maxsize=256)
def sockaddr(address: str, port: int) -> NDArray[np.void]:
    """One `struct sockaddr_in` as a zero-dimensional record of dtype SOCKADDR_IN, to be read."""
    packed = int.from_bytes(socket.inet_aton(address), "big")
    record = np.array((socket.AF_INET, port, packed, 0), dtype=SOCKADDR_IN)
    record.flags.writeable = False
    return record


class Messages:
    """`struct mmsghdr` of up to `capacity` datagrams, gathered from `pieces` each: for sendmmsg.

    Attributes:
        iov: (capacity, pieces) IOVEC; where the pieces are is the owner's to say.
        headers: (capacity,) MMSGHDR; to whom, too.
    """

    def __init__(self, capacity: int, pieces: int = 1) -> None:
        self.iov = np.zeros((capacity, pieces), IOVEC)
        self._cmsgs = np.zeros(capacity, TXTIME_CMSG)
        self._cmsgs["len"] = TXTIME_CMSG.itemsize
        self._cmsgs["level"], self._cmsgs["type"] = socket.SOL_SOCKET, SCM_TXTIME
        self._cmsg_addresses = row_addresses(self._cmsgs)
        self.headers = np.zeros(capacity, MMSGHDR)
        self.headers["iov"], self.headers["iovlen"] = row_addresses(self.iov), pieces
        # columns of records, looked up once: a system call takes hardly longer than a few look-ups
        self._times_ns = self._cmsgs["time_ns"]
        self._control, self._control_len = self.headers["control"], self.headers["controllen"]
        self._base = int(self.headers.ctypes.data)

    def address(self, datagram: int) -> int:
        """Where the `struct mmsghdr` of a datagram is."""
        return self._base + datagram * MMSGHDR.itemsize

    def leave_at(self, n: int, times_ns: NDArray[np.integer] | None) -> None:
        """When each of the first n leaves, CLOCK_MONOTONIC; None: at once."""
        if times_ns is None:
            self._control[:n] = self._control_len[:n] = 0
        else:
            self._times_ns[:n] = times_ns
            self._control[:n] = self._cmsg_addresses[:n]
            self._control_len[:n] = TXTIME_CMSG.itemsize


class SendBatch:
    """Room for up to `capacity` datagrams of at most `max_bytes`; fill `data`, then `send`.

    Attributes:
        data: (capacity, max_bytes) uint8, one datagram a row.
    """

    def __init__(self, capacity: int, max_bytes: int) -> None:
        self.capacity = capacity
        self.data = np.zeros((capacity, max_bytes), np.uint8)
        self._messages = Messages(capacity)
        self._rows = row_addresses(self.data)
        self._names = np.zeros(capacity, SOCKADDR_IN)
        self._name_addresses = row_addresses(self._names)
        self._base, self._len = self._messages.iov["base"][:, 0], self._messages.iov["len"][:, 0]
        self._name = self._messages.headers["name"]
        self._name_len = self._messages.headers["namelen"]

    def send(
        self,
        fd: int,
        lengths: NDArray[np.integer],
        times_ns: NDArray[np.integer] | None = None,
        destinations: NDArray[np.void] | None = None,
        *,
        rows: NDArray[np.integer] | None = None,
        skip_unsendable: bool = False,
    ) -> int:
        """Hand n rows to the kernel.

        Args:
            lengths: (n,) bytes of each datagram.
            times_ns: (n,) CLOCK_MONOTONIC at which each leaves; None: at once.
            destinations: (n,) SOCKADDR_IN; None: the socket is connected.
            rows: (n,) which, in the order in which they are to leave; None: the first n.
            skip_unsendable: go on after a datagram that the kernel does not take, for destinations
                that strangers named.

        Returns:
            how many datagrams were skipped.

        Raises:
            ValueError: more datagrams, or longer ones, than there is room for.
            OSError: the kernel took fewer than all of them.
        """
        messages = self.prepare(lengths, times_ns, destinations, rows=rows)
        return send_messages(fd, messages, skip_unsendable=skip_unsendable)

    def prepare(
        self,
        lengths: NDArray[np.integer],
        times_ns: NDArray[np.integer] | None = None,
        destinations: NDArray[np.void] | None = None,
        *,
        rows: NDArray[np.integer] | None = None,
    ) -> NDArray[np.void]:
        """As `send`, but nothing is handed over: (n,) MMSGHDR for `send_messages`, good until the
        next call of this or of `send`."""
        n = len(lengths)
        if n > self.capacity:
            raise ValueError(f"{n} datagrams in a batch of {self.capacity}")
        if n and not 0 <= int(lengths.min()) <= int(lengths.max()) <= self.data.shape[1]:
            # the kernel would send what lies behind the row
            raise ValueError(f"a datagram's length is not within 0 and {self.data.shape[1]} bytes")
        self._base[:n] = self._rows[:n] if rows is None else self._rows[rows]
        self._len[:n] = lengths
        self._messages.leave_at(n, times_ns)
        if destinations is None:
            self._name[:n] = self._name_len[:n] = 0
        else:
            self._names[:n] = destinations
            self._name[:n] = self._name_addresses[:n]
            self._name_len[:n] = SOCKADDR_IN.itemsize
        return self._messages.headers[:n]


def send_messages(fd: int, messages: NDArray[np.generic], *, skip_unsendable: bool) -> int:
    """Hand the kernel datagrams, in their order: (n,) MMSGHDR, or (n, words) of what it holds.

    Returns and raises as `SendBatch.send`.
    """
    n, base = len(messages), int(messages.ctypes.data)
    start = skipped = 0
    complained_at = -1
    while start < n:
        count = min(n - start, MAX_MESSAGES)
        done = sendmmsg(fd, base + start * MMSGHDR.itemsize, count, 0)
        if done < 0:
            code = ctypes.get_errno()
            if code in COMPLAINTS and complained_at != start:
                complained_at = start
                continue
            if not skip_unsendable:
                raise OSError(code, f"sendmmsg, datagram {start} of {n}: {os.strerror(code)}")
            skipped += 1
            done = 1
        start += done
    return skipped


@dataclass(frozen=True)
class Received:
    """What one `ReceiveBatch.receive` brought: n datagrams in order of arrival.

    Attributes:
        data: (n, max_bytes) uint8, valid until the next `receive`.
        lengths: (n,) bytes of each.
        arrival_ns: (n,) the kernel's arrival time, as CLOCK_MONOTONIC had it.
        sources: (n,) SOCKADDR_IN of the senders, valid until the next `receive`.
        overflowed: datagrams this socket had lost since it was opened because its buffer was full,
            when the last of these came in; 0 if there are none. Losses after it are not known yet.
    """

    data: NDArray[np.uint8]
    lengths: NDArray[np.int64]
    arrival_ns: NDArray[np.int64]
    sources: NDArray[np.void]
    overflowed: int

    def __len__(self) -> int:
        return len(self.lengths)

    def take(self, which: NDArray[np.bool_]) -> Received:
        """Some of them, by mask (n,)."""
        return Received(
            self.data[which],
            self.lengths[which],
            self.arrival_ns[which],
            self.sources[which],
            self.overflowed,
        )


class ReceiveBatch:
    """Room to receive up to `capacity` datagrams of at most `max_bytes` with one system call.

    `capacity` is cut down to what the kernel takes in one call. One batch may serve many sockets,
    if each has arrival times switched on.
    """

    def __init__(
        self,
        capacity: int,
        max_bytes: int,
        *,
        cut_long: bool = False,
        clock: StampClock | None = None,
    ) -> None:
        """`cut_long`: a datagram that is longer than `max_bytes` is given with length 0, for
        sockets that anyone can send to; else it is an error. `clock`: what tells when each came;
        None: one that follows the machine's clocks."""
        self._cut_long = cut_long
        self.clock = StampClock() if clock is None else clock
        self.capacity = min(capacity, MAX_MESSAGES)
        self.data = np.zeros((self.capacity, max_bytes), np.uint8)
        self._iov = np.zeros(self.capacity, IOVEC)
        self._iov["base"] = row_addresses(self.data)
        self._iov["len"] = max_bytes
        self._names = np.zeros(self.capacity, SOCKADDR_IN)
        self._cmsgs = np.zeros(self.capacity, ARRIVAL_CMSGS)
        self._messages = np.zeros(self.capacity, MMSGHDR)
        self._messages["iov"] = row_addresses(self._iov)
        self._messages["iovlen"] = 1
        self._messages["name"] = row_addresses(self._names)
        self._messages["control"] = row_addresses(self._cmsgs)
        self._pointer = ctypes.c_void_p(int(self._messages.ctypes.data))
        self._used = self.capacity
        nothing = np.zeros(0, np.int64)
        self._nothing = Received(self.data[:0], nothing, nothing, self._names[:0], 0)

    def receive(self, fd: int) -> Received:
        """All that waits on a non-blocking socket, `capacity` datagrams at the most.

        Raises:
            OSError: the socket reports an error, or a datagram was longer than `max_bytes`.
        """
        messages = self._messages
        # the kernel writes over the lengths of those that it fills
        messages["namelen"][: self._used] = SOCKADDR_IN.itemsize
        messages["controllen"][: self._used] = ARRIVAL_CMSGS.itemsize
        self._used = self.capacity  # as long as it is not known how many
        for _ in range(MOST_COMPLAINTS):
            n = _libc.recvmmsg(fd, self._pointer, self.capacity, socket.MSG_DONTWAIT, None)
            if n >= 0 or (code := ctypes.get_errno()) not in COMPLAINTS:
                break
        if n < 0:
            if code != errno.EAGAIN:
                raise OSError(code, f"recvmmsg: {os.strerror(code)}")
            n = 0
        self._used = n
        if not n:
            return self._nothing
        lengths = messages["len"][:n].astype(np.int64)
        cut = (messages["flags"][:n] & MSG_TRUNC) != 0
        if np.any(cut):
            if not self._cut_long:
                raise OSError(errno.EMSGSIZE, "recvmmsg: a datagram is longer than the buffer")
            lengths[cut] = 0
        cmsgs = self._cmsgs[:n]
        overflowed = cmsgs["overflow"][messages["controllen"][:n] > TIMESTAMP_SPACE]
        return Received(
            data=self.data[:n],
            lengths=lengths,
            arrival_ns=self.clock.monotonic_ns(
                cmsgs["seconds"] * 1_000_000_000 + cmsgs["nanoseconds"]
            ),
            sources=self._names[:n],
            overflowed=int(overflowed[-1]) if len(overflowed) else 0,
        )


def try_to_send(send: Callable[[], object]) -> bool:
    """Send one datagram; once more if the network complains, perhaps of an earlier one.

    Returns False if it cannot be sent. Raises `OSError` for what is no complaint of the network's.
    """
    for _ in range(2):
        try:
            send()
        except OSError as error:
            if error.errno not in COMPLAINTS:
                raise
        else:
            return True
    return False


def row_addresses(array: NDArray[np.generic]) -> NDArray[np.uint64]:
    """Where each of an array's rows is in memory."""
    start, step = int(array.ctypes.data), array.strides[0]
    return np.uint64(start) + np.arange(len(array), dtype=np.uint64) * np.uint64(step)
