"""Signalling alone: our own user agent on a socket, for programs that only speak RTP."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from typing import Any

from mcu_sim import sdp
from mcu_sim.sip import (
    Answered,
    Event,
    InfoAnswered,
    InfoReceived,
    Peer,
    Refused,
    UserAgent,
)
from tests.clients.programs import HOST, PATIENCE_S

CONTROL = "application/vnd.giaoban.control+json"


class Phone:
    """A user at the MCU; `until` lets it live."""

    def __init__(self, user: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.settimeout(0.02)
        self._agent = UserAgent(self._socket.getsockname(), random.Random(user), user=user)
        self.events: list[Event] = []
        self.infos: list[InfoReceived] = []
        self.call = ""

    def dial(self, uri: str, offer: str) -> sdp.Session:
        """Call; the MCU's answer."""
        self.call = self._agent.call(uri, offer.replace("\n", "\r\n").encode(), _now_ms())
        self.until(lambda: self._have(Answered) or self._have(Refused), "an answer")
        [answered] = self._have(Answered)
        return sdp.parse(answered.sdp)

    def command(self, body: str) -> int:
        """Send a command to the meeting; the code of its answer."""
        before = len(self._have(InfoAnswered))
        self._agent.info(self.call, CONTROL, body.encode(), _now_ms())
        self.until(lambda: len(self._have(InfoAnswered)) > before, "an answer to INFO")
        code: int = self._have(InfoAnswered)[-1].code
        return code

    def hang_up(self) -> None:
        self._agent.hang_up(self.call, _now_ms())
        self._turn()

    def until(self, condition: Callable[[], Any], what: str = "", within_s: float = 0.0) -> None:
        """Live until a condition holds; with `within_s`: for so long and no longer."""
        limit = time.monotonic() + (within_s or PATIENCE_S)
        while not condition():
            if time.monotonic() >= limit:
                assert within_s, f"waited {PATIENCE_S:g} s for {what}"
                return
            self._turn()

    def live(self, seconds: float) -> None:
        """Live for some time."""
        self.until(lambda: False, within_s=seconds)

    def close(self) -> None:
        self._socket.close()

    def _turn(self) -> None:
        for datagram in self._agent.outgoing():
            self._socket.sendto(datagram.data, (datagram.target.host, datagram.target.port))
        try:
            data, (host, port) = self._socket.recvfrom(65_535)
        except TimeoutError:
            came = []
        else:
            came = self._agent.receive(data, Peer(host, port), _now_ms())
        for event in [*came, *self._agent.advance(_now_ms())]:
            self.events.append(event)
            if isinstance(event, InfoReceived):
                self.infos.append(event)
                self._agent.answer_info(event.request_key, 200, "OK", _now_ms())
        for datagram in self._agent.outgoing():
            self._socket.sendto(datagram.data, (datagram.target.host, datagram.target.port))

    def _have(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def _now_ms() -> float:
    return time.monotonic_ns() / 1e6
