"""Packets leave in order of their times, and what was late is counted."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from giaoban.traffic.batch import SOCKADDR_IN, SendBatch, media_socket, sockaddr
from giaoban.traffic.sender.pacing import KernelPacer, LoopPacer, Pacer

HERE = "127.0.0.1"
MS = 1_000_000


class Wire:
    """Two sending sockets and a receiving one."""

    def __init__(self) -> None:
        self.senders = [media_socket(HERE, 0, dscp=0) for _ in range(2)]
        self.sink = media_socket(HERE, 0, dscp=0)
        self.ports = [sock.getsockname()[1] for sock in self.senders]

    def send(
        self, pacer: Pacer, numbers: list[int], times: list[int], sender: int = 0, to: str = HERE
    ) -> None:
        """Packets of one number each, due at these times."""
        n = len(numbers)
        batch = SendBatch(max(n, 1), 8)
        batch.data[:n, 0] = numbers
        where = np.full(n, sockaddr(to, self.sink.getsockname()[1]), SOCKADDR_IN)
        lengths, due = np.full(n, 3), np.array(times, np.int64)
        pacer.send(self.senders[sender].fileno(), batch, lengths, due, where)
        batch.data[:] = 255  # the pacer has it by now

    def got(self) -> list[tuple[int, int]]:
        """(sender, number) of what has come."""
        found = []
        while True:
            try:
                data, source = self.sink.recvfrom(100)
            except BlockingIOError:
                return found
            assert len(data) == 3
            found.append((self.ports.index(source[1]), data[0]))

    def close(self) -> None:
        for sock in (*self.senders, self.sink):
            sock.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


def numbers(got: list[tuple[int, int]], sender: int = 0) -> list[int]:
    return [number for by, number in got if by == sender]


def test_nothing_leaves_before_it_is_due(wire: Wire) -> None:
    pacer = LoopPacer(8)
    wire.send(pacer, [1, 2, 3], [30 * MS, 10 * MS, 20 * MS])
    pacer.flush(9 * MS)
    assert wire.got() == []
    pacer.flush(10 * MS)
    assert numbers(wire.got()) == [2]
    pacer.flush(100 * MS)
    assert numbers(wire.got()) == [3, 1]
    pacer.flush(200 * MS)
    assert wire.got() == []


def test_order_is_that_of_the_times_and_then_of_coming(wire: Wire) -> None:
    pacer = LoopPacer(8)
    wire.send(pacer, [1, 2, 3], [5, 5, 4])
    wire.send(pacer, [9], [5], sender=1)
    wire.send(pacer, [4, 5], [5, 3])
    pacer.flush(5)
    got = wire.got()
    assert numbers(got) == [5, 3, 1, 2, 4]
    assert numbers(got, 1) == [9]


def test_what_is_late_is_counted(wire: Wire) -> None:
    pacer = LoopPacer(8, tolerance_ns=20 * MS)
    wire.send(pacer, [1, 2, 3], [0, 10 * MS, 40 * MS])
    pacer.flush(30 * MS)
    assert (pacer.late, pacer.worst_late_ns) == (1, 30 * MS)
    pacer.flush(60 * MS)
    assert (pacer.late, pacer.worst_late_ns) == (1, 30 * MS)


def test_a_borrowed_batch_is_the_pacers_until_all_of_it_has_left(wire: Wire) -> None:
    pacer = LoopPacer(8)
    fd = wire.senders[0].fileno()
    to = np.full(2, sockaddr(HERE, wire.sink.getsockname()[1]), SOCKADDR_IN)
    first = pacer.borrow(2)
    assert pacer.borrow(2) is first  # nothing was sent of it
    first.data[:2, 0] = [1, 2]
    pacer.send(fd, first, np.full(2, 3), np.array([20, 10]), to)
    second = pacer.borrow(2)
    assert second is not first
    second.data[:2, 0] = [3, 4]
    pacer.send(fd, second, np.full(2, 3), np.array([15, 30]), to)
    pacer.flush(19)
    assert numbers(wire.got()) == [2, 3]
    third = pacer.borrow(2)
    assert third is not first
    assert third is not second
    pacer.flush(20)
    assert numbers(wire.got()) == [1]
    assert pacer.borrow(2) is third
    wire.send(pacer, [5], [25])
    pacer.flush(30)
    assert numbers(wire.got()) == [5, 4]
    assert KernelPacer().borrow(2) is None


def test_what_waits_for_a_closed_socket_is_dropped(wire: Wire) -> None:
    pacer = LoopPacer(8)
    wire.send(pacer, [1, 2], [5, 6])
    wire.send(pacer, [3], [5], sender=1)
    pacer.forget(wire.senders[0].fileno())
    pacer.flush(10)
    assert wire.got() == [(1, 3)]


def test_the_kernel_has_it_at_once_and_what_it_got_too_late_is_counted(wire: Wire) -> None:
    """The loopback has no queue that paces: what is sent arrives."""
    pacer = KernelPacer()
    now = time.monotonic_ns()
    wire.send(pacer, [1, 2, 3], [now - 50 * MS, now + 3_600_000 * MS, now - 10 * MS])
    wire.send(pacer, [], [])
    deadline = time.monotonic() + 10
    got: list[int] = []
    while len(got) < 3 and time.monotonic() < deadline:
        got += numbers(wire.got())
    assert got == [1, 2, 3]
    assert pacer.late == 0
    pacer.flush(now)
    assert pacer.late == 2
    assert 50 * MS <= pacer.worst_late_ns < 60_000 * MS
    pacer.flush(now)
    assert pacer.late == 2
    pacer.forget(wire.senders[0].fileno())
