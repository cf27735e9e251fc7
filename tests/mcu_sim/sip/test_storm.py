"""Two agents that do everything at random over good and bad wires: order of events, no leaks."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import pytest

from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.call import CallState
from giaoban.mcu_sim.sip.digest import Authority, Credentials
from giaoban.mcu_sim.sip.events import (
    CallEnded,
    CallEstablished,
    CallFailed,
    IncomingCall,
    InfoAnswered,
    InfoReceived,
    InviteAccepted,
    InviteRefused,
    InviteTimedOut,
    Reoffer,
    ReofferAnswered,
    ReofferRefused,
    ReofferWithdrawn,
)

WITHIN = (Reoffer, ReofferAnswered, ReofferRefused, ReofferWithdrawn, InfoReceived, InfoAnswered)


class Owner:
    """Does at random what an owner may do, and checks that its agent may do what it does."""

    def __init__(self, agent: UserAgent, other: str, rng: random.Random) -> None:
        self.agent = agent
        self.other = other
        self.rng = rng
        self.stage: dict[str, str] = defaultdict(str)
        self.offered: set[str] = set()
        self.count = 0
        self.kinds: set[type] = set()

    def on_event(self, event: Any, now_ms: float) -> None:
        self.kinds.add(type(event))
        agent, call, rng = self.agent, event.call, self.rng
        stage = self.stage[call]
        match event:
            case IncomingCall():
                assert stage == ""
                self.stage[call] = "ringing"
                if rng.random() < 0.15:
                    self.stage[call] = "over"
                    agent.refuse(call, 486, "Busy Here", now_ms)
                elif rng.random() < 0.9:
                    self.stage[call] = "accepted"
                    agent.accept(call, self.sdp(), now_ms)
            case CallEstablished():
                assert stage == "accepted"
                self.stage[call] = "standing"
            case InviteAccepted():
                assert stage == "calling"
                self.stage[call] = "standing"
            case CallFailed():
                assert stage in ("ringing", "accepted")
                self.stage[call] = "over"
            case InviteRefused() | InviteTimedOut():
                assert stage == "calling"
                self.stage[call] = "over"
            case CallEnded():
                assert stage in ("accepted", "standing")
                self.stage[call] = "over"
                self.offered.discard(call)
            case _:
                assert isinstance(event, WITHIN)
                assert stage == "standing", event
                self.within(event, now_ms)
        if self.stage[call] == "over":
            assert agent.state(call) is CallState.DONE

    def within(self, event: Any, now_ms: float) -> None:
        match event:
            case Reoffer(call):
                if self.rng.random() < 0.7:
                    self.agent.answer_reoffer(call, self.sdp(), now_ms)
                else:
                    self.agent.refuse_reoffer(call, 488, "No", now_ms)
            case ReofferAnswered(call, sdp, refresh):
                assert sdp is not None
                if not refresh:
                    self.offered.remove(call)
            case ReofferRefused(call):
                self.offered.remove(call)
            case InfoReceived() if self.rng.random() < 0.8:
                self.agent.answer_info(event.request_key, 200, "OK", now_ms)

    def act(self, now_ms: float) -> None:
        rng, agent = self.rng, self.agent
        standing = [call for call, stage in self.stage.items() if stage == "standing"]
        kind = rng.randrange(6)
        if kind < 2 or not standing:
            self.stage[agent.call(self.other, self.sdp(), now_ms)] = "calling"
            return
        call = rng.choice(standing)
        if kind == 2 and call not in self.offered:
            self.offered.add(call)
            agent.reinvite(call, self.sdp(), now_ms)
        elif kind == 3:
            agent.info(call, "text/plain", b"x", now_ms)
        elif kind == 4:
            live = [one for one, stage in self.stage.items() if stage not in ("", "over")]
            call = rng.choice(live)
            agent.hang_up(call, now_ms, rng.choice([None, "enough"]))
            self.stage[call] = "over"
            self.offered.discard(call)

    def sdp(self) -> bytes:
        self.count += 1
        return b"v=0 %d" % self.count


@pytest.mark.parametrize("tail", ["", ";transport=tcp"])
@pytest.mark.parametrize("loss", [0.0, 0.15, 0.5])
@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 5))]
)
def test_events_come_in_order_and_nothing_is_left(make_wire, seed, loss, tail) -> None:  # type: ignore[no-untyped-def]
    accounts = {"cu-jut": "s3cret"}
    wire = make_wire(
        seed=seed,
        loss=loss,
        duplication=0.2 if loss else 0.0,
        delay_ms=(1.0, 700.0),
        client={"credentials": Credentials("cu-jut", "s3cret"), "session_expires_s": 90},
        server={"authority": Authority("mcu", accounts), "session_expires_s": 600},
    )
    script = random.Random(seed)
    client = Owner(wire.client, "sip:mcu@10.67.0.2" + tail, script)
    server = Owner(wire.server, "sip:cu-jut@10.68.0.2:5062" + tail, script)
    wire.on_client_event, wire.on_server_event = client.on_event, server.on_event
    for _ in range(150):
        wire.run(wire.now_ms + script.uniform(0.0, 3_000.0))
        script.choice([client, server]).act(wire.now_ms)
    wire.run(wire.now_ms + 250_000.0)  # long enough for refreshes and for TimedOut
    for owner in (client, server):
        assert not owner.offered, "an offer without an answer"
        for call in owner.agent.calls:
            owner.agent.hang_up(call, wire.now_ms)
            owner.stage[call] = "over"
    wire.run()
    for owner in (client, server):
        live = {call: stage for call, stage in owner.stage.items() if stage != "over"}
        assert live == {}
        assert owner.agent.calls == []
        assert owner.agent.idle
        assert owner.agent.next_timeout() is None
        assert owner.agent.dropped["garbage"] == owner.agent.dropped["malformed"] == 0
        expected = {
            IncomingCall,
            InviteAccepted,
            CallEstablished,
            InviteRefused,
            Reoffer,
            ReofferAnswered,
        }
        assert owner.kinds >= expected | {InfoReceived, InfoAnswered, CallEnded}
