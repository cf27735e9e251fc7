"""A bridge on real sockets, in real time: the user agent of every bridge
(`giaoban.scenarios.bridge`)."""

from __future__ import annotations

import random
import select
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.sdp.h264 import codec_for
from giaoban.mcu_sim.sdp.offer_answer import PCMA, NegotiatedMedia, audio, make_offer, video
from giaoban.mcu_sim.server.conference_control import CONTROL_TYPE
from giaoban.mcu_sim.sip.events import (
    CallEnded,
    Event,
    InfoAnswered,
    InfoReceived,
    InviteAccepted,
    InviteRefused,
)
from giaoban.mcu_sim.sip.message import Peer
from giaoban.scenarios.bridge.user_agent import BridgeUserAgent
from tests.loopback import udp_socket

HOST = "127.0.0.1"
PATIENCE_S = 60.0
SIP_PORT = 5060


class RecordingUserAgent(BridgeUserAgent):
    """A bridge's, which keeps all that its SIP user agent tells."""

    def __init__(self, *settings: Any, **more: Any) -> None:
        self.seen: list[Event] = []
        super().__init__(*settings, **more)

    def handle(self, event: Event, now_ns: int) -> None:
        self.seen.append(event)
        super().handle(event, now_ns)


class Phone:
    """Signalling alone, of a user who has sockets of its own for media, or none; `until` lets it
    live."""

    def __init__(self, user: str, host: str = HOST, port: int = 0) -> None:
        self.user = user
        self.sip = udp_socket(host, port, timeout_s=0)
        self.events: list[Event] = []
        self._bridge: RecordingUserAgent | None = None

    @property
    def bridge(self) -> RecordingUserAgent:
        assert self._bridge is not None, "it has not called"
        return self._bridge

    @property
    def agreed(self) -> dict[Any, NegotiatedMedia]:
        """The terms of its call, by medium."""
        return self.bridge.agreed

    def call(self, uri: str, offer: bytes) -> None:
        """Call, and wait for nothing."""
        room, _, at = uri.removeprefix("sip:").partition("@")
        host, _, port = at.partition(":")
        if self._bridge is None:
            self._bridge = RecordingUserAgent(
                self.user,
                self.sip.getsockname(),
                Peer(host, int(port)),
                [],
                random.Random(self.user),
                session_id=lambda: 1,
            )
            self._bridge.seen = self.events
        self._bridge.dial(time.monotonic_ns(), room, offer)
        self._bridge.local = sdp.parse(offer)
        self.turn()

    def dial(self, uri: str, offer: str) -> sdp.SessionDescription:
        """Call; the MCU's answer."""
        self.call(uri, offer.replace("\n", "\r\n").encode())
        self.until(lambda: self.got(InviteAccepted) or self.got(InviteRefused), "an answer")
        [answered] = self.got(InviteAccepted)
        return sdp.parse(answered.sdp)

    def command(self, body: str) -> int:
        """Send a command to the meeting; the code of its answer."""
        before = len(self.got(InfoAnswered))
        call = self.bridge.call
        assert call is not None
        self.bridge.agent.info(call, CONTROL_TYPE, body.encode(), time.monotonic_ns() / 1e6)
        self.until(lambda: len(self.got(InfoAnswered)) > before, "an answer to INFO")
        code: int = self.got(InfoAnswered)[-1].code
        return code

    def hang_up(self) -> None:
        self.bridge.hang_up(time.monotonic_ns())
        self.turn()

    def until(self, condition: Callable[[], Any], what: str) -> None:
        """Live until a condition holds."""
        limit = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < limit, f"waited {PATIENCE_S:g} s for {what}: {self.events}"
            self.turn(0.02)

    def live(self, seconds: float) -> None:
        """Live for some time."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self.turn(0.02)

    def turn(self, wait_s: float = 0.0) -> None:
        """Whatever is to be done now, and what comes within so long."""
        if self._bridge is None:
            return
        self._send()
        if select.select([self.sip], [], [], wait_s)[0]:
            data, (host, port) = self.sip.recvfrom(65_535)
            self._bridge.receive(data, Peer(host, port), time.monotonic_ns())
        self._bridge.advance(time.monotonic_ns())
        self._send()

    def _send(self) -> None:
        for datagram in self.bridge.outgoing():
            self.sip.sendto(datagram.data, (datagram.target.host, datagram.target.port))

    def close(self) -> None:
        self.sip.close()

    def got(self, kind: type[Any]) -> list[Any]:
        """Events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def infos(self) -> list[InfoReceived]:
        return self.got(InfoReceived)


