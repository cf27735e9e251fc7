"""One end of a BFD session (RFC 5880), as BIRD 2 runs it. Pure: its owner keeps the time.

All intervals are in µs of the router's own clock, moments in ns of the network's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from giaoban.topology.convergence.splitmix64 import SplitMix64

State = Literal["down", "init", "up"]
IDLE_US = 1_000_000
"""How often BIRD sends while a session is not up."""
DRAWN = 4
"""Numbers that BIRD draws for a new session: its discriminator and its first sequence number."""


class ControlPacket(NamedTuple):
    """A control packet, as far as anything hangs on it. `you`: 0 while the other is not known."""

    me: int
    you: int
    state: State
    tx_us: int
    rx_us: int
    multiplier: int
    poll: bool = False
    final: bool = False


@dataclass
class BfdSession:
    """One end; `send_ns` and `expires_ns` are when `sends` and `expires` are to be called.

    `clock_factor`: how many times as fast as the network's time its router's clock runs. `now_ns`:
    what BIRD's BFD took for the time when the session began, which is when it was last awake.
    """

    me: int
    interval_us: int
    multiplier: int
    clock_factor: int
    chance: SplitMix64
    now_ns: int
    state: State = "down"
    send_ns: int = field(init=False)
    expires_ns: int | None = None
    _you: int = 0
    _their_tx_us: int = 0
    _their_rx_us: int = 1
    _their_multiplier: int = 0
    _tx_us: int = IDLE_US
    _tx_new_us: int = IDLE_US
    _polls: bool = False
    _sent_ns: int | None = None

    def __post_init__(self) -> None:
        self.chance.skip(DRAWN)
        self.send_ns = self.now_ns

    def sends(self, now_ns: int) -> ControlPacket:
        """The timer of sending: the packet, and when the next one goes (RFC 5880 §6.8.7)."""
        low_us, high_us = self._between()
        more_us = self.chance.draw() % (high_us - low_us + 1)
        next_ns = self.send_ns + self._ns(low_us)
        if next_ns <= now_ns:
            next_ns = now_ns + self._ns(low_us)
        self.send_ns = next_ns + self._ns(more_us)
        self._sent_ns = now_ns
        return self._control(poll=self._polls)

    def receives(self, packet: ControlPacket, now_ns: int) -> tuple[ControlPacket | None, bool]:
        """A packet came: what to answer at once, and whether the session went down by it."""
        if packet.you:
            if packet.you != self.me:
                return None, False
        elif packet.state != "down" or (self.state == "up" and packet.me != self._you):
            return None, False
        before = self._tx_us, self._their_rx_us
        self._you, self._their_tx_us, self._their_rx_us = packet.me, packet.tx_us, packet.rx_us
        self._their_multiplier = packet.multiplier
        if self._polls and packet.final:
            self._polls, self._tx_us = False, self._tx_new_us
        if before != (self._tx_us, self._their_rx_us):
            self._turn()
        self.expires_ns = now_ns + self._timeout_ns()
        fell = self._follow(packet.state, now_ns)
        return (self._control(final=True) if packet.poll else None), fell

    def expires(self, now_ns: int) -> bool:
        """Nothing came for too long: whether it was up."""
        was_up = self.state == "up"
        self._you, self._their_tx_us, self._their_rx_us, self._their_multiplier = 0, 0, 1, 0
        self._polls, self.expires_ns = False, None
        self._becomes("down", now_ns)
        self._begin(now_ns)
        return was_up

    def _follow(self, theirs: State, now_ns: int) -> bool:
        """RFC 5880 §6.8.6: whether the session went down."""
        if self.state == "down":
            if theirs == "down":
                self._becomes("init", now_ns)
            elif theirs == "init":
                self._becomes("up", now_ns)
        elif self.state == "init":
            if theirs != "down":
                self._becomes("up", now_ns)
        elif theirs == "down":
            self._becomes("down", now_ns)
            return True
        return False

    def _becomes(self, state: State, now_ns: int) -> None:
        before, self.state = self.state, state
        if state == "up":
            self._wish(self.interval_us, now_ns)
        elif before == "up":
            self._wish(IDLE_US, now_ns)

    def _wish(self, tx_us: int, now_ns: int) -> None:
        """Send as often as that: at once if it is more often, else once the other knows."""
        if tx_us == self._tx_new_us:
            return
        self._tx_new_us = tx_us
        if self.state != "up" or tx_us < self._tx_us:
            self._tx_us = tx_us
            self._turn()
        if self._you:
            if not self._polls:
                self._begin(now_ns)
            self._polls = True

    def _begin(self, now_ns: int) -> None:
        self.send_ns, self._sent_ns = now_ns, None

    def _turn(self) -> None:
        """The interval is another: it counts from the last packet sent."""
        if self._sent_ns is not None:
            self.send_ns = self._sent_ns + self._ns(self._between()[0])

    def _between(self) -> tuple[int, int]:
        interval_us = max(self._tx_us, self._their_rx_us)
        return interval_us - interval_us // 4, interval_us - interval_us // 10

    def _timeout_ns(self) -> int:
        return self._ns(max(self.interval_us, self._their_tx_us)) * self._their_multiplier

    def _ns(self, us: int) -> int:
        return us * 1000 // self.clock_factor

    def _control(self, *, poll: bool = False, final: bool = False) -> ControlPacket:
        return ControlPacket(
            self.me,
            self._you,
            self.state,
            self._tx_new_us,
            self.interval_us,
            self.multiplier,
            poll,
            final,
        )
