"""A pretended network between two SIP user agents: seeded loss, delay, reordering, duplication."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.endpoint import SipDatagram
from giaoban.mcu_sim.sip.events import Event
from giaoban.mcu_sim.sip.message import Peer

SERVER = ("10.67.0.2", 5060)
CLIENT = ("10.68.0.2", 5062)
CONNECTED_FROM = 40_000
"""The port a TCP connection comes from, the same for both hosts."""
OFFER = b"v=0\r\no=- 1 1 IN IP4 10.68.0.2\r\ns=-\r\nc=IN IP4 10.68.0.2\r\nt=0 0\r\n"
ANSWER = b"v=0\r\no=- 2 2 IN IP4 10.67.0.2\r\ns=-\r\nc=IN IP4 10.67.0.2\r\nt=0 0\r\n"

Handler = Callable[[Event, float], None]


@dataclass
class Wire:
    """Two agents and the messages between them, in virtual ms. TCP loses and reorders nothing."""

    client: UserAgent
    server: UserAgent
    rng: random.Random
    loss: float = 0.0
    duplication: float = 0.0
    delay_ms: tuple[float, float] = (5.0, 5.0)
    cut: bool = False
    """Nothing arrives any more, over TCP neither."""
    on_server_event: Handler = lambda event, now_ms: None
    on_client_event: Handler = lambda event, now_ms: None
    now_ms: float = 0.0
    log: list[tuple[float, str, bytes]] = field(default_factory=list)
    client_events: list[Event] = field(default_factory=list)
    server_events: list[Event] = field(default_factory=list)
    _flight: list[tuple[float, int, Peer, Peer, bytes]] = field(default_factory=list)
    _count: int = 0
    _latest: dict[tuple[Peer, Peer], float] = field(default_factory=dict)

    def flush(self) -> None:
        """Put what the agents want to send on the wire."""
        for agent, who in ((self.client, "client"), (self.server, "server")):
            for datagram in agent.outgoing():
                self.log.append((self.now_ms, who, datagram.data))
                if not self.cut:
                    self._carry(datagram, CLIENT if who == "client" else SERVER)

    def _carry(self, datagram: SipDatagram, own: tuple[str, int]) -> None:
        target = datagram.target
        if target.transport == "TCP":
            back = target.port == CONNECTED_FROM
            source = Peer(own[0], own[1] if back else CONNECTED_FROM, "TCP")
            way = (source, target)
            at = max(self._latest.get(way, 0.0), self.now_ms + self.rng.uniform(*self.delay_ms))
            self._latest[way] = at
            self._put(at, source, datagram)
            return
        for _ in range(1 + (self.rng.random() < self.duplication)):
            if self.rng.random() >= self.loss:
                at = self.now_ms + self.rng.uniform(*self.delay_ms)
                self._put(at, Peer(*own), datagram)

    def _put(self, at: float, source: Peer, datagram: SipDatagram) -> None:
        self._count += 1
        item = (at, self._count, source, datagram.target, datagram.data)
        heapq.heappush(self._flight, item)

    def next_time(self) -> float | None:
        """When the next thing happens, None if nothing will."""
        times = [self.client.next_timeout(), self.server.next_timeout()]
        times += [self._flight[0][0]] if self._flight else []
        return min((time for time in times if time is not None), default=None)

    def step(self) -> None:
        """Go to the next thing that happens."""
        self.now_ms = max(self.now_ms, self.next_time() or 0.0)
        while self._flight and self._flight[0][0] <= self.now_ms:
            _, _, source, target, data = heapq.heappop(self._flight)
            if self.cut:
                continue
            if target.host == SERVER[0]:
                self._tell_server(self.server.receive(data, source, self.now_ms))
            elif target.host == CLIENT[0]:
                self._tell_client(self.client.receive(data, source, self.now_ms))
        self._tell_client(self.client.advance(self.now_ms))
        self._tell_server(self.server.advance(self.now_ms))
        self.flush()

    def run(self, until_ms: float | None = None) -> None:
        """Run to a time, or until nothing more happens."""
        while True:
            self.flush()
            next_ms = self.next_time()
            if next_ms is None or (until_ms is not None and next_ms > until_ms):
                self.now_ms = self.now_ms if until_ms is None else until_ms
                return
            self.step()

    @property
    def idle(self) -> bool:
        """Whether neither agent has anything left."""
        return self.client.idle and self.server.idle

    def sent(self, who: str, start: str) -> list[float]:
        """When `who` sent messages that begin with `start`."""
        return [at for at, by, data in self.log if by == who and data.startswith(start.encode())]

    def texts(self, who: str, start: str) -> list[str]:
        """The messages that `who` sent and that begin with `start`."""
        return [
            data.decode()
            for _, by, data in self.log
            if by == who and data.startswith(start.encode())
        ]

    def _tell_server(self, events: list[Event]) -> None:
        for event in events:
            self.server_events.append(event)
            self.on_server_event(event, self.now_ms)

    def _tell_client(self, events: list[Event]) -> None:
        for event in events:
            self.client_events.append(event)
            self.on_client_event(event, self.now_ms)


@pytest.fixture
def make_wire() -> Callable[..., Wire]:
    """`client` and `server` have options of the two agents."""

    def make(
        seed: int = 1,
        loss: float = 0.0,
        delay_ms: tuple[float, float] = (5.0, 5.0),
        *,
        duplication: float = 0.0,
        client: dict[str, Any] | None = None,
        server: dict[str, Any] | None = None,
    ) -> Wire:
        rng = random.Random(seed)
        at_client = UserAgent(
            CLIENT, random.Random(seed + 1), **{"user": "cu-jut", **(client or {})}
        )
        at_server = UserAgent(SERVER, random.Random(seed + 2), **(server or {}))
        return Wire(at_client, at_server, rng, loss, duplication, delay_ms)

    return make


@pytest.fixture
def wire(make_wire: Callable[..., Wire]) -> Wire:
    """A wire without loss, 5 ms each way, between agents without session timers.

    Without them, nothing more happens in a call that stands: `run()` ends.
    """
    untimed: dict[str, Any] = {"session_expires_s": None}
    return make_wire(client=untimed, server=untimed)


@pytest.fixture
def offer() -> bytes:
    return OFFER


@pytest.fixture
def answer() -> bytes:
    return ANSWER
