"""Peers that speak no SIP, say nothing, or want more connections than they may have."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterator

import pytest

from mcu_sim.sip.message.addresses import Peer
from mcu_sim.sip.transport import connection, sockets
from mcu_sim.sip.transport.connection import PING, PONG
from mcu_sim.sip.transport.sockets import SipSockets
from tests.loopback import local_address
from tests.mcu_sim.sockets_factory import (
    HOST,
    Clock,
    Dial,
    Make,
    dials,
    message,
    sockets_made,
    take,
    tcp,
    until,
    waiting,
)

pytestmark = pytest.mark.realtime


@pytest.fixture
def make() -> Iterator[Make]:
    yield from sockets_made()


@pytest.fixture
def mcu(make: Make) -> SipSockets:
    return make()


@pytest.fixture
def dial() -> Iterator[Dial]:
    yield from dials()


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"x" * 70_000,
    ],
)
def test_what_is_no_sip_is_hung_up_on(mcu: SipSockets, dial: Dial, data: bytes) -> None:
    phone = dial(mcu)
    phone.sendall(message(b"good") + data)
    came = take(1, mcu)
    came += until(lambda _: mcu.connections == 0, mcu)
    assert [one for one, _ in came] == [message(b"good")]
    with contextlib.suppress(ConnectionResetError):
        assert phone.recv(10) == b""


def test_who_speaks_something_else_is_hung_up_on_at_its_first_byte_and_named(
    mcu: SipSockets, dial: Dial
) -> None:
    for data, name in ((b"\x16", "TLS"), (b"\x03", "H.323"), (b"GET / HTTP/1.1\r\n", "HTTP")):
        for _ in range(3):
            phone = dial(mcu)
            phone.sendall(data)
            until(lambda _: mcu.connections == 1, mcu)
            assert until(lambda _: mcu.connections == 0, mcu) == []
        [(peer, spoken)] = mcu.take_other_protocols()  # once for each address
        assert (peer.host, spoken) == (HOST, name)
    assert mcu.take_other_protocols() == []
    assert mcu.other_protocols == {"TLS": 3, "H.323": 3, "HTTP": 3}


def test_a_message_whose_length_is_not_known_can_still_be_refused(
    mcu: SipSockets, dial: Dial
) -> None:
    phone = dial(mcu)
    broken = message(b"")[:-4] + b"\r\nl: 1\r\n\r\n"
    phone.sendall(broken + message(b"is never read"))
    [(came, peer)] = take(1, mcu)
    assert came == broken
    assert mcu.send(b"no" * 100_000, peer)
    until(lambda _: mcu.connections == 0, mcu)
    phone.settimeout(5)
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while data := phone.recv(1 << 20):
            said += data
    assert said[:2] == b"no"
    assert mcu.other_protocols == {}


def test_no_more_connections_than_allowed(make: Make, dial: Dial) -> None:
    one, other = make(most_connections=2), make()
    phones = [dial(one) for _ in range(3)]
    until(lambda _: one.refused == 1, one)
    assert one.connections == 2
    assert not one.send(message(), tcp(other))
    assert one.unsendable == 1
    phones[0].close()
    until(lambda _: one.connections == 1, one)
    assert one.send(message(), tcp(other))
    assert [data for data, _ in take(1, other, one)] == [message()]


def test_one_host_leaves_connections_to_others(make: Make, dial: Dial) -> None:
    mcu = make(most_connections=4, most_of_one_host=2)
    for _ in range(4):
        dial(mcu)
    until(lambda _: mcu.refused == 2, mcu)
    assert mcu.connections == 2
    for _ in range(2):
        dial(mcu, local_address(7))
    until(lambda _: mcu.connections == 4, mcu)
    assert mcu.refused == 2


def test_silent_connections_are_closed_and_used_ones_stay(
    mcu: SipSockets, dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(sockets, "time", clock)
    mute, half, spoken = dial(mcu), dial(mcu), dial(mcu)
    half.sendall(b"INVITE sip:")
    spoken.sendall(message())
    take(1, mcu)
    until(lambda _: mcu.connections == 3, mcu)
    clock.now_s += connection.HURRY_S - 1
    half.sendall(b"a")  # another byte gains no time
    other = dial(mcu)
    until(lambda _: mcu.connections == 4, mcu)
    clock.now_s += 2
    other.sendall(message())
    take(1, mcu)
    assert mcu.connections == 2
    assert (mute.recv(1), half.recv(1)) == (b"", b"")
    clock.now_s += connection.IDLE_S - 10
    spoken.sendall(PING)  # a ping is a sign of life
    until(lambda _: waiting(spoken) == PONG, mcu)
    clock.now_s += 20
    spoken.sendall(message())
    take(1, mcu)
    assert mcu.connections == 1
    assert other.recv(1) == b""


def test_without_descriptors_a_caller_is_turned_away(mcu: SipSockets, dial: Dial) -> None:
    phone = dial(mcu)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(phone.fileno())
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, limits[1]))
    try:
        assert mcu.receive() == []
        assert not mcu.send(message(), Peer(HOST, 5, "TCP"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert (mcu.refused, mcu.connections, mcu.unsendable) == (1, 0, 1)
    assert phone.recv(1) == b""
    dial(mcu)
    until(lambda _: mcu.connections == 1, mcu)
