"""Mutated messages of whole sessions: re-INVITE, INFO, REGISTER, challenges, timers."""

from __future__ import annotations

import contextlib
import random
import re
import tracemalloc
from typing import Any

import pytest

from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.digest import Authority, Credentials
from giaoban.mcu_sim.sip.events import (
    IncomingCall,
    InfoReceived,
    Registered,
    Reoffer,
)
from giaoban.mcu_sim.sip.message.addresses import Peer
from giaoban.mcu_sim.sip.registration import Registrar
from tests.mcu_sim import mutations
from tests.mcu_sim.agent_calls import URI, accept_all

SDP = b"v=0 said"


def react(agent: UserAgent, event: Any, rng: random.Random, now_ms: float) -> None:
    match event:
        case IncomingCall(call):
            agent.accept(call, SDP, now_ms)
        case Reoffer(call) if rng.random() < 0.8:
            agent.answer_reoffer(call, SDP, now_ms)
        case Reoffer(call):
            agent.refuse_reoffer(call, 488, "No", now_ms)
        case InfoReceived() if rng.random() < 0.8:
            agent.answer_info(event.request_key, 200, "OK", now_ms)


def pair(seed: int) -> tuple[UserAgent, UserAgent, Registrar]:
    registrar = Registrar(most_users=3)
    authority = Authority("mcu", {"cu-jut": "s3cret"})
    client = UserAgent(
        ("10.68.0.2", 5062),
        random.Random(seed),
        user="cu-jut",
        credentials=Credentials("cu-jut", "s3cret"),
        session_expires_s=90,
    )
    server = UserAgent(
        ("10.67.0.2", 5060),
        random.Random(seed + 1),
        authority=authority,
        registrar=registrar,
        min_se_s=120,
    )
    return client, server, registrar


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(1, 4))]
)
def test_whole_sessions_under_mutation_neither_raise_nor_leak(seed: int, transport: str) -> None:
    rng = random.Random(seed)
    client, server, registrar = pair(seed)
    tail = ";transport=tcp" if transport == "TCP" else ""
    now_ms = 0.0
    kinds: set[type] = set()
    for turn in range(1_500):
        now_ms += rng.choice([10.0, 100.0, 3_000.0])
        if turn % 100 == 0:
            client.register("sip:10.67.0.2" + tail, now_ms)
        if turn % 10 == 0:
            client.call(URI + tail, SDP, now_ms)
        for agent in (client, server):
            standing = [c for c in agent.calls if agent.state(c).name == "ESTABLISHED"]
            if standing and rng.random() < 0.3:
                agent.info(rng.choice(standing), "text/plain", b"x", now_ms)
            if standing and rng.random() < 0.1:
                agent.hang_up(rng.choice(standing), now_ms, "enough")
            if standing and rng.random() < 0.3:
                # an earlier offer may have no answer yet, and the call may just have ended
                with contextlib.suppress(ValueError):
                    agent.reinvite(rng.choice(standing), SDP, now_ms)
        for agent, other, host in ((client, server, "10.68.0.2"), (server, client, "10.67.0.2")):
            source = Peer(host, 5062, transport)  # type: ignore[arg-type]
            events = agent.advance(now_ms)
            for one in agent.outgoing():
                assert 0 < one.target.port < 65_536
                for data in (mutations.text(one.data, rng), one.data):
                    if rng.random() < 0.8:
                        for event in other.receive(data, source, now_ms):
                            kinds.add(type(event))
                            react(other, event, rng, now_ms)
            for event in events:
                kinds.add(type(event))
                react(agent, event, rng, now_ms)
    assert kinds >= {IncomingCall, Reoffer, InfoReceived, Registered}
    assert server.dropped["malformed"] > 20
    assert len(registrar._users) <= 3
    client.unregister(now_ms)
    for agent in (client, server):
        for call in agent.calls:
            agent.hang_up(call, now_ms)
    for agent in (client, server):
        for _ in range(100_000):
            if (at := agent.next_timeout()) is None:
                break
            agent.advance(at)
        assert agent.calls == []
        assert agent.idle


