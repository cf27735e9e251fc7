"""Streams, seats, meetings and a real MCU server on the loopback, for the tests of its process."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcu_sim import sdp
from mcu_sim.conference.meeting import Meetings
from mcu_sim.device import Device, load_devices, pick
from mcu_sim.media.audio import g711
from mcu_sim.sdp.h264 import codec_for
from mcu_sim.sdp.offer_answer import PCMA, Agreed, audio, make_offer, read_answer, video
from mcu_sim.server import McuConfig, McuServer, Seat
from mcu_sim.sip import Answered, CallEnded, Event, Refused, UserAgent
from traffic import rtp
from traffic.sender.stream_plan import StreamPlan
from traffic.sources.video_model import VideoModel

SIP_PORT = 5060
MODEL = VideoModel(
    kbps=1024.0,
    fps=30,
    key_ratio=4.0,
    size_sigma=0.2,
    key_interval_s=10.0,
    spread=0.5,
    max_payload=1200,
)


def device(name: str = "rmx-1500-mpmx", **figures: Any) -> Device:
    """A device of the table. `figures`: changes to its parts, each a mapping."""
    chosen = pick(load_devices(), name)
    for part, value in figures.items():
        changed = getattr(chosen, part).model_copy(update=value)
        chosen = chosen.model_copy(update={part: changed})
    return chosen


def meetings(*tables: dict[str, Any], rooms: dict[str, Any] | None = None) -> Meetings:
    """Meetings as in a file; `rooms` is its [open_rooms]."""
    usual = {"name": "Giao ban", "pattern": "any-bridges", "floor": "open"}
    return Meetings.model_validate(
        {
            "schema": "giaoban.meetings/1",
            "meeting": [usual | table for table in tables],
            "open_rooms": rooms,
        }
    )


def meeting_of(members: Sequence[str], **more: Any) -> dict[str, Any]:
    """A meeting called `meeting`; the first member is its chair."""
    return {"id": "meeting", "chair": members[0], "members": list(members)} | more


def stream(index: int, bridge: str, kind: str, direction: str, **more: Any) -> StreamPlan:
    """A stream with an identifier of its own; its counters wrap soon."""
    ident = rtp.StreamId(
        payload_type=8 if kind == "audio" else 97,
        ssrc=0xA0000000 + index,
        first_sequence=65_500,
        first_timestamp=2**32 - 4000,
    )
    return StreamPlan.model_validate(
        {
            "index": index,
            "bridge": bridge,
            "kind": kind,
            "direction": direction,
            "header_hex": rtp.template(ident).hex(),
            "ssrc": ident.ssrc,
            "first_sequence": ident.first_sequence,
            "first_timestamp": ident.first_timestamp,
            "seed": 1000 + index,
            **more,
        }
    )


def seats(bridges: Sequence[str]) -> dict[str, Seat]:
    """Four streams a bridge, in the order audio up, audio down, video up, video down."""
    return {
        bridge: Seat(
            up={"audio": 4 * n, "video": 4 * n + 2},
            down={
                "audio": stream(4 * n + 1, bridge, "audio", "down"),
                "video": stream(4 * n + 3, bridge, "video", "down"),
            },
        )
        for n, bridge in enumerate(bridges)
    }


def config(address: str, held: Meetings, **more: Any) -> McuConfig:
    """An MCU on an interface that paces nothing, as the loopback."""
    usual: dict[str, Any] = {
        "device": device(),
        "playout_ms": 40.0,
        "video": MODEL,
        "seed": 1,
        "origin_ns": time.monotonic_ns(),
        "kernel_paces": False,
    }
    return McuConfig(address=address, meetings=held, **(usual | more))


class Running:
    """An MCU on a loopback address, served by a thread until it is told to stop."""

    def __init__(self, address: str, captures: Path | None, held: Meetings, **more: Any) -> None:
        """`more`: fields of `McuConfig`."""
        self.address = address
        self.events: list[dict[str, Any]] = []
        self._stop = threading.Event()
        self._broken: list[BaseException] = []
        self.server = McuServer(config(address, held, **more), captures, self.events.append)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.server.run(self._stop.is_set)
        except BaseException as error:  # it is raised where the test waits
            self._broken.append(error)
        finally:
            self.server.close()

    def stop(self) -> None:
        """Let it hang everybody up."""
        self._stop.set()

    def finish(self) -> dict[str, Any]:
        """Stop it and wait for its end; its health."""
        self.stop()
        self._thread.join()
        if self._broken:
            raise self._broken[0]
        return self.server.health()

    def said(self, event: str) -> list[str]:
        return [e["bridge"] for e in self.events if e["event"] == event]


class Caller:
    """A bridge with real sockets, its own user agent, and a tone as its sound."""

    def __init__(self, address: str, user: str, hz: int = 400, *, pictures: bool = True) -> None:
        self.address = address
        self.sip = self._socket(SIP_PORT)
        self.audio = self._socket(24_000)
        self.video = self._socket(24_002)
        self.agent = UserAgent((address, SIP_PORT), random.Random(hz), user=user)
        self.events: list[Event] = []
        self.got: list[bytes] = []
        self.got_video: list[bytes] = []
        self.agreed: dict[str, Agreed] = {}
        self._hz = hz
        self._sent = 0
        can = [audio(24_000, [PCMA])]
        if pictures:
            can.append(video(24_002, 1024, [codec_for("720p30", 97)]))
        self._offer = make_offer(address, can, session_id=hz)
        self.call = ""

    def _socket(self, port: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind((self.address, port))
        return sock

    def dial(self, mcu: str) -> None:
        offer = sdp.build(self._offer)
        self.call = self.agent.call(f"sip:meeting@{mcu}:{SIP_PORT}", offer, _now_ms())
        self.turn()

    def hang_up(self) -> None:
        self.agent.hang_up(self.call, _now_ms())
        self.turn()

    def turn(self) -> None:
        """Whatever is to be done now: signalling, and taking in media."""
        while data := _take(self.sip):
            self._handle(self.agent.receive(*data, _now_ms()))
        self._handle(self.agent.advance(_now_ms()))
        for datagram in self.agent.outgoing():
            self.sip.sendto(datagram.data, (datagram.target.host, datagram.target.port))
        for sock, got in ((self.audio, self.got), (self.video, self.got_video)):
            while data := _take(sock):
                if not 192 <= data[0][1] <= 223:  # RTCP, RFC 5761
                    got.append(data[0])

    def speak(self) -> None:
        """Send one packet of the tone, and one of pictures."""
        n = self._sent
        self._sent += 1
        t = (n * 160 + np.arange(160)) / 8000
        sound = np.rint(3000 * np.sin(2 * np.pi * self._hz * t)).astype(np.int16)
        head = bytes([0x80, 8]) + n.to_bytes(2, "big") + (n * 160).to_bytes(4, "big") + b"\0\0\0\1"
        self.audio.sendto(head + g711.a_law_encode(sound).tobytes(), self.agreed["audio"].remote)
        head = bytes([0x80, 97]) + n.to_bytes(2, "big") + (n * 90).to_bytes(4, "big") + b"\0\0\0\2"
        self.video.sendto(head + bytes(300), self.agreed["video"].remote)

    def close(self) -> None:
        for sock in (self.sip, self.audio, self.video):
            sock.close()

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            self.events.append(event)
            if isinstance(event, Answered):
                terms = read_answer(self._offer, sdp.parse(event.sdp or b""))
                self.agreed = {t.kind: t for t in terms if t is not None}


def meet(callers: Sequence[Caller], until: Any, *, speaking: bool = False) -> None:
    """Let callers live, in real time, until a condition holds."""
    limit = time.monotonic() + 60
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


def ended(caller: Caller) -> bool:
    return any(isinstance(e, Refused | CallEnded) for e in caller.events)


def decode(packets: Sequence[bytes]) -> NDArray[np.int16]:
    """The sound of RTP packets, in order of sequence number from the first."""
    first = int.from_bytes(packets[0][2:4], "big")
    ordered = sorted(packets, key=lambda p: (int.from_bytes(p[2:4], "big") - first) % 65_536)
    return g711.a_law_decode(np.frombuffer(b"".join(p[12:] for p in ordered), np.uint8))


def loudness(sound: NDArray[np.int16], hz: int) -> float:
    """Amplitude of a tone that has whole periods in the sound."""
    t = np.arange(len(sound)) / 8000
    return float(2 * abs(np.mean(sound * np.exp(-2j * np.pi * hz * t))))


def _take(sock: socket.socket) -> tuple[bytes, tuple[str, int]] | None:
    try:
        data, source = sock.recvfrom(65_535)
    except BlockingIOError:
        return None
    return data, (source[0], source[1])


def _now_ms() -> float:
    return time.monotonic_ns() / 1e6