class Caller(Phone):
    """A bridge at an address of its own, with sound, which is a tone, and pictures."""

    def __init__(self, address: str, user: str, hz: int = 400) -> None:
        super().__init__(user, address, SIP_PORT)
        self.audio, self.video = (udp_socket(address, n, timeout_s=0) for n in (24_000, 24_002))
        self.heard: list[bytes] = []
        self.watched: list[bytes] = []
        """RTP that came."""
        self._hz = hz
        self._spoken = 0
        can = [audio(24_000, [PCMA]), video(24_002, 1024, [codec_for("720p30", 97)])]
        self._offer = sdp.build(make_offer(address, can, session_id=hz))

    def dial_meeting(self, mcu: str) -> None:
        self.call(f"sip:meeting@{mcu}:{SIP_PORT}", self._offer)

    @property
    def answered(self) -> bool:
        return bool(self.got(InviteAccepted))

    @property
    def ended(self) -> bool:
        return bool(self.got(InviteRefused) or self.got(CallEnded))

    def turn(self, wait_s: float = 0.0) -> None:
        super().turn(wait_s)
        for sock, came in ((self.audio, self.heard), (self.video, self.watched)):
            while select.select([sock], [], [], 0)[0]:
                data = sock.recv(65_535)
                if not 192 <= data[1] <= 223:  # RTCP, RFC 5761
                    came.append(data)

    def speak(self) -> None:
        """Send one packet of the tone, and one of pictures."""
        n = self._spoken
        self._spoken += 1
        t = (n * 160 + np.arange(160)) / 8000
        sound = np.rint(3000 * np.sin(2 * np.pi * self._hz * t)).astype(np.int16)
        head = bytes([0x80, 8]) + n.to_bytes(2, "big") + (n * 160).to_bytes(4, "big") + b"\0\0\0\1"
        self.audio.sendto(head + g711.a_law_encode(sound).tobytes(), self.agreed["audio"].remote)
        head = bytes([0x80, 97]) + n.to_bytes(2, "big") + (n * 90).to_bytes(4, "big") + b"\0\0\0\2"
        self.video.sendto(head + bytes(300), self.agreed["video"].remote)

    def close(self) -> None:
        for sock in (self.sip, self.audio, self.video):
            sock.close()


def meet(callers: Sequence[Caller], until: Callable[[], Any], *, speaking: bool = False) -> None:
    """Let callers live, in real time, until a condition holds."""
    limit = time.monotonic() + PATIENCE_S
    spoken = time.monotonic()
    while not until():
        assert time.monotonic() < limit, [c.events for c in callers]
        for caller in callers:
            caller.turn()
        if speaking and time.monotonic() >= spoken:
            spoken += 0.02
            for caller in callers:
                caller.speak()
        time.sleep(0.002)


def decode(packets: Sequence[bytes]) -> NDArray[np.int16]:
    """The sound of RTP packets, in order of sequence number from the first."""
    first = int.from_bytes(packets[0][2:4], "big")
    ordered = sorted(packets, key=lambda p: (int.from_bytes(p[2:4], "big") - first) % 65_536)
    return g711.a_law_decode(np.frombuffer(b"".join(p[12:] for p in ordered), np.uint8))


def loudness(sound: NDArray[np.int16], hz: int) -> float:
    """Amplitude of a tone that has whole periods in the sound."""
    t = np.arange(len(sound)) / 8000
    return float(2 * abs(np.mean(sound * np.exp(-2j * np.pi * hz * t))))
