"""The signalling of a load test's bridge. No sockets."""

from __future__ import annotations

import random
from collections.abc import Mapping

from giaoban.mcu_sim.media.leg import Kind
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
        *,
        ports: Mapping[Medium, int],
        profile: Profile,
        answer_within_s: float,
    ) -> None:
        """`ports`: local RTP ports of its media, empty for signalling alone."""
        self.account = account
        rng = random.SystemRandom()
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

    def leave(self, now_ns: int) -> None:
        """Hang up and unregister."""
        self.hang_up(now_ns)
        if self.may_be_registered:  # once a REGISTER that is under way has its answer
            self.unregister(now_ns)

    @property
    def pending(self) -> bool:
        """Whether there is a call, registration or request that `leave` has to end or wait for."""
        return self.busy or self.registered
