"""Real sockets on the loopback: what goes out in one call comes in in one call."""

from __future__ import annotations

import errno
import itertools
import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from giaoban.traffic.batch import (
    MAX_MESSAGES,
    SOCKADDR_IN,
    ReceiveBatch,
    SendBatch,
    media_socket,
    sockaddr,
    try_to_send,
)
from tests.loopback import udp_socket
from tests.processes import PATIENCE_S

HERE = "127.0.0.1"


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with media_socket(HERE, 0, dscp=34) as sock:
        yield sock


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with media_socket(HERE, 0, dscp=46) as sock:
        yield sock


def fill(batch: SendBatch, n: int, seed: int = 1) -> tuple[NDArray[np.int64], list[bytes]]:
    """Random datagrams of random lengths in the first n rows: (lengths, contents)."""
    rng = np.random.default_rng(seed)
    batch.data[:n] = rng.integers(0, 256, (n, batch.data.shape[1]), np.uint8)
    lengths = rng.integers(0, batch.data.shape[1] + 1, n)
    return lengths, [batch.data[i, :m].tobytes() for i, m in enumerate(lengths)]


def collect(
    sock: socket.socket, want: int, inbox: ReceiveBatch
) -> tuple[list[bytes], list[int], list[tuple[int, int]], int]:
    """Contents, arrival times, sources (address, port), overflow count of `want` datagrams."""
    contents: list[bytes] = []
    arrivals: list[int] = []
    sources: list[tuple[int, int]] = []
    overflowed = 0
    until = time.monotonic() + PATIENCE_S
    while len(contents) < want and time.monotonic() < until:
        got = inbox.receive(sock.fileno())
        contents += [got.data[i, :m].tobytes() for i, m in enumerate(got.lengths)]
        arrivals += got.arrival_ns.tolist()
        sources += [(int(s["address"]), int(s["port"])) for s in got.sources]
        overflowed = max(overflowed, got.overflowed)
    return contents, arrivals, sources, overflowed


@pytest.mark.parametrize("n", [1, 2, 300])
def test_datagrams_arrive_in_order_with_their_content(
    sender: socket.socket, receiver: socket.socket, n: int
) -> None:
    sender.connect(receiver.getsockname())
    batch = SendBatch(300, 1212)
    lengths, contents = fill(batch, n)
    before = time.monotonic_ns()
    batch.send(sender.fileno(), lengths)
    got, arrivals, sources, overflowed = collect(receiver, n, ReceiveBatch(300, 1212))
    after = time.monotonic_ns()
    assert got == contents
    assert overflowed == 0
    assert set(sources) == {(0x7F000001, sender.getsockname()[1])}
    # the two clocks are not read in one moment
    assert all(before - 10**6 < arrival < after + 10**6 for arrival in arrivals)
    assert all(a <= b for a, b in itertools.pairwise(arrivals))


def test_more_than_the_kernel_takes_in_one_call() -> None:
    n = 2 * MAX_MESSAGES + 500
    with (
        media_socket(HERE, 0, dscp=0, buffer_bytes=64 << 20) as source,
        media_socket(HERE, 0, dscp=0, buffer_bytes=64 << 20) as sink,
    ):
        source.connect(sink.getsockname())
        batch = SendBatch(n, 64)
        inbox = ReceiveBatch(n, 64)
        assert inbox.capacity == MAX_MESSAGES
        lengths, contents = fill(batch, n)
        got: list[bytes] = []
        # in shares that even a buffer of the default size holds, the last of more than one call
        for start in range(0, n, 100):
            part = SendBatch(100, 64)
            rows = slice(start, min(n, start + 100))
            part.data[: rows.stop - start] = batch.data[rows]
            part.send(source.fileno(), lengths[rows])
            got += collect(sink, rows.stop - start, inbox)[0]
        assert got == contents
        # all at once; what the buffer cannot hold is counted, not forgotten
        batch.send(source.fileno(), lengths)
        at_once: list[bytes] = []
        while len(share := inbox.receive(sink.fileno())):
            assert len(share) <= MAX_MESSAGES
            at_once += [share.data[i, :m].tobytes() for i, m in enumerate(share.lengths)]
        assert len(at_once) > MAX_MESSAGES
        assert at_once == contents[: len(at_once)]


def test_each_datagram_goes_to_its_own_destination(sender: socket.socket) -> None:
    with media_socket(HERE, 0, dscp=0) as first, media_socket(HERE, 0, dscp=0) as second:
        sinks = [first, second]
        to = np.zeros(2, SOCKADDR_IN)
        for i, sink in enumerate(sinks):
            to[i] = sockaddr(HERE, sink.getsockname()[1])
        batch = SendBatch(50, 100)
        lengths, contents = fill(batch, 50)
        where = np.random.default_rng(2).integers(0, 2, 50)
        batch.send(sender.fileno(), lengths, None, to[where])
        for i, sink in enumerate(sinks):
            expected = [c for c, w in zip(contents, where, strict=True) if w == i]
            assert collect(sink, len(expected), ReceiveBatch(50, 100))[0] == expected


