"""Real sockets on the loopback: UDP, TCP both ways, and peers that behave badly."""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Callable, Iterator

import pytest

from giaoban.mcu_sim.sip.message import Peer
from giaoban.mcu_sim.sip.transport.sockets import SipSockets
from tests.mcu_sim.sockets_factory import (
    HOST,
    message,
    take,
    tcp,
    until,
)

pytestmark = pytest.mark.realtime

DSCP = 26
PING, PONG = b"\r\n\r\n", b"\r\n"
Make = Callable[..., SipSockets]
Dial = Callable[..., socket.socket]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes sockets, and closes them in the end."""
    with contextlib.ExitStack() as stack:

        def new(*, tcp: bool = True, **more: int) -> SipSockets:
            one = SipSockets(HOST, 0, dscp=DSCP, tcp=tcp, **more)
            stack.callback(one.close)
            return one

        yield new


@pytest.fixture
def mcu(make: Make) -> SipSockets:
    return make()


@pytest.fixture
def dial() -> Iterator[Dial]:
    """Opens connections from a host, and closes them in the end."""
    with contextlib.ExitStack() as stack:

        def new(owner: SipSockets, host: str = HOST) -> socket.socket:
            sock = socket.create_connection(owner.local, 5, source_address=(host, 0))
            return stack.enter_context(sock)

        yield new


@pytest.mark.parametrize("with_tcp", [True, False])
def test_datagrams_come_and_go_and_are_counted(make: Make, with_tcp: bool) -> None:
    one, other = make(tcp=with_tcp), make(tcp=with_tcp)
    assert select.select([other], [], [], 0)[0] == []
    for number in range(20):
        assert one.send(b"%d" % number, Peer(*other.local))
    assert select.select([other], [], [], 5)[0] == [other]
    assert other.receive() == [(b"%d" % n, Peer(*one.local, "UDP")) for n in range(20)]
    assert other.receive() == []
    assert select.select([other], [], [], 0)[0] == []
    assert (one.sent, one.received, other.sent, other.received) == (20, 0, 0, 20)


@pytest.mark.parametrize(
    "target",
    [
        Peer("localhost", 5060),
        Peer("pc.example.vn", 5060, "TCP"),
        Peer("::1", 5060),
        Peer("", 5060),
        Peer("127.1", 5060),
        Peer("10.0.0.1\0", 5060),
        Peer("\ud800", 5060),
        Peer(HOST, 0),
        Peer(HOST, 65_536, "TCP"),
        Peer("255.255.255.255", 5060),
        Peer("255.255.255.255", 5060, "TCP"),
    ],
)
def test_what_cannot_be_sent_is_counted_and_no_name_is_looked_up(
    mcu: SipSockets, target: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    assert not mcu.send(message(), target)
    assert (mcu.unsendable, mcu.sent, len(mcu._connections)) == (1, 0, 0)


def test_a_message_opens_a_connection_and_the_answer_comes_back_on_it(
    make: Make,
) -> None:
    one, other = make(), make()
    assert one.send(message(b"1"), tcp(other))
    assert one.send(message(b"2"), tcp(other))
    came = take(2, other, one)
    assert [data for data, _ in came] == [message(b"1"), message(b"2")]
    peer = came[0][1]
    assert peer.transport == "TCP"
    assert peer.port != one.local[1]
    assert other.send(message(b"3"), peer)
    assert take(1, one, other) == [(message(b"3"), tcp(other))]
    assert (len(one._connections), len(other._connections)) == (1, 1)
    assert (one.sent, one.received, other.sent, other.received) == (2, 1, 1, 2)


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
    came += until(lambda _: len(mcu._connections) == 0, mcu)
    assert [one for one, _ in came] == [message(b"good")]
    with contextlib.suppress(ConnectionResetError):
        assert phone.recv(10) == b""
