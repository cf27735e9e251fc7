"""A pretended network between two SIP user agents: seeded loss, delay and reordering."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from mcu_sim.sip import Event, HostPort, UserAgentClient, UserAgentServer

SERVER = ("10.67.0.2", 5060)
CLIENT = ("10.68.0.2", 5062)
OFFER = b"v=0\r\no=- 1 1 IN IP4 10.68.0.2\r\ns=-\r\nc=IN IP4 10.68.0.2\r\nt=0 0\r\n"
ANSWER = b"v=0\r\no=- 2 2 IN IP4 10.67.0.2\r\ns=-\r\nc=IN IP4 10.67.0.2\r\nt=0 0\r\n"

Handler = Callable[[Event, float], None]


@dataclass
class Wire:
    """Two agents and the datagrams between them, in virtual ms."""

    client: UserAgentClient
    server: UserAgentServer
    rng: random.Random
    loss: float = 0.0
    delay_ms: tuple[float, float] = (5.0, 5.0)
    on_server_event: Handler = lambda event, now_ms: None
    on_client_event: Handler = lambda event, now_ms: None
    now_ms: float = 0.0
    log: list[tuple[float, str, bytes]] = field(default_factory=list)
    client_events: list[Event] = field(default_factory=list)
    server_events: list[Event] = field(default_factory=list)
    _flight: list[tuple[float, int, HostPort, HostPort, bytes]] = field(default_factory=list)
    _count: int = 0

    def flush(self) -> None:
        """Put what the agents want to send on the wire."""
        for agent, source in ((self.client, CLIENT), (self.server, SERVER)):
            for datagram in agent.outgoing():
                who = "client" if agent is self.client else "server"
                self.log.append((self.now_ms, who, datagram.data))
                if self.rng.random() < self.loss:
                    continue
                self._count += 1
                at = self.now_ms + self.rng.uniform(*self.delay_ms)
                item = (at, self._count, source, datagram.target, datagram.data)
                heapq.heappush(self._flight, item)

    def step(self) -> bool:
        """Go to the next thing that happens; False if nothing will."""
        self.flush()
        times = [self.client.next_timeout(), self.server.next_timeout()]
        if self._flight:
            times.append(self._flight[0][0])
        known = [time for time in times if time is not None]
        if not known:
            return False
        self.now_ms = max(self.now_ms, min(known))
        while self._flight and self._flight[0][0] <= self.now_ms:
            _, _, source, target, data = heapq.heappop(self._flight)
            if target == SERVER:
                self._tell_server(self.server.receive(data, source, self.now_ms))
            elif target == CLIENT:
                self._tell_client(self.client.receive(data, source, self.now_ms))
        self._tell_client(self.client.advance(self.now_ms))
        self._tell_server(self.server.advance(self.now_ms))
        self.flush()
        return True

    def run(self, until_ms: float | None = None) -> None:
        """Run to a time, or until nothing more happens."""
        while True:
            self.flush()
            times = [self.client.next_timeout(), self.server.next_timeout()]
            times += [self._flight[0][0]] if self._flight else []
            known = [time for time in times if time is not None]
            if not known or (until_ms is not None and min(known) > until_ms):
                self.now_ms = self.now_ms if until_ms is None else until_ms
                return
            self.step()

    def sent(self, who: str, start: str) -> list[float]:
        """When `who` sent messages that begin with `start`."""
        return [at for at, by, data in self.log if by == who and data.startswith(start.encode())]

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
    def make(seed: int = 1, loss: float = 0.0, delay_ms: tuple[float, float] = (5.0, 5.0)) -> Wire:
        rng = random.Random(seed)
        client = UserAgentClient(CLIENT, random.Random(seed + 1), user="cu-jut")
        server = UserAgentServer(SERVER, random.Random(seed + 2))
        return Wire(client, server, rng, loss, delay_ms)

    return make


@pytest.fixture
def wire(make_wire: Callable[..., Wire]) -> Wire:
    """A wire without loss, 5 ms each way."""
    return make_wire()


@pytest.fixture
def offer() -> bytes:
    return OFFER


@pytest.fixture
def answer() -> bytes:
    return ANSWER