def test_a_datagram_longer_than_the_room_for_it_is_an_error(
    sender: socket.socket, receiver: socket.socket
) -> None:
    sender.connect(receiver.getsockname())
    sender.send(bytes(100))
    sender.send(bytes(101))
    assert ReceiveBatch(1, 100).receive(receiver.fileno()).lengths.tolist() == [100]
    with pytest.raises(OSError, match="longer than the buffer") as caught:
        ReceiveBatch(1, 100).receive(receiver.fileno())
    assert caught.value.errno == errno.EMSGSIZE


def test_a_datagram_that_is_too_long_may_be_given_with_no_length(
    sender: socket.socket, receiver: socket.socket
) -> None:
    """Of sockets that anyone can send to: those before and after it come as they are."""
    sender.connect(receiver.getsockname())
    for size in (100, 101, 9000, 0, 7):
        sender.send(bytes([size % 251]) * size)
    inbox = ReceiveBatch(10, 100, cut_long=True)
    lengths: list[int] = []
    until = time.monotonic() + PATIENCE_S
    while len(lengths) < 5 and time.monotonic() < until:
        lengths += inbox.receive(receiver.fileno()).lengths.tolist()
    assert lengths == [100, 0, 0, 0, 7]


def test_what_cannot_be_sent_may_be_skipped(sender: socket.socket, receiver: socket.socket) -> None:
    """The others go out, in order, wherever in the batch it is and however often."""
    reachable = sockaddr(*receiver.getsockname())
    nowhere = sockaddr("255.255.255.255", 9)
    for bad in ([], [0], [4], [0, 1, 4], [2, 3], [0, 1, 2, 3, 4]):
        batch = SendBatch(5, 10)
        batch.data[:, 0] = np.arange(5)
        to = np.full(5, reachable)
        to[bad] = nowhere
        times = np.full(5, time.monotonic_ns())
        lengths = np.full(5, 3)
        skipped = batch.send(sender.fileno(), lengths, times, to, skip_unsendable=True)
        assert skipped == len(bad)
        good = [n for n in range(5) if n not in bad]
        got = collect(receiver, len(good), ReceiveBatch(10, 10))[0] if good else []
        assert [data[0] for data in got] == good
        if bad:
            with pytest.raises(OSError, match=f"datagram {bad[0]} of 5"):
                batch.send(sender.fileno(), lengths, times, to)
            sent = collect(receiver, bad[0], ReceiveBatch(10, 10))[0] if bad[0] else []
            assert [data[0] for data in sent] == list(range(bad[0]))


@pytest.fixture
def nobody_there() -> Iterator[socket.socket]:
    """Connected to a port that has been closed: ICMP tells the sender so after each datagram."""
    with udp_socket(HERE) as gone, media_socket(HERE, 0, dscp=34) as sock:
        sock.connect(gone.getsockname())
        gone.close()
        yield sock


def test_the_networks_complaint_of_an_earlier_datagram_costs_no_other(
    nobody_there: socket.socket,
) -> None:
    batch, inbox = SendBatch(4, 64), ReceiveBatch(4, 64)
    lengths = np.full(4, 10)
    assert batch.send(nobody_there.fileno(), lengths) == 0
    assert batch.send(nobody_there.fileno(), lengths) == 0
    assert try_to_send(lambda: nobody_there.send(b"one more"))
    assert len(inbox.receive(nobody_there.fileno())) == 0
    nobody_there.send(b"nothing is left of it")


def test_what_a_full_buffer_lost_is_counted(sender: socket.socket) -> None:
    with media_socket(HERE, 0, dscp=0, buffer_bytes=4096) as sink:
        sender.connect(sink.getsockname())
        batch, inbox = SendBatch(200, 1000), ReceiveBatch(200, 1000)
        batch.send(sender.fileno(), np.full(200, 1000))
        kept = len(inbox.receive(sink.fileno()))
        assert 0 < kept < 200
        # the count comes with a datagram that arrives after the loss
        batch.send(sender.fileno(), np.full(1, 1000))
        assert collect(sink, 1, inbox)[3] == 200 - kept


def test_a_port_in_use_is_an_error_and_leaves_no_socket_open(sender: socket.socket) -> None:
    with pytest.raises(OSError, match="in use"):  # a leak would be a ResourceWarning, an error here
        media_socket(HERE, sender.getsockname()[1], dscp=0)
