"""SIP over TLS: real sockets on the loopback, peers that behave badly, what an agent says there."""

from __future__ import annotations

import random
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from giaoban.errors import InputError
from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.events import CallEstablished, IncomingCall, InviteAccepted
from giaoban.mcu_sim.sip.message.addresses import Peer
from giaoban.mcu_sim.sip.transport import connection, sockets
from giaoban.mcu_sim.sip.transport.connection import PING, PONG
from giaoban.mcu_sim.sip.transport.sockets import SipSockets
from giaoban.mcu_sim.sip.transport.tls import Tls, load_tls
from tests.certificates import server_certificate
from tests.mcu_sim.sockets_factory import HOST, Came, Clock, message, until

Dial = Callable[[], socket.socket]
Secured = Callable[[socket.socket, Path], ssl.SSLSocket]


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return load_tls(0, *server_certificate(tmp_path, HOST))


@pytest.fixture
def mcu(tls: Tls) -> Iterator[SipSockets]:
    one = SipSockets(HOST, 0, dscp=26, tls=tls, most_of_one_host=20)
    yield one
    one.close()


@pytest.fixture
def dial(mcu: SipSockets) -> Iterator[Dial]:
    """Opens connections to the port for TLS, without a word."""
    dialled: list[socket.socket] = []

    def new() -> socket.socket:
        assert mcu.tls_port is not None
        dialled.append(socket.create_connection((HOST, mcu.tls_port), 5))
        return dialled[-1]

    yield new
    for one in dialled:
        one.close()


def served(mcu: SipSockets, fact: Callable[[Came], object]) -> list[bytes]:
    """Serve until something is so; what came meanwhile, all of it over TLS."""
    came = until(fact, mcu)
    assert {peer.transport for _, peer in came} <= {"TLS"}
    return [data for data, _ in came]


