"""Calls over a wire that loses and reorders: each ends well or fails cleanly, nothing is left."""

from __future__ import annotations

import random

import pytest

from mcu_sim.sip import (
    Answered,
    CallEnded,
    CallEstablished,
    CallFailed,
    IncomingCall,
    Refused,
    TimedOut,
)
from tests.mcu_sim.agent_calls import accept_all

CALLS = 12


@pytest.mark.parametrize("loss", [0.0, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("seed", range(6))
def test_every_call_ends_and_nothing_is_left(make_wire, offer, answer, seed, loss) -> None:  # type: ignore[no-untyped-def]
    # Up to 700 ms of delay is more than T1: datagrams overtake their own retransmissions.
    wire = make_wire(seed=seed, loss=loss, delay_ms=(1.0, 700.0), duplication=0.2)
    script = random.Random(seed)

    def at_server(event: object, now_ms: float) -> None:
        match event:
            case IncomingCall(call=call):
                if script.random() < 0.25:
                    wire.server.refuse(call, 503, "Resource deficiency", now_ms, 30)
                else:
                    wire.server.accept(call, answer, now_ms)
            case CallEstablished(call=call) if script.random() < 0.3:
                wire.server.hang_up(call, now_ms)

    wire.on_server_event = at_server
    calls = []
    for _ in range(CALLS):
        wire.run(wire.now_ms + script.uniform(0.0, 3000.0))
        calls.append(wire.client.call("sip:mcu@10.67.0.2", offer, wire.now_ms))
        if script.random() < 0.2:
            wire.client.hang_up(script.choice(calls), wire.now_ms)
    wire.run(wire.now_ms + 100_000.0)
    standing = set(wire.client.calls)
    for call in wire.client.calls:
        wire.client.hang_up(call, wire.now_ms)
    wire.run()

    ends: dict[str, list[object]] = {call: [] for call in calls}
    answered = set()
    for event in wire.client_events:
        if isinstance(event, Answered):
            answered.add(event.call)
        else:
            assert isinstance(event, Refused | TimedOut | CallEnded)
            ends[event.call].append(event)
    assert all(len(end) <= 1 for end in ends.values())
    for call, end in ends.items():
        assert not (end and call in standing)
        if isinstance(end[:1] and end[0], CallEnded):
            assert call in answered
        if end and isinstance(end[0], Refused):
            assert end[0] == Refused(call, 503, "Resource deficiency", 30)

    begun: dict[str, list[object]] = {}
    for event in wire.server_events:
        if isinstance(event, IncomingCall):
            assert event.call not in begun
            begun[event.call] = []
        else:
            assert isinstance(event, CallEstablished | CallEnded | CallFailed)
            begun[event.call].append(event)
    for story in begun.values():
        kinds = [type(event) for event in story]
        assert kinds in (
            [],
            [CallEstablished],
            [CallEstablished, CallEnded],
            [CallEnded],
            [CallFailed],
        )
    assert wire.client.calls == wire.server.calls == []
    assert (wire.client.idle, wire.server.idle) == (True, True)
    assert wire.client.next_timeout() is wire.server.next_timeout() is None
    assert wire.client.dropped["garbage"] == wire.server.dropped["garbage"] == 0
    if loss == 0.0:
        assert not any(isinstance(event, TimedOut | CallFailed) for event in wire.client_events)


def test_ten_percent_loss_costs_time_but_hardly_a_call(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(seed=9, loss=0.1, delay_ms=(5.0, 20.0))
    accept_all(wire, answer)
    for _ in range(200):
        wire.client.call("sip:mcu@10.67.0.2", offer, wire.now_ms)
        wire.run(wire.now_ms + 20.0)
    wire.run(wire.now_ms + 70_000.0)
    assert sum(isinstance(event, Answered) for event in wire.client_events) == 200
    assert sum(isinstance(event, CallEstablished) for event in wire.server_events) == 200
    assert len(wire.sent("client", "INVITE")) > 210  # some were lost and sent again
    assert len(wire.server.calls) == 200
    assert wire.client.transactions == wire.server.transactions == 0


def test_many_calls_at_once_do_not_slow_each_other(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(seed=2)
    accept_all(wire, answer)
    for _ in range(500):
        wire.client.call("sip:mcu@10.67.0.2", offer, 0.0)
    wire.run(30.0)
    assert len(wire.server.calls) == 500
    assert wire.now_ms == 30.0
    assert len(wire.sent("client", "ACK")) == 500
