"""What a phone leaves behind when its line is cut: the MCU still holds its call and registration.

The phone begins anew and knows nothing of it, as a device that lost its power. The test has to
know, since nothing may be left standing at somebody's device when it ends.
"""

from __future__ import annotations

from mcu_sim.sip import Datagram, Peer, UserAgent


class LostLine:
    """The user agent of before the cut: silent until the test ends, then it says goodbye."""

    def __init__(self, agent: UserAgent, call: str | None, *, registered: bool) -> None:
        """`call`: one that the agent made, in whatever state; None: there was none."""
        self._agent = agent
        self._call = call
        self._registered = registered
        self._leaving = False

    @property
    def owes(self) -> bool:
        """Whether the MCU may still hold a call or registration, and has not been told."""
        return not self._leaving and (self._call is not None or self._registered)

    @property
    def waits(self) -> bool:
        """Whether its goodbye is not answered yet."""
        return self._leaving and self._agent.waits

    def renewed(self) -> None:
        """The phone has registered the same Contact anew, and takes that back itself."""
        self._registered = False

    def leave(self, now_ms: float) -> None:
        """Hang up unless the MCU has done so, and unregister."""
        if not self.owes:
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
        dialog that it does not know is the phone's.
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

    def next_timeout(self) -> float | None:
        """When `advance` has something to do."""
        return self._agent.next_timeout() if self._leaving else None

    def outgoing(self) -> list[Datagram]:
        """What is to be sent."""
        return self._agent.outgoing() if self._leaving else []
