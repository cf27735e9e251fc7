"""10,000 broken messages and packets into a whole MCU, at night 100,000, while good calls go on.

Nothing is raised, the good calls are heard and seen as before, what is sent can be read, and in the
end nothing is left: no call, unit, port, row, transaction, and no memory.
"""

from __future__ import annotations

import gc
import itertools
import json
import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.media.ports import PORTS_A_GROUP, SPARE_GROUPS
from giaoban.mcu_sim.server.conference_control import CONTROL_TYPE
from giaoban.mcu_sim.sip.call import CallState
from giaoban.mcu_sim.sip.info import MEDIA_CONTROL_TYPE, picture_fast_update
from giaoban.mcu_sim.sip.message.addresses import Peer
from giaoban.mcu_sim.sip.message.parser import parse
from giaoban.traffic.rtcp import (
    Bye,
    Chunk,
    FullIntraRequest,
    IntraRequest,
    PictureLossIndication,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    pack,
)
from tests.loopback import local_address
from tests.mcu_sim import mutations
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.mcu_harness import McuHarness
from tests.mcu_sim.server_factory import device, meetings
from tests.phone import loudness

MCU, GOOD, BAD, STRANGER = (
    local_address(81),
    local_address(82),
    local_address(82, 2),
    local_address(82, 3),
)
MESSAGES, DIALOGUES, PACKETS = 15_000, 500, 83_500
"""Each dialogue has three broken messages: 100,000 in all."""
VANISH = 15
"""Of the dialogues' calls that stand one in so many ends without a word."""
GROWTH_BYTES = 1 << 20
"""The last twenty thousand leave less than this, with what is kept in any case and is made anew
while it is traced. Whatever is traced takes three times as long."""
ALL: Any = ("audio", "video", "content")


@pytest.fixture
def harness() -> Iterator[McuHarness]:
    held = meetings(
        {"id": "meeting", "chair": "good-1", "floor": "open", "video": "switched"},
        rooms={},
    )
    made = McuHarness(MCU, held, planned_streams={}, guests=40, device=device("rmx-1500-mpmx"))
    yield made
    made.close()


class Recorder:
    """Takes down what bridges say to the MCU."""

    def __init__(self, harness: McuHarness) -> None:
        self.heard: list[bytes] = []
        take = harness.take

        def record(data: bytes, source: Peer) -> None:
            self.heard.append(data)
            take(data, source)

        harness.take = record  # type: ignore[method-assign]


def messages(harness: McuHarness) -> list[bytes]:
    """Every kind of message, of calls that go as they should, plain and encrypted."""
    recorder = Recorder(harness)
    for n, secure in enumerate((False, True)):
        one = Bridge(harness, "model", BAD, kinds=ALL, secure=secure, sip_port=6000 + n)
        one.dial("meeting")
        one.info(MEDIA_CONTROL_TYPE, picture_fast_update())
        for command in ({"command": "queue"}, {"command": "drop", "participant": "good-1"}):
            one.info(CONTROL_TYPE, json.dumps(command).encode())
        one.reoffer(direction=sdp.Direction.SENDONLY)
        one.hang_up()
        one.agent.register(f"sip:{MCU}:5060", harness.now_ms)
        harness.settle()
        one.agent.unregister(harness.now_ms)
        harness.settle()
    invite = next(data for data in recorder.heard if data.startswith(b"INVITE"))
    head = invite.partition(b"\r\n\r\n")[0]
    for method in (b"OPTIONS", b"CANCEL", b"SUBSCRIBE"):
        recorder.heard.append(head.replace(b"INVITE", method) + b"\r\n\r\n")
    harness.take = type(harness).take.__get__(harness)  # type: ignore[method-assign]
    return recorder.heard + [data for data, _ in harness.sent]


def packets(one: Bridge, rng: random.Random) -> list[bytes]:
    """Sound, pictures and control, plain."""
    block = ReportBlock(7, 10, 100, 70_000, 20, 1, 2)
    control = [
        pack((SenderReport(7, 1 << 60, 160, 5, 800, (block,)), _name(7))),
        pack((ReceiverReport(7, (block, block)), _name(7), Bye((7,), "gone"))),
        pack((ReceiverReport(7), _name(7), PictureLossIndication(7, 9))),
        pack((ReceiverReport(7), _name(7), FullIntraRequest(7, (IntraRequest(9, 1),)))),
    ]
    frames = [bytes([kind]) + rng.randbytes(60) for kind in (0x65, 0x41, 0x67, 0x78, 0x7C, 0x1C)]
    media = [one.packet("audio", rng.randbytes(160)) for _ in range(4)]
    media += [one.packet(kind, frame) for kind in ("video", "content") for frame in frames]
    return media + control


