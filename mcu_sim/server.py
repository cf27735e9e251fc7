"""The MCU as a process: signalling, admission and media in one loop on one clock."""

from __future__ import annotations

import json
import random
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcu_sim import sdp
from mcu_sim.admission import Capacity
from mcu_sim.audio_bank import TICK_NS
from mcu_sim.device import Device
from mcu_sim.h264 import LEVELS, codec_for, resolution_of
from mcu_sim.media import AUDIO_PORT, MAX_STRIDE, VIDEO_PORT, Leg, MediaPlane
from mcu_sim.offer_answer import Agreed, audio, make_answer, video
from mcu_sim.sip.events import CallEnded, CallEstablished, CallFailed, Event, IncomingCall
from mcu_sim.sip.uas import UserAgentServer
from traffic.profiles import DSCP_SIGNALLING, VIDEO_PAYLOAD_TYPE
from traffic.stream import StreamPlan
from traffic.video import VideoModel

SIP_PORT = 5060
RETRY_AFTER_S = 60
MAX_DATAGRAM = 65_535


@dataclass(frozen=True)
class Seat:
    """A bridge the MCU knows: its streams by kind, up as indices, down as plans."""

    up: dict[str, int]
    down: dict[str, StreamPlan]


@dataclass(frozen=True)
class McuConfig:
    """What the MCU needs to know before the meeting.

    Attributes:
        seats: bridge (user part of its SIP URI) → its streams; others get 403.
        origin_ns, end_ns: CLOCK_MONOTONIC of the run's start and of the process's end.
    """

    address: str
    device: Device
    seats: dict[str, Seat]
    playout_ms: float
    video: VideoModel
    seed: int
    origin_ns: int
    end_ns: int


