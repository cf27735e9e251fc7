"""rtnetlink as pyroute2 speaks it, but without an event loop: who asks reads the answer itself.

pyroute2's `IPRoute` runs asyncio's loop for each request, some ten system calls where two do, and
begins one for each socket. A system call is the dearest thing in the guest, and its network takes
hundreds of requests. What is asked, how, and what is made of the answer stays pyroute2's
(`RTNL_API`, `NetlinkRequest`); its coroutines find here a socket at which they never wait.

What is looked at again and again is read without it (`Rtnetlink.read`): it decodes all that the
kernel says of a thing, for one number.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from itertools import count
from typing import Any, NamedTuple

from pyroute2.iproute.linux import RTNL_API
from pyroute2.netlink.core import AsyncCoreSocket
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

MOST_BYTES = 32_768
"""The kernel puts no more of a long answer into one datagram (net/netlink/af_netlink.c)."""
SEQUENCE = struct.Struct("=8xI")
"""A message's number, in its header (RFC 3549, 2.3.2)."""
HEADER, ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=HH")
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300
OF_TYPE = 0x3FFF
"""The rest of an attribute's type says how it is written."""


class Message(NamedTuple):
    """What the kernel says of one thing: its fixed fields, and its attributes by their types."""

    fields: tuple[int, ...]
    attributes: dict[int, bytes]


class Rtnetlink:
    """A rtnetlink socket in the namespace in which it was opened, with the methods of `IPRoute`."""

    def __init__(self) -> None:
        self._socket = _Socket()

    def __enter__(self) -> Rtnetlink:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """A request of pyroute2's, by its name. It raises `NetlinkError` if the kernel refuses."""
        ask = getattr(self._socket, name)
        return lambda *given, **named: _outcome(_whole(ask(*given, **named)))

    def read(self, what: int, fixed: struct.Struct, *of: int) -> list[Message]:
        """Ask for things of one kind, or for a single one.

        Args:
            what: the type of the request (rtnetlink(7)).
            fixed: its fixed fields, which are the answer's too.
            of: the values of these for the one thing that is wanted; none: for all.

        Raises:
            NetlinkError: the kernel refuses.
        """
        number = self._socket.addr_pool.alloc()
        asked = fixed.pack(*(of or [0] * len(fixed.unpack(bytes(fixed.size)))))
        flags = NLM_F_REQUEST if of else NLM_F_REQUEST | NLM_F_DUMP
        length = HEADER.size + len(asked)
        answers = self._socket.msg_queue
        answers.ensure_tag(number)
        try:
            self._socket.send(HEADER.pack(length, what, flags, number, self._socket.epid) + asked)
            found: list[Message] = []
            while True:
                for kind, said in _messages(_outcome(answers.get(number))):
                    if kind == NLMSG_ERROR:
                        code = -int.from_bytes(said[:4], sys.byteorder, signed=True)
                        raise NetlinkError(code, os.strerror(code))
                    if kind == NLMSG_DONE:
                        return found
                    there = attributes(said[fixed.size :])
                    found.append(Message(fixed.unpack_from(said), there))
                if of:
                    return found
        finally:
            answers.free_tag(number)

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


def attributes(data: bytes) -> dict[int, bytes]:
    """By their types; of several of one type the first. Each begins on a multiple of 4 bytes."""
    found: dict[int, bytes] = {}
    at = 0
    while at + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, at)
        found.setdefault(kind & OF_TYPE, data[at + ATTRIBUTE.size : at + length])
        at += -(-max(length, ATTRIBUTE.size) // 4) * 4
    return found


def _messages(datagram: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, what is behind its header) of each."""
    at = 0
    while at < len(datagram):
        length, kind, *_ = HEADER.unpack_from(datagram, at)
        yield kind, datagram[at + HEADER.size : at + length]
        at += -(-length // 4) * 4


class _Socket(RTNL_API):  # type: ignore[misc]
    """What pyroute2's requests know of a socket, and of its queue of answers."""

    get = AsyncCoreSocket.get
    batch = request_proxy = exception_factory = None
    callbacks = ()

    def __init__(self) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
        self._own = socket.socket(socket.AF_NETLINK, kind, socket.NETLINK_ROUTE)
        self._own.bind((0, 0))
        self.epid = self._own.getsockname()[0]
        self.send, self.close = self._own.send, self._own.close
        self.marshal = MarshalRtnl()
        self.status = {"nlm_echo": False, "strict_check": False, "target": "localhost"}
        self.addr_pool = _Numbers()
        self.msg_queue = _Answers(self._own)

    async def setup_endpoint(self) -> None:
        """It is there already."""


class _Numbers:
    """Of requests, each once."""

    def __init__(self) -> None:
        self._next = count(1)

    def alloc(self) -> int:
        return next(self._next)

    def free(self, number: int, ban: int) -> None:
        """None is given twice."""


class _Answers:
    """Datagrams of the kernel's, for the requests whose answers are still read: one may be asked in
    the midst of another's answer, as `flush_routes` deletes routes while they are listed."""

    def __init__(self, own: socket.socket) -> None:
        self._own = own
        self._set_aside: dict[int, deque[bytes]] = {}

    def ensure_tag(self, number: int) -> None:
        """The answer to a request is read from now on."""
        self._set_aside.setdefault(number, deque())

    def free_tag(self, number: int) -> None:
        """It is read no longer: what is left of it, as the receipt behind it, is nobody's."""
        self._set_aside.pop(number, None)

    async def get(self, number: int) -> bytes:
        """The next datagram for a request. The kernel has answered when a request is sent, and
        puts the next part of a long answer there when one is read: there is nothing to wait for.

        Raises:
            BlockingIOError: no answer is there.
        """
        if waiting := self._set_aside.get(number):
            return waiting.popleft()
        while True:
            data = self._own.recv(MOST_BYTES, socket.MSG_DONTWAIT)
            of = SEQUENCE.unpack_from(data)[0]
            if of == number:
                return data
            if of in self._set_aside:
                self._set_aside[of].append(data)


async def _whole(asked: Coroutine[Any, Any, Any]) -> Any:
    """An answer; of one that comes in parts, all of them."""
    answer = await asked
    return [part async for part in answer] if isinstance(answer, AsyncIterator) else answer


def _outcome(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine comes to that never waits for anything."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("pyroute2 waits for something else than the kernel's answer")