def _name(ssrc: int) -> SourceDescription:
    return SourceDescription((Chunk(ssrc, ((1, "bridge"),)),))


class Good:
    """Two calls that go on, and what they hear and see of each other."""

    def __init__(self, harness: McuHarness) -> None:
        self._harness = harness
        self.bridges = [
            Bridge(harness, f"good-{n}", f"{GOOD}{n}", kinds=ALL, secure=n == 2) for n in (1, 2)
        ]
        for one in self.bridges:
            for kind in ALL:
                one.sock(kind)
            one.dial("meeting")

    def check(self) -> None:
        """Each hears the other's tone, and sees its picture."""
        first, second = self.bridges
        for one in self.bridges:
            for kind in ALL:
                one.received(kind)
        for n in range(25):
            first.say(400)
            second.say(600)
            for one in self.bridges:
                one.show(key=n % 5 == 0, mark=one.user[-1:].encode())
            self._harness.run(20)
        for one, own, other in ((first, 400, 600), (second, 600, 400)):
            heard = b"".join(packet[12:] for packet in one.received("audio")[-10:])
            sound = g711.a_law_decode(np.frombuffer(heard, np.uint8))
            assert loudness(sound, other) > 1000
            assert loudness(sound, own) < 200
            assert one.agent.state(one.call) is CallState.ESTABLISHED
        # the speaker's picture goes to the other one
        assert first.received("video") or second.received("video")


