"""Many bridges that call one MCU from one address: their signalling alone."""

from __future__ import annotations

import random
import select
import socket
import time

from bench.mcu.process import HOST
from giaoban.errors import InvalidRun
from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.events import (
    CallEnded,
    Event,
    InfoReceived,
    InviteAccepted,
    InviteRefused,
    InviteTimedOut,
    Reoffer,
)
from giaoban.mcu_sim.sip.message.addresses import HostPort, Peer

ANSWERED_WITHIN_S = 10.0
BETWEEN_CALLS_S = 0.05
KEY_FRAME = b"picture_fast_update"

AUDIO = "m=audio {port} RTP/AVP 8\r\na=rtcp:{rtcp}\r\n"
VIDEO = (
    "m=video {port} RTP/AVP 97\r\nb=TIAS:{bps}\r\na=rtpmap:97 H264/90000\r\n"
    "a=fmtp:97 profile-level-id=42801f;packetization-mode=1\r\na=rtcp:{rtcp}\r\n"
)


def offer(audio: int | None, video: int | None, rtcp: int, kbps: float = 2000.0) -> bytes:
    """An offer of G.711 A-law and 720p30 H.264 on these ports, with RTCP apart, on `rtcp`."""
    text = f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
    if audio is not None:
        text += AUDIO.format(port=audio, rtcp=rtcp)
    if video is not None:
        text += VIDEO.format(port=video, rtcp=rtcp, bps=round(kbps * 1000))
    return text.encode()


class Callers:
    """All calls' signalling. `turn` is to be called often."""

    def __init__(self, mcu: HostPort) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.setblocking(False)
        self._agent = UserAgent(self._socket.getsockname(), random.Random(1), user="bench")
        self._mcu = f"{mcu[0]}:{mcu[1]}"
        self._answers: dict[str, sdp.SessionDescription] = {}
        self._number: dict[str, int] = {}

    def dial(self, room: str, text: bytes) -> sdp.SessionDescription:
        """One call more, with this offer; the MCU's answer.

        Raises:
            InvalidRun: it was refused, or not answered.
        """
        call = self._agent.call(f"sip:{room}@{self._mcu}", text, _now_ms())
        self._number[call] = len(self._number)
        limit = time.monotonic() + ANSWERED_WITHIN_S
        while call not in self._answers:
            if time.monotonic() > limit:
                raise InvalidRun(f"call {len(self._number)} was not answered")
            self.turn(0.005)
        return self._answers[call]

    def turn(self, wait_s: float = 0.0) -> list[int]:
        """Take in what came and answer it; the calls that are to begin with a key frame anew.

        Raises:
            InvalidRun: a call was refused, or ended.
        """
        if wait_s:
            select.select([self._socket], [], [], wait_s)
        wanted = []
        for event in self._events():
            match event:
                case InviteAccepted(call, body) if body is not None:
                    self._answers[call] = sdp.parse(body)
                case InfoReceived():
                    self._agent.answer_info(event.request_key, 200, "OK", _now_ms())
                    if KEY_FRAME in event.body:
                        wanted.append(self._number[event.call])
                case Reoffer(call):
                    self._agent.refuse_reoffer(call, 488, "Not Acceptable Here", _now_ms())
                case InviteRefused() | InviteTimedOut() | CallEnded():
                    raise InvalidRun(f"a call failed: {event}")
        self._send()
        return wanted

    def hang_up(self) -> None:
        """End all calls, one after another."""
        for call in list(self._agent.calls):
            self._agent.hang_up(call, _now_ms())
            self.turn(0.005)
        limit = time.monotonic() + ANSWERED_WITHIN_S
        while self._agent.waits and time.monotonic() < limit:
            self.turn(0.02)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _events(self) -> list[Event]:
        events: list[Event] = []
        while True:
            try:
                data, source = self._socket.recvfrom(65_535)
            except BlockingIOError:
                break
            events += self._agent.receive(data, Peer(*source), _now_ms())
        timer_ms = self._agent.next_timeout()
        if timer_ms is not None and timer_ms <= _now_ms():
            events += self._agent.advance(_now_ms())
        self._send()
        return events

    def _send(self) -> None:
        for datagram in self._agent.outgoing():
            self._socket.sendto(datagram.data, (datagram.target.host, datagram.target.port))


def _now_ms() -> float:
    return time.monotonic_ns() / 1e6
