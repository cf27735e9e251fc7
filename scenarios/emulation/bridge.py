"""One bridge: a SIP user agent that dials the MCU, and its microphone, camera and loudspeaker."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from giaoban.errors import InvalidRun
from mcu_sim import g711, sdp
from mcu_sim.h264 import codec_for
from mcu_sim.offer_answer import audio, make_offer, read_answer, video
from mcu_sim.sip.events import Answered, EndedByPeer, Event, Refused, TimedOut
from mcu_sim.sip.uac import UserAgentClient
from scenarios.plan import CallPlan, Plan
from topology.emulation.namespace import inside
from traffic import rtp
from traffic.batch import (
    ReceiveBatch,
    SendBatch,
    media_socket,
    realtime_minus_monotonic_ns,
)
from traffic.log import PacketLog
from traffic.profiles import DSCP_AUDIO, DSCP_SIGNALLING, DSCP_VIDEO, VIDEO_PAYLOAD_TYPE
from traffic.sound import tone, tone_hz
from traffic.stream import AudioStream, VideoStream, next_start_ns

SIP_PORT, AUDIO_PORT, VIDEO_PORT = 5060, 40_000, 40_002
MAX_DATAGRAM = 65_535
NEVER_NS = 2**63 - 1
SOURCE_START_NS, SOURCE_PHASE_NS = 20_000_000, 33_000_000  # first capture after the answer


class Bridge:
    """Driven by its owner: `dial`, `hang_up`, `signal` when its socket is ready, `window`."""

    def __init__(
        self,
        plan: Plan,
        number: int,
        namespace_fd: int,
        origin_ns: int,
        logs: tuple[PacketLog, PacketLog],
        tell: Callable[..., None],
    ) -> None:
        """`number`: index into `plan.calls`. `logs`: what is sent, what is received."""
        self._plan = plan
        self.call_plan: CallPlan = plan.calls[number]
        self._number = number
        self._origin_ns = origin_ns
        self._sent, self._received = logs
        self._tell = tell
        address = plan.network.address(self.call_plan.bridge)
        self._address = address
        with inside(namespace_fd):
            self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sip.setblocking(False)
            self.sip.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, DSCP_SIGNALLING << 2)
            self.sip.bind((address, SIP_PORT))
            self._media = {
                "audio": media_socket(address, AUDIO_PORT, dscp=DSCP_AUDIO),
                "video": media_socket(address, VIDEO_PORT, dscp=DSCP_VIDEO),
            }
        self.agent = UserAgentClient(
            (address, SIP_PORT),
            random.Random(plan.seed * 1009 + number),
            user=self.call_plan.bridge,
            display_name=self.call_plan.bridge,
        )
        self._offer = make_offer(
            address,
            [
                audio(AUDIO_PORT),
                video(
                    VIDEO_PORT,
                    round(plan.profile.video_kbps),
                    [codec_for(plan.profile.resolution, VIDEO_PAYLOAD_TYPE)],
                ),
            ],
            session_id=plan.seed + number,
        )
        self._call: str | None = None
        self._dialled_ns = 0
        self._streams: dict[str, AudioStream | VideoStream] = {}
        self._first_leaving_ns = NEVER_NS
        self._clock_offset_ns = realtime_minus_monotonic_ns()
        self.sip_sent = self.sip_received = self.starved = self.stray = 0
        self.overflowed = {"audio": 0, "video": 0}

    @property
    def bridge_id(self) -> str:
        return self.call_plan.bridge

    @property
    def has_media(self) -> bool:
        """Whether its call stands and it sends."""
        return bool(self._streams)

    def dial(self) -> None:
        """Call the MCU."""
        mcu = self._plan.network.address(self._plan.network.mcu.id)
        self._dialled_ns = time.monotonic_ns()
        offer = sdp.build(self._offer)
        self._call = self.agent.call(f"sip:meeting@{mcu}:{SIP_PORT}", offer, self._dialled_ns / 1e6)
        self._flush()

    def hang_up(self) -> None:
        """End the call, if it stands."""
        if self._call is not None:
            self.agent.hang_up(self._call, time.monotonic_ns() / 1e6)
            self._flush()
        self._streams.clear()

    def signal(self) -> None:
        """Read what came for the user agent and run its timers."""
        now_ms = time.monotonic_ns() / 1e6
        while True:
            try:
                data, source = self.sip.recvfrom(MAX_DATAGRAM)
            except BlockingIOError:
                break
            self.sip_received += 1
            self._handle(self.agent.receive(data, source, now_ms))
        self._handle(self.agent.advance(now_ms))
        self._flush()

    def window(self, batch: SendBatch, until_ns: int) -> None:
        """Hand the kernel all media that is due before `until_ns`."""
        for kind, stream in self._streams.items():
            lengths, times = stream.window(batch.data, until_ns)
            if len(lengths):
                self._first_leaving_ns = min(self._first_leaving_ns, int(times.min()))
                batch.send(self._media[kind].fileno(), lengths, times)

    def watch(self, now_ns: int) -> None:
        """Count a window as starved whose first packet was due before it was handed over."""
        self.starved += self._first_leaving_ns < now_ns
        self._first_leaving_ns = NEVER_NS

    def receive(self, inbox: ReceiveBatch) -> None:
        """Log all media that came."""
        for kind, sock in self._media.items():
            index = self.call_plan.down[kind]
            expected = np.uint32(self._plan.streams[index].ssrc)
            while len(got := inbox.receive(sock.fileno())):
                headers = rtp.parse_headers(got.data, got.lengths)
                mine = np.flatnonzero(headers.valid & (headers.ssrc == expected))
                self.stray += len(got) - len(mine)
                self.overflowed[kind] = max(self.overflowed[kind], got.overflowed)
                self._received.append(
                    len(mine),
                    stream=index,
                    sequence=headers.sequence[mine],
                    timestamp=headers.timestamp[mine],
                    arrival_ns=got.arrival_ns[mine] - self._clock_offset_ns,
                    size=got.lengths[mine],
                )
                if len(got) < inbox.capacity:
                    break

    def health(self) -> dict[str, Any]:
        """What the run's validity depends on."""
        return {
            "bridge": self.bridge_id,
            "starved": self.starved,
            "stray": self.stray,
            "overflowed": sum(self.overflowed.values()),
            "sip_sent": self.sip_sent,
            "sip_received": self.sip_received,
        }

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Answered(_, answer):
                    self._start_media(answer or b"")
                case Refused(_, code, reason):
                    self._call = None
                    self._tell("refused", self.bridge_id, code=code, reason=reason)
                case TimedOut():
                    self._call = None
                    self._tell("timed-out", self.bridge_id)
                case EndedByPeer():
                    self._call = None
                    self._streams.clear()
                    self._tell("ended-by-mcu", self.bridge_id)

    def _start_media(self, answer: bytes) -> None:
        now_ns = time.monotonic_ns()
        try:
            terms = read_answer(self._offer, sdp.parse(answer))
        except sdp.SdpError as error:
            raise InvalidRun(
                f"{self.bridge_id}: the MCU's answer cannot be read: {error}"
            ) from None
        agreed = {t.kind: t for t in terms if t is not None}
        if missing := self._media.keys() - agreed.keys():
            raise InvalidRun(f"{self.bridge_id}: the MCU refused {', '.join(sorted(missing))}")
        for kind, sock in self._media.items():
            sock.connect(agreed[kind].remote)
        plans = {kind: self._plan.streams[i] for kind, i in self.call_plan.up.items()}
        # neither devices nor their cameras and microphones are in step
        start_ns = {
            kind: next_start_ns(now_ns, self._origin_ns)
            + SOURCE_START_NS
            + random.Random(plan.seed).randrange(SOURCE_PHASE_NS)
            for kind, plan in plans.items()
        }
        sound = g711.a_law_encode(tone(tone_hz(self._number)))[np.newaxis, :]
        self._streams = {
            "audio": AudioStream(plans["audio"], self._sent, start_ns["audio"], sound),
            "video": VideoStream(plans["video"], self._sent, start_ns["video"], self._plan.video),
        }
        self._tell(
            "connected", self.bridge_id, setup_ms=round((now_ns - self._dialled_ns) / 1e6, 3)
        )

    def _flush(self) -> None:
        for datagram in self.agent.outgoing():
            self.sip.sendto(datagram.data, datagram.target)
            self.sip_sent += 1
