"""A load test's bridge: one that hangs up and unregisters also what its MCU holds since a line was
cut, since nothing may be left standing at somebody's device when a test ends. No sockets."""

from __future__ import annotations

import random
from collections.abc import Mapping

from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.endpoint import SipDatagram
from giaoban.mcu_sim.sip.events import Event, Registered
from giaoban.mcu_sim.sip.message import HostPort, Peer
from giaoban.scenarios.bridge.capabilities import capabilities, no_media
from giaoban.scenarios.bridge.user_agent import BridgeUserAgent
from giaoban.scenarios.load.passwords import PhoneAccount
from giaoban.traffic.media_load.messages import Medium
from giaoban.traffic.profiles import Profile


class Phone(BridgeUserAgent):
    """One bridge's signalling. At most one of each operation is going on at a time."""

    def __init__(
        self,
        account: PhoneAccount,
        contact: HostPort,
        server: Peer,
        rng: random.Random,
        *,
        ports: Mapping[Medium, int],
        profile: Profile,
        answer_within_s: float,
    ) -> None:
        """`ports`: local RTP ports of the media it has, empty for signalling alone."""
        self.account = account
        self._rng = rng
        self._cut_off: list[StaleUserAgent] = []
        media: dict[Kind, int] = dict(ports.items())
        super().__init__(
            account.name,
            contact,
            server,
            capabilities(media, profile) if ports else no_media(contact[1] & ~1),
            rng,
            session_id=lambda: rng.getrandbits(31),
            credentials=account.credentials,
            answer_within_ms=answer_within_s * 1e3,
            session_expires_s=None,
            replaces_calls=False,
        )

    def lose_line(self) -> None:
        """Forget everything without a word, as who is cut off and begins anew."""
        if self.call is not None or self.may_be_registered:
            self._cut_off.append(
                StaleUserAgent(self.agent, self.call, registered=self.may_be_registered)
            )
        self.credentials = self.account.credentials
        self.restart(self._rng)

    def leave(self, now_ns: int) -> None:
        """Hang up and unregister, also what the MCU still holds since a line was cut."""
        self.hang_up(now_ns)
        if self.may_be_registered:  # once a REGISTER that is under way has its answer
            self.unregister(now_ns)
        for one in self._cut_off:
            one.leave(now_ns / 1e6)

    def receive(self, data: bytes, source: Peer, now_ns: int) -> None:
        """A datagram came."""
        if not any(one.receive(data, source, now_ns / 1e6) for one in self._cut_off):
            super().receive(data, source, now_ns)

    def advance(self, now_ns: int) -> None:
        """Timers are due."""
        for one in self._cut_off:
            one.advance(now_ns / 1e6)
        super().advance(now_ns)

    def transport_failed(self, now_ns: int) -> None:
        """Nothing arrives at the MCU, as the network says."""
        for one in self._cut_off:
            one.transport_failed(self._mcu, now_ns / 1e6)
        super().transport_failed(now_ns)

    def next_timeout(self) -> float | None:
        """When `advance` has something to do, in ms; None for never."""
        timers = [super().next_timeout(), *(one.next_timeout() for one in self._cut_off)]
        return min((timer for timer in timers if timer is not None), default=None)

    def outgoing(self) -> list[SipDatagram]:
        """What is to be sent, in order."""
        sent = super().outgoing()
        return sent + [datagram for one in self._cut_off for datagram in one.outgoing()]

    def handle(self, event: Event, now_ns: int) -> None:
        """Carry out what the user agent tells."""
        super().handle(event, now_ns)
        if isinstance(event, Registered):
            for one in self._cut_off:
                one.renewed()

    @property
    def busy(self) -> bool:
        """Whether there is a call in any state, or a request without its answer."""
        return super().busy or any(one.waits for one in self._cut_off)

    @property
    def pending(self) -> bool:
        """Whether there is something that `leave` has to end or wait for."""
        return self.busy or self.registered or any(one.pending for one in self._cut_off)


class StaleUserAgent:
    """The user agent of before a cut: silent until the test ends, then it says goodbye. Its MCU
    still holds its call and registration, of which the bridge that began anew knows nothing."""

    def __init__(self, agent: UserAgent, call: str | None, *, registered: bool) -> None:
        """`call`: one that the agent made, in whatever state; None: there was none."""
        self._agent = agent
        self._call = call
        self._registered = registered
        self._leaving = False

    @property
    def pending(self) -> bool:
        """Whether the MCU may still hold a call or registration, and has not been told."""
        return not self._leaving and (self._call is not None or self._registered)

    @property
    def waits(self) -> bool:
        """Whether its goodbye is not answered yet."""
        return self._leaving and self._agent.waits

    def renewed(self) -> None:
        """The bridge has registered the same Contact anew, and takes that back itself."""
        self._registered = False

    def leave(self, now_ms: float) -> None:
        """Hang up unless the MCU has done so, and unregister."""
        if not self.pending:
            return
        self._leaving = True
        self._agent.outgoing()  # what was about to be sent when the line was cut
        if self._call is not None:
            self._agent.hang_up(self._call, now_ms)
        if self._registered:
            self._agent.unregister(now_ms)

    def receive(self, data: bytes, source: Peer, now_ms: float) -> bool:
        """A datagram came; whether it is for this line alone.

        Before the goodbye nothing is answered here: what a device that began anew says of a
        dialog that it does not know is the bridge's.
        """
        ours = self._call is not None and self._call.encode() in data
        if not self._leaving:
            if ours and data.startswith(b"BYE "):
                self._call = None
            return False
        if ours or data.startswith(b"SIP/2.0"):
            self._agent.receive(data, source, now_ms)
        return ours

    def advance(self, now_ms: float) -> None:
        """Timers are due."""
        if self._leaving:
            self._agent.advance(now_ms)

    def transport_failed(self, target: Peer, now_ms: float) -> None:
        """Nothing arrives there, as the network says."""
        if self._leaving:
            self._agent.transport_failed(target, now_ms)

    def next_timeout(self) -> float | None:
        """When `advance` has something to do."""
        return self._agent.next_timeout() if self._leaving else None

    def outgoing(self) -> list[SipDatagram]:
        """What is to be sent."""
        return self._agent.outgoing() if self._leaving else []
