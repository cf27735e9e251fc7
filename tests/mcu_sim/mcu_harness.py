"""An MCU without its loop: signalling in memory and in virtual time, media on real sockets.

Time stands still unless a test passes it. What comes in on a media socket has come at the very
moment the MCU looks, so that a test does not hang on the machine's speed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from giaoban.mcu_sim.conference.meeting import Meetings
from giaoban.mcu_sim.media.audio.codec import modelled
from giaoban.mcu_sim.media.leg import Delays
from giaoban.mcu_sim.media.plane import MediaPlane
from giaoban.mcu_sim.media.ports import PortPool
from giaoban.mcu_sim.server.call_controller import CallController
from giaoban.mcu_sim.sip.message import Peer
from giaoban.traffic.batch import ReceiveBatch, Received
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.server_factory import config, meeting_of, meetings, planned_streams
from tests.phone import SIP_PORT

MS = 1_000_000


Make = Callable[..., "McuHarness"]
"""Makes one; `held` are its meetings, all else as `McuConfig` has it."""


def harnesses(address: str, members: Sequence[str]) -> Iterator[Make]:
    """For a fixture: makes an MCU with a meeting of these members, and closes it."""
    made: list[McuHarness] = []

    def make(held: Meetings | None = None, **more: Any) -> McuHarness:
        held = meetings(meeting_of(members)) if held is None else held
        usual: dict[str, Any] = {"planned_streams": planned_streams(members)}
        made.append(McuHarness(address, held, **(usual | more)))
        return made[0]

    yield make
    for one in made:
        one.close()


class PunctualInbox:
    """A `ReceiveBatch` in which everything has come just now."""

    def __init__(self, inbox: ReceiveBatch, harness: McuHarness) -> None:
        self._inbox = inbox
        self._harness = harness
        self.capacity = inbox.capacity

    def receive(self, fd: int) -> Received:
        got = self._inbox.receive(fd)
        return replace(got, arrival_ns=np.full(len(got), self._harness.now_ns))


class McuHarness:
    """The MCU of a test, and the bridges that can reach it."""

    def __init__(self, address: str, held: Meetings, **more: Any) -> None:
        """`more`: fields of `McuConfig`."""
        given = self.config = config(address, held, **more)
        self.address = address
        self.now_ns = given.origin_ns
        self.events: list[dict[str, Any]] = []
        self.bridges: dict[tuple[str, int], Bridge] = {}
        self.sent: list[tuple[bytes, Peer]] = []
        """What the MCU sent by SIP, and where to."""
        rng = random.Random(given.seed)
        self.ports = PortPool(address, given.first_media_port)
        self.plane = MediaPlane(
            self.ports,
            Delays(playout_ms=given.playout_ms, mix_ms=20.0, compose_ms=40.0, forward_ms=10.0),
            capacity=given.places,
            origin_ns=given.origin_ns,
            captures=None,
            kernel_paces=given.kernel_paces,
            rng=rng,
            composed=given.video,
            modelled=modelled(given.sound),
            clock=lambda: self.now_ns,
        )
        inbound: Any = self.plane.inbound
        inbound._inbox = PunctualInbox(inbound._inbox, self)
        self.controller = CallController(
            given, (address, SIP_PORT), self.ports, self.plane, rng, self._tell
        )
        self.agent = self.controller.agent
        self.participants = self.controller.participants
        self.capacity = self.controller.capacity

    def _tell(self, now_ns: int, event: str, bridge: str, **details: object) -> None:
        self.events.append({"event": event, "bridge": bridge, **details})

    def said(self, event: str) -> list[str]:
        return [e["bridge"] for e in self.events if e["event"] == event]

    @property
    def now_ms(self) -> float:
        return self.now_ns / 1e6

    # --------------------------------------------------------------------------- time passes

    def settle(self) -> None:
        """Carry messages until nobody has anything to say."""
        while True:
            mine = self.agent.outgoing()
            self.sent += [(one.data, one.target) for one in mine]
            for one in mine:
                bridge = self.bridges.get((one.target.host, one.target.port))
                if bridge is not None and not bridge.cut:
                    source = Peer(self.address, SIP_PORT)
                    bridge.signalling.receive(one.data, source, self.now_ns)
            theirs = [(b, one) for b in self.bridges.values() for one in b.agent.outgoing()]
            for bridge, one in theirs:
                if not bridge.cut:
                    self.take(one.data, Peer(*bridge.sip))
            if not mine and not theirs:
                return

    def take(self, data: bytes, source: Peer) -> None:
        """A message comes to the MCU."""
        self.controller.receive(data, source, self.now_ns)

    def start(self) -> None:
        """The MCU calls the members of meetings that are dialled."""
        self.controller.start(self.now_ns)
        self.settle()

    def wait(self, seconds: float) -> None:
        """Let signalling live for so long; media stand still."""
        until_ns = self.now_ns + round(seconds * 1e9)
        while True:
            self.settle()
            agents = [self.agent, *(bridge.agent for bridge in self.bridges.values())]
            due = [agent.next_timeout() for agent in agents]
            next_ms = min((at for at in due if at is not None), default=float("inf"))
            if next_ms * 1e6 > until_ns:
                self.now_ns = until_ns
                return
            self.now_ns = max(self.now_ns, round(next_ms * 1e6) + 1)
            self.controller.advance(self.now_ns)
            for bridge in self.bridges.values():
                bridge.signalling.advance(self.now_ns)

    def pass_over(self) -> None:
        """Of the time that was waited no media are to be made, but of what comes from now on."""
        for stream in self.plane._composed._streams.values():
            stream.pass_over(self.now_ns)
        self.plane.skip_to(self.now_ns)

    def run(self, ms: int = 20) -> None:
        """Let media live for so long, in steps of 5 ms."""
        for _ in range(0, ms, 5):
            self.now_ns += 5 * MS
            self.plane.run(self.now_ns)
        self.controller.controls.ask_key_frames(self.now_ns)
        self.settle()

    def is_empty(self) -> bool:
        """Whether no call holds anything of the device."""
        return (
            len(self.participants) == 0
            and self.capacity.units_used == 0
            and self.capacity.ports_used == 0
            and not self.ports.held.keys() - set(range(len(self.config.planned_streams)))
        )

    def close(self) -> None:
        for bridge in self.bridges.values():
            bridge.close()
        self.plane.shut()