HEADERS = [
    "Session-Expires: {}",
    "Min-SE: {}",
    "Require: {}",
    "Supported: {}",
    "Retry-After: {}",
    "Expires: {}",
    "Contact: <sip:a@10.68.0.9>;expires={}",
    "Authorization: {}",
    "WWW-Authenticate: {}",
    "Content-Type: {}",
    "Reason: {}",
    "Via: {}",
    "Record-Route: {}",
]
VALUES = ["", "0", "9" * 40, "-1", ";", ";;=", "timer", "1;refresher=", '"', "Digest", "*", "\x00"]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("value", VALUES)
def test_odd_headers_in_requests_and_responses(header: str, value: str) -> None:
    client, server, _ = pair(1)
    line = header.format(value).encode() + b"\r\nMax-Forwards:"
    client.register("sip:10.67.0.2", 0.0)
    client.call(URI, SDP, 0.0)
    for turn in range(6):
        for one in client.outgoing():
            for event in server.receive(
                one.data.replace(b"Max-Forwards:", line), Peer("10.68.0.2", 5062), turn
            ):
                react(server, event, random.Random(1), turn)
        for one in server.outgoing():
            head, _, body = one.data.partition(b"\r\n\r\n")
            odd = head + b"\r\n" + header.format(value).encode() + b"\r\n\r\n" + body
            for data in (odd, one.data):
                client.receive(data, Peer("10.67.0.2", 5060), turn)
    for agent in (client, server):
        agent.unregister(10.0)
        for call in agent.calls:
            agent.hang_up(call, 10.0)
        while (at := agent.next_timeout()) is not None:
            agent.advance(at)
        assert agent.idle


def test_a_header_block_of_thousands_of_lines_is_garbage_at_once() -> None:
    _, server, _ = pair(1)
    lines = "".join(f"X{n}: 1\r\n" for n in range(5_000))
    data = f"OPTIONS sip:mcu@10.67.0.2 SIP/2.0\r\n{lines}\r\n".encode()
    assert server.receive(data, Peer("10.68.0.2", 5062), 0.0) == []
    assert server.dropped["garbage"] == 1


SOURCE = Peer("10.68.0.2", 5062)


@pytest.fixture
def samples(make_wire, offer, answer) -> list[bytes]:  # type: ignore[no-untyped-def]
    """Every datagram of a real call."""
    wire = make_wire(seed=4)
    accept_all(wire, answer)
    call = wire.client.call(URI, offer, 0.0)
    wire.run(300.0)
    wire.client.hang_up(call, wire.now_ms)
    wire.run()
    return [data for _, _, data in wire.log]


def test_an_honest_call_gets_through_the_noise(make_wire, samples, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(seed=11)
    rng = random.Random(11)
    honest = []

    def at_server(event: object, now_ms: float) -> None:
        if isinstance(event, IncomingCall):
            honest.append(event.call)
            wire.server.accept(event.call, answer, now_ms)

    wire.on_server_event = at_server
    call = wire.client.call(URI, offer, 0.0)
    for _ in range(500):
        for agent in (wire.client, wire.server):
            noise = mutations.text(rng.choice(samples), rng)
            for event in agent.receive(noise, Peer("10.9.9.9", 9), wire.now_ms):
                if isinstance(event, IncomingCall):
                    agent.refuse(event.call, 486, "Busy Here", wire.now_ms)
        wire.run(wire.now_ms + 10.0)
    assert wire.client.calls == [call]
    assert wire.server.calls == honest


def test_an_answer_with_a_star_for_contact_is_garbage(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire.client.call(URI, offer, 0.0)
    wire.run(10.0)
    wire.server.accept(wire.server_events[0].call, answer, 10.0)
    [ok] = wire.server.outgoing()
    starred = re.sub(rb"Contact: .*", b"Contact: *", ok.data)
    assert wire.client.receive(starred, Peer("10.67.0.2", 5060), 20.0) == []
    assert wire.client.dropped["garbage"] == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [(rb"Via: .*", b"Via: nothing"), (rb"From: .*", b"From: <nobody"), (rb"To: .*", b"To: <")],
)
def test_bad_messages_are_not_kept_in_memory(samples, old: bytes, new: bytes) -> None:  # type: ignore[no-untyped-def]
    # sipmessage raises one and the same exception object for each bad header; its traceback
    # would grow by every message and hold on to it.
    server = UserAgent(("10.67.0.2", 5060), random.Random(1))
    bad = re.sub(old, new, samples[0]) + b"x" * 5000

    def feed() -> None:
        for _ in range(300):
            server.receive(bad, SOURCE, 0.0)
            server.outgoing()

    feed()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    feed()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 20_000
