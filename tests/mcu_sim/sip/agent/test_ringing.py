"""100 and 180 before the 200 (RFC 3261 §13.3.1.1, §17.2.1), where the agent is told to ring."""

from __future__ import annotations

from typing import Any

import pytest

from mcu_sim.sip import Answered
from tests.mcu_sim.agent_calls import URIS, accept_all


def codes(wire: Any) -> list[str]:
    return [text.split(" ")[1] for text in wire.texts("server", "SIP/2.0")]


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize(("rings", "said"), [(True, ["100", "180", "200"]), (False, ["200"])])
def test_a_caller_hears_it_ring(make_wire, offer, answer, transport, rings, said) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(
        client={"session_expires_s": None}, server={"rings": rings, "session_expires_s": None}
    )
    accept_all(wire, answer)
    call = wire.client.call(URIS[transport], offer, 0.0)
    wire.run(100.0)
    assert codes(wire) == said
    assert wire.client_events == [Answered(call, answer)]
    if rings:
        trying, ringing, ok = wire.texts("server", "SIP/2.0")
        to = [next(line for line in t.split("\r\n") if line[:3] == "To:") for t in (ringing, ok)]
        assert ";tag=" in to[0]
        assert to[0] == to[1]
        assert ";tag=" not in trying.split("\r\nCall-ID")[0].split("\r\nTo:")[1]
        assert "\r\nContact: <sip:mcu@10.67.0.2:5060" in ringing
    wire.client.hang_up(call, wire.now_ms)
    wire.run()
    assert wire.client.idle
    assert wire.server.idle


def test_a_refused_call_never_rings_and_a_repeated_invite_is_told_again(make_wire, offer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(server={"rings": True})
    wire.client.call(URIS["UDP"], offer, 0.0)
    [invite] = wire.client.outgoing()
    [incoming] = wire.server.receive(invite.data, ("10.68.0.2", 5062), 0.0)
    [trying] = wire.server.outgoing()
    assert trying.data.startswith(b"SIP/2.0 100 Trying\r\n")
    assert wire.server.receive(invite.data, ("10.68.0.2", 5062), 1.0) == []
    assert wire.server.outgoing() == [trying]
    wire.server.refuse(incoming.call, 486, "Busy Here", 2.0)
    assert [one.data[:11] for one in wire.server.outgoing()] == [b"SIP/2.0 486"]