class McuServer:
    """One MCU on one address."""

    def __init__(
        self, config: McuConfig, captures: Path, on_event: Callable[[dict[str, Any]], None]
    ) -> None:
        self._config = config
        self._on_event = on_event
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.setblocking(False)
        self._sip.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, DSCP_SIGNALLING << 2)
        self._sip.bind((config.address, SIP_PORT))
        self._agent = UserAgentServer((config.address, SIP_PORT), random.Random(config.seed))
        self._capacity = Capacity(config.device)
        self._rows = {bridge: row for row, bridge in enumerate(config.seats)}
        self._media = MediaPlane(
            config.address,
            {row: config.seats[bridge].down["audio"] for bridge, row in self._rows.items()},
            config.origin_ns,
            captures,
            playout_ms=config.playout_ms,
            mix_delay_ms=config.device.audio_mix_delay_ms,
            compose_delay_ms=config.device.compose_delay_ms,
            model=config.video,
        )
        self._bridge_of: dict[str, str] = {}
        self._agreed: dict[str, dict[str, Agreed]] = {}
        self._in_meeting: set[str] = set()
        self.sip_sent = self.sip_received = self.sip_unsendable = 0

    def run(self) -> None:
        """Serve until the configured end."""
        config = self._config
        # a wake-up may serve two ticks if the mix is released later than both anyway
        stride = 2 if config.device.audio_mix_delay_ms * 1e6 > 1.25 * TICK_NS else 1
        done = max(0, (time.monotonic_ns() - config.origin_ns) // TICK_NS)
        readable = True
        while (now_ns := time.monotonic_ns()) < config.end_ns:
            ready = (now_ns - config.origin_ns) // TICK_NS
            if ready >= done + stride:
                for first in range(done + 1, ready + 1, MAX_STRIDE):
                    now_ns = self._media.run_ticks(first, min(first + MAX_STRIDE - 1, ready))
                done = ready
            self._signal(readable, now_ns)
            next_ns = min(config.end_ns, config.origin_ns + (done + stride) * TICK_NS)
            timer_ms = self._agent.next_timeout()
            if timer_ms is not None:
                next_ns = min(next_ns, round(timer_ms * 1e6))
            wait_s = max(0.0, (next_ns - now_ns) / 1e9)
            readable = bool(select.select([self._sip], [], [], wait_s)[0])
        self._media.shut()
        self._sip.close()

    def health(self) -> dict[str, Any]:
        """What the run's validity depends on."""
        health = self._media.health
        return {
            "event": "mcu-health",
            "starved": health.starved,
            "stray": health.stray,
            "not_rtp": health.not_rtp,
            "overflowed": sum(health.overflowed.values()),
            "sip_sent": self.sip_sent,
            "sip_received": self.sip_received,
            "sip_unsendable": self.sip_unsendable,
            "sip_dropped": dict(self._agent.dropped),
            "calls_left": len(self._agent.calls),
            "units_left": self._capacity.units_used,
        }

    def _signal(self, readable: bool, now_ns: int) -> None:
        now_ms = now_ns / 1e6
        timer_ms = self._agent.next_timeout()
        if not readable and (timer_ms is None or timer_ms > now_ms):
            return
        while readable:
            try:
                data, source = self._sip.recvfrom(MAX_DATAGRAM)
            except BlockingIOError:
                break
            self.sip_received += 1
            self._handle(self._agent.receive(data, source, now_ms))
        self._handle(self._agent.advance(now_ms))
        for datagram in self._agent.outgoing():
            try:
                self._sip.sendto(datagram.data, datagram.target)
            except OSError:
                # a caller may name a Contact that nobody can reach: its loss, not the MCU's end
                self.sip_unsendable += 1
            else:
                self.sip_sent += 1

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case IncomingCall():
                    self._incoming(event)
                case CallEstablished(call):
                    self._join(call)
                case CallEnded(call) | CallFailed(call):
                    self._leave(call)

    def _incoming(self, call: IncomingCall) -> None:
        now_ms = time.monotonic_ns() / 1e6
        bridge = call.from_user
        if bridge not in self._config.seats:
            self._refuse(call, 403, "Not a bridge of this system")
        elif bridge in self._bridge_of.values():
            self._refuse(call, 486, "This bridge is in the meeting already")
        elif call.sdp is None:
            self._refuse(call, 488, "An offer is needed")
        else:
            try:
                answer, agreed = self._answer(call.sdp)
            except sdp.SdpError as error:
                self._refuse(call, 488, str(error))
                return
            admission = self._capacity.admit(call.call, resolution_of(agreed["video"].codec))
            if not admission.accepted:
                self._refuse(call, admission.code, admission.reason)
                return
            self._bridge_of[call.call] = bridge
            self._agreed[call.call] = agreed
            self._agent.accept(call.call, sdp.build(answer), now_ms)

    def _answer(self, offer: bytes) -> tuple[sdp.Session, dict[str, Agreed]]:
        theirs = sdp.parse(offer)
        codecs = [codec_for(name, VIDEO_PAYLOAD_TYPE) for name in reversed(LEVELS)]
        can = [audio(AUDIO_PORT), video(VIDEO_PORT, round(self._config.video.kbps), codecs)]
        answer, terms = make_answer(theirs, can, self._config.address, self._config.seed)
        agreed = {t.kind: t for t in terms if t is not None}
        if set(agreed) != {"audio", "video"}:
            raise sdp.SdpError("audio and video are needed")
        return answer, agreed

    def _refuse(self, call: IncomingCall, code: int, reason: str) -> None:
        after = RETRY_AFTER_S if code == 503 else None
        self._agent.refuse(call.call, code, reason, time.monotonic_ns() / 1e6, after)
        self._tell("refused", call.from_user, code=code, reason=reason)

    def _join(self, call: str) -> None:
        bridge, agreed = self._bridge_of[call], self._agreed[call]
        seat = self._config.seats[bridge]
        leg = Leg(
            self._rows[bridge],
            agreed["audio"].remote,
            agreed["video"].remote,
            seat.up,
            seat.down,
        )
        self._media.open(leg, time.monotonic_ns())
        self._in_meeting.add(call)
        self._tell("joined", bridge)

    def _leave(self, call: str) -> None:
        bridge = self._bridge_of.pop(call, None)
        if bridge is None:
            return
        self._agreed.pop(call, None)
        self._capacity.release(call)
        if call in self._in_meeting:
            self._in_meeting.discard(call)
            self._media.close(self._rows[bridge])
        self._tell("left", bridge)

    def _tell(self, event: str, bridge: str, **details: Any) -> None:
        self._on_event(
            {
                "t_ms": round((time.monotonic_ns() - self._config.origin_ns) / 1e6, 3),
                "who": "mcu",
                "event": event,
                "bridge": bridge,
                **details,
                "units": self._capacity.units_used,
                "ports": self._capacity.ports_used,
            }
        )


def serve(config: McuConfig, captures: Path) -> None:
    """Run an MCU to its end; events as JSON lines and packet logs in the folder `captures`."""
    with (captures / "mcu.jsonl").open("w", encoding="utf-8") as file:

        def tell(event: dict[str, Any]) -> None:
            file.write(json.dumps(event) + "\n")

        server = McuServer(config, captures, tell)
        server.run()
        tell(server.health())