def beside(work: Callable[[], object]) -> threading.Thread:
    """A client's part, which waits, while the MCU is served."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def secured(mcu: SipSockets) -> Iterator[Secured]:
    """The handshake of a client that trusts the certificate."""
    made: list[ssl.SSLSocket] = []

    def new(sock: socket.socket, folder: Path) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(folder / "mcu.crt"))
        thread = beside(lambda: made.append(context.wrap_socket(sock, server_hostname=HOST)))
        served(mcu, lambda _: not thread.is_alive())
        return made[-1]

    yield new
    for one in made:
        one.close()


@pytest.mark.realtime
def test_messages_come_and_go(
    mcu: SipSockets, dial: Dial, secured: Secured, tmp_path: Path
) -> None:
    phone = secured(dial(), tmp_path)
    long = message(b"x" * 60_000)  # several records
    phone.sendall(message() + long[:30_000])
    assert served(mcu, lambda came: came) == [message()]
    phone.sendall(long[30_000:] + PING + message(b"last"))
    assert served(mcu, lambda came: len(came) == 2) == [long, message(b"last")]
    peer = Peer(*phone.getsockname(), "TLS")
    assert mcu.send(b"answer", peer)
    said = b""
    while len(said) < len(PONG) + 6:
        said += phone.recv(100)
    assert said == PONG + b"answer"
    assert phone.version() in ("TLSv1.2", "TLSv1.3")
    assert (mcu.tcp_received, mcu.tcp_sent, mcu.connections) == (3, 1, 1)
    phone.close()
    served(mcu, lambda _: mcu.connections == 0)
    # over TLS nothing is opened, and what has no connection is lost
    assert not mcu.send(b"answer", peer)
    assert not mcu.send(b"answer", Peer(*mcu.local, "TLS"))
    assert (mcu.connections, mcu.other_protocols) == (0, {})


@pytest.mark.realtime
def test_who_reads_slowly_gets_all_in_the_end(
    mcu: SipSockets, dial: Dial, secured: Secured, tmp_path: Path
) -> None:
    phone = secured(dial(), tmp_path)
    peer = Peer(*phone.getsockname(), "TLS")
    sent = b""
    for number in range(1000):
        one = message(b"%05d" % number * 10_000)
        if not mcu.send(one, peer):
            break
        sent += one
    assert len(sent) > connection.MOST_QUEUED  # the kernel keeps some, too
    phone.settimeout(5)
    said = b""

    def read() -> None:
        nonlocal said
        while len(said) < len(sent):
            said += phone.recv(65_536)

    thread = beside(read)
    served(mcu, lambda _: not thread.is_alive())
    assert said == sent


@pytest.mark.realtime
def test_who_waits_keeps_nobody_busy_and_is_closed_in_the_end(
    mcu: SipSockets, dial: Dial, secured: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mute, half = dial(), dial()
    half.sendall(b"\x16\x03\x01")  # a ClientHello begins
    served(mcu, lambda _: mcu.connections == 2)
    for _ in range(5):
        time.sleep(0.01)
        mcu.receive()
    assert select.select([mcu], [], [], 0.1)[0] == []
    phone = secured(dial(), tmp_path)  # nobody waits for them
    phone.sendall(message())
    served(mcu, lambda came: came)
    clock = Clock(time.monotonic() + connection.HURRY_S + 1)
    monkeypatch.setattr(sockets, "time", clock)
    phone.sendall(message())
    select.select([mcu], [], [], 5)
    mcu.receive()
    assert mcu.connections == 1
    assert (mute.recv(1), half.recv(1)) == (b"", b"")


@pytest.mark.realtime
@pytest.mark.parametrize(
    "data",
    [message(), b"GET / HTTP/1.1\r\n\r\n", b"\x03\x00\x00\x0b\x06\xe0\0\0\0\0\0", b"\0" * 100],
)
def test_what_is_no_tls_is_hung_up_on_and_named(mcu: SipSockets, dial: Dial, data: bytes) -> None:
    phone = dial()
    phone.sendall(data)
    phone.shutdown(socket.SHUT_WR)
    assert served(mcu, lambda _: mcu.other_protocols or not mcu.connections) == []
    served(mcu, lambda _: mcu.other_protocols)
    assert mcu.other_protocols == {"no TLS": 1}
    assert mcu.connections == 0
    assert [speaks for _, speaks in mcu.take_other_protocols()] == ["no TLS"]


@pytest.mark.realtime
def test_a_client_that_does_not_trust_the_certificate_is_told_of(
    mcu: SipSockets, dial: Dial
) -> None:
    sock, errors = dial(), list[ssl.SSLError]()

    def refuse() -> None:
        try:
            ssl.create_default_context().wrap_socket(sock, server_hostname=HOST)
        except ssl.SSLCertVerificationError as error:
            errors.append(error)

    thread = beside(refuse)
    served(mcu, lambda _: not thread.is_alive() and not mcu.connections)
    assert len(errors) == 1
    [(_, speaks)] = mcu.take_other_protocols()
    assert "unknown ca" in speaks


@pytest.mark.realtime
def test_one_host_has_its_share_of_both_ports_and_few_shake_hands_at_once(
    mcu: SipSockets, dial: Dial
) -> None:
    plain = [socket.create_connection(mcu.local, 5) for _ in range(5)]
    phones = [dial() for _ in range(16)]
    served(mcu, lambda _: mcu.connections + mcu.refused == 21)
    assert (mcu.connections, mcu.refused) == (20, 1)
    context = ssl.create_default_context()
    hellos = []
    for phone in phones[:10]:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        hello = context.wrap_bio(incoming, outgoing, server_hostname=HOST)
        with pytest.raises(ssl.SSLWantReadError):
            hello.do_handshake()
        phone.sendall(outgoing.read())
        hellos.append(hello)
    time.sleep(0.05)

    def answered() -> int:
        return len(select.select(phones[:10], [], [], 0)[0])

    mcu.receive()
    assert 0 < answered() <= sockets._MOST_HANDSHAKES
    served(mcu, lambda _: answered() >= 9)
    for one in plain:
        one.close()


def test_files_that_do_not_serve(tmp_path: Path) -> None:
    certificate, key = server_certificate(tmp_path, HOST)
    key.chmod(0o640)
    with pytest.raises(InputError, match=r"--tls-key = .*: holds a key but others may read it"):
        load_tls(0, certificate, key)
    key.chmod(0o600)
    for one, other in ((certificate, certificate), (key, key)):
        other.chmod(0o600)
        with pytest.raises(InputError, match="are no certificate with its key"):
            load_tls(0, one, other)
    (tmp_path / "other").mkdir()
    _, others = server_certificate(tmp_path / "other", HOST)
    with pytest.raises(InputError, match="key values mismatch"):
        load_tls(0, certificate, others)
    with pytest.raises(InputError, match="no such file"):
        load_tls(0, certificate, tmp_path / "none.key")
    with pytest.raises(InputError, match="--tls-certificate = /dev/zero: is not a regular file"):
        load_tls(0, Path("/dev/zero"), key)
    certificate, key = server_certificate(tmp_path, HOST, b"secret")
    with pytest.raises(InputError, match="has a password"):
        load_tls(0, certificate, key)


# -------------------------------------------------------------------------------- what is said

CALLER = Peer("10.68.0.2", 40_001, "TLS")


def invite(scheme: str, contact: str, transport: str = "TLS") -> bytes:
    return (
        f"INVITE {scheme}:mcu@10.67.0.2 SIP/2.0\r\n"
        f"Via: SIP/2.0/{transport} 10.68.0.2:5061;branch=z9hG4bK{scheme}\r\n"
        f"From: <sip:x@10.68.0.2>;tag=f\r\nTo: <{scheme}:mcu@10.67.0.2>\r\n"
        f"Call-ID: tls\r\nCSeq: 1 INVITE\r\nContact: <{contact}>\r\n"
        "Content-Type: application/sdp\r\nContent-Length: 3\r\n\r\nv=0"
    ).encode()


@pytest.mark.parametrize(
    ("scheme", "contact", "own"),
    [
        ("sip", "sip:x@10.68.0.2:5061;transport=tls", "sip:mcu@10.67.0.2:5071;transport=tls"),
        ("sip", "sip:x@10.68.0.2:5061", "sip:mcu@10.67.0.2:5071;transport=tls"),
        ("sips", "sips:x@10.68.0.2:5061", "sips:mcu@10.67.0.2:5071"),
    ],
)
def test_a_call_over_tls_stays_on_its_connection(scheme: str, contact: str, own: str) -> None:
    agent = UserAgent(("10.67.0.2", 5060), random.Random(1), tls_port=5071, session_expires_s=600)
    [incoming] = agent.receive(invite(scheme, contact), CALLER, 0.0)
    assert isinstance(incoming, IncomingCall)
    agent.accept(incoming.call, b"v=0 yes", 0.0)
    [ok] = agent.outgoing()
    assert ok.target == CALLER
    assert f"\r\nContact: <{own}>\r\n" in ok.data.decode()
    ack = (
        invite(scheme, contact)
        .replace(b"INVITE", b"ACK")
        .replace(b"h: 3\r\n\r\nv=0", b"h: 0\r\n\r\n")
    )
    to = f"<{scheme}:mcu@10.67.0.2>"
    ack = ack.replace(f"To: {to}".encode(), f"To: {to};tag={incoming.call}".encode())
    assert agent.receive(ack, CALLER, 10.0) == [CallEstablished(incoming.call, None)]
    agent.reinvite(incoming.call, b"v=0 more", 20.0)
    [sent] = agent.outgoing()
    text = sent.data.decode()
    assert sent.target == CALLER
    assert text.startswith(f"INVITE {contact} SIP/2.0\r\nVia: SIP/2.0/TLS 10.67.0.2:5071;branch=")
    assert f"\r\nContact: <{own}>\r\n" in text


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_sips_needs_tls(transport: str) -> None:
    agent = UserAgent(("10.67.0.2", 5060), random.Random(1), tls_port=5071)
    source = Peer("10.68.0.2", 5062, "UDP" if transport == "UDP" else "TCP")
    assert agent.receive(invite("sips", "sips:x@10.68.0.2", transport), source, 0.0) == []
    [sent] = agent.outgoing()
    assert sent.data.startswith(b"SIP/2.0 416 ")
    with pytest.raises(ValueError, match="needs TLS"):
        agent.call("sips:x@10.68.0.2", b"v=0", 0.0, source)


def test_a_member_that_registered_over_tls_is_called_there() -> None:
    agent = UserAgent(("10.67.0.2", 5060), random.Random(1), tls_port=5071)
    call = agent.call("sips:x@10.68.0.2:5061", b"v=0", 0.0, CALLER)
    [sent] = agent.outgoing()
    assert sent.target == CALLER
    assert b"\r\nContact: <sips:mcu@10.67.0.2:5071>\r\n" in sent.data
    head, _, _ = sent.data.decode().partition("\r\n\r\n")
    lines = [x for x in head.split("\r\n") if x.startswith(("Via:", "From:", "Call-ID:", "CSeq:"))]
    to = next(x for x in head.split("\r\n") if x.startswith("To:"))
    answer = "\r\n".join(
        [
            *("SIP/2.0 200 OK", *lines, f"{to};tag=t", "Contact: <sips:x@10.68.0.2:5061>"),
            *("Content-Type: application/sdp", "Content-Length: 3", "", "v=0"),
        ]
    )
    assert agent.receive(answer.encode(), CALLER, 10.0) == [InviteAccepted(call, b"v=0")]
    [ack] = agent.outgoing()
    assert ack.target == CALLER