class Attack:
    """One seeded attack on an MCU."""

    def __init__(self, harness: McuHarness, seed: int) -> None:
        self.harness = harness
        self.rng = random.Random(seed)
        self.corpus = messages(harness)
        self.sent = self.stood = self.vanished = 0
        self._ports = itertools.cycle(range(20_000, 60_000))
        self._bridges: list[Bridge] = []

    def messages(self, count: int) -> None:
        """Broken messages from one who is nobody, or says he is somebody."""
        for number in range(count):
            data = mutations.message(self.rng.choice(self.corpus), self.rng)
            source = Peer(self.rng.choice((BAD, STRANGER)), self.rng.choice((5060, 6000, 6001)))
            self.harness.take(data, source)
            self.sent += 1
            if number % 100 == 99:
                self._tick(500)
        self._tick(70_000)  # what was accepted and never acknowledged is given up

    def dialogues(self, count: int) -> None:
        """Calls that a real user agent makes, with broken descriptions and INFOs."""
        bodies = [
            (MEDIA_CONTROL_TYPE, picture_fast_update()),
            (CONTROL_TYPE, b'{"command": "layout", "layout": "2x2", "for": "bad"}'),
        ]
        for number in range(count):
            one = Bridge(
                self.harness,
                "bad",
                BAD,
                sip_port=next(self._ports),
                kinds=ALL[: self.rng.randrange(1, 4)],
                mux=self.rng.random() < 0.7,
                secure=self.rng.random() < 0.5,
                session_expires_s=90,
            )
            one.signalling.handle = lambda event, now_ns: None  # type: ignore[method-assign]
            meeting = self.rng.choice(("meeting", "room", f"r-{number % 7}"))
            good = sdp.build(one.local)
            one.dial(meeting, offer=mutations.text(good, self.rng))
            self.sent += 1
            if one.agent.state(one.call) is not CallState.ESTABLISHED:
                one.agent.hang_up(one.call, self.harness.now_ms)
                one.dial(meeting, offer=good)
            if one.agent.state(one.call) is CallState.ESTABLISHED:
                one.agent.reinvite(one.call, mutations.text(good, self.rng), self.harness.now_ms)
                self.harness.settle()
                if one.agent.state(one.call) is CallState.ESTABLISHED:
                    kind, body = self.rng.choice(bodies)
                    one.info(kind, mutations.text(body, self.rng))
            self.sent += 2
            self._bridges.append(one)
            if number % 10 == 9 or number == count - 1:
                self._tick(20)
                for done in self._bridges:
                    stands = done.agent.state(done.call) is CallState.ESTABLISHED
                    self.stood += stands
                    if stands and self.stood % VANISH == 0:
                        self.vanished += 1
                    else:
                        done.hang_up()
                    del self.harness.bridges[done.sip]
                self._bridges.clear()
                self._tick(100)

    def packets(self, count: int) -> None:
        """Broken packets of standing calls, plain and encrypted, and of a stranger."""
        harness, rng = self.harness, self.rng
        callers = [
            Bridge(harness, "bad", f"{BAD}{n}", kinds=ALL, secure=n == 1, mux=n < 2)
            for n in range(3)
        ]
        for one in callers:
            one.dial("meeting")
        stranger = Bridge(harness, "stranger", STRANGER)
        stranger.agreed = callers[0].agreed
        plain = packets(callers[0], rng)
        for number in range(count):
            one = callers[number % 3] if rng.random() < 0.9 else stranger
            kind = rng.choice(ALL)
            data = rng.choice(plain)
            context = one.srtp.get(kind)
            if context is not None and rng.random() < 0.7:
                is_control = 192 <= data[1] <= 223
                data = context.protect_rtcp(data) if is_control else one.packet(kind, data[12:])
                data = data if is_control else context.protect(data)
            data = mutations.binary(data, rng)
            terms = callers[number % 3].agreed[kind]
            rtcp = rng.random() < 0.2
            at = terms.remote_rtcp if rtcp else terms.remote
            one.sock(kind, rtcp and one is not stranger).sendto(data[:60_000], at)
            self.sent += 1
            if number % 200 == 199:
                self._tick(20, steps=2)
        for one in callers:
            one.hang_up()
            one.close()
            del harness.bridges[one.sip]
        stranger.close()
        del harness.bridges[stranger.sip]

    def _tick(self, ms: int, steps: int = 1) -> None:
        """Time passes, and what the MCU says in it can be read."""
        for _ in range(steps):
            self.harness.wait(ms / 1000)
            self.harness.run(5)
        # a refusal repeats what was wrong in the request (RFC 3261 §8.2.6.2)
        refusals = (b"SIP/2.0 4", b"SIP/2.0 5")
        said = [data for data, _ in self.harness.sent if not data.startswith(refusals)]
        if said:
            parse(self.rng.choice(said))
        self.harness.sent.clear()


@pytest.mark.parametrize("mistakes", [10_000, pytest.param(100_000, marks=pytest.mark.nightly)])
def test_thousands_of_mistakes(harness: McuHarness, mistakes: int) -> None:
    good = Good(harness)
    attack = Attack(harness, 67)

    def go() -> None:
        share = mistakes / 500_000  # five times, of what are 100,000 together
        attack.messages(round(MESSAGES * share))
        attack.dialogues(round(DIALOGUES * share))
        attack.packets(round(PACKETS * share))
        good.check()

    def rest() -> None:
        """All timers run out: of transactions, of calls without ACK, of sessions."""
        for _ in range(14):
            harness.wait(10)
            harness.pass_over()
            harness.run(20)
        harness.sent.clear()
        harness.events.clear()
        for one in good.bridges:
            one.events.clear()
            for kind in ALL:
                one.received(kind)
                one.received(kind, rtcp=True)
        gc.collect()

    for _ in range(4):
        go()
    rest()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        go()
        rest()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert attack.sent == mistakes
    assert attack.vanished
    assert after - before < GROWTH_BYTES
    good.check()
    assert len(harness.participants) == harness.capacity.ports_used == 2
    new = Bridge(harness, "new", local_address(82, 9))
    new.dial("meeting")
    assert set(new.agreed) == {"audio", "video"}
    for one in (*good.bridges, new):
        one.hang_up()
    rest()
    assert harness.is_empty()
    assert harness.ports.held == {}
    assert len(harness.ports.sockets) <= SPARE_GROUPS * PORTS_A_GROUP
    assert harness.agent.transactions == 0
    assert harness.agent.calls == []
    lost = harness.plane.inbound.lost
    assert min(lost.stray, lost.not_rtp, lost.foreign, lost.unauthentic) > 100
