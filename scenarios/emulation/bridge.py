"""One bridge: a SIP user agent that dials the MCU or is dialled by it, and its terminal."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from giaoban.errors import InvalidRun
from mcu_sim import sdp
from mcu_sim.conference.commands import Command
from mcu_sim.h264 import codec_for
from mcu_sim.media.leg import Kind
from mcu_sim.offer_answer import PCMA, Agreed, audio, make_answer, make_offer, read_answer, video
from mcu_sim.server.controls import CONTROL_TYPE
from mcu_sim.sip.agent import UserAgent
from mcu_sim.sip.events import (
    Answered,
    CallEnded,
    CallEstablished,
    CallFailed,
    Event,
    IncomingCall,
    InfoAnswered,
    InfoReceived,
    Refused,
    Reoffer,
    TimedOut,
)
from mcu_sim.sip.media_control import wants_full_picture
from mcu_sim.sip.message import Peer
from scenarios.emulation.terminal import PORTS, Terminal
from scenarios.plan import MEETING, SIP_PORT, CallPlan, Plan
from topology.emulation.namespace import inside
from traffic.batch import ReceiveBatch, SendBatch
from traffic.log import PacketLog
from traffic.profiles import DSCP_SIGNALLING, VIDEO_PAYLOAD_TYPE

MAX_DATAGRAM = 65_535
ACCEPTED = 200


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
        self._tell = tell
        self._address = plan.network.address(self.call_plan.bridge)
        with inside(namespace_fd):
            self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sip.setblocking(False)
            self.sip.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, DSCP_SIGNALLING << 2)
            self.sip.bind((self._address, SIP_PORT))
        self.terminal = Terminal(plan, number, namespace_fd, origin_ns, logs)
        rng = random.Random(plan.seed * 1009 + number)
        self.agent = UserAgent(
            (self._address, SIP_PORT),
            rng,
            user=self.call_plan.bridge,
            display_name=self.call_plan.bridge,
        )
        # not the agent's own: what it draws must not hang on whether media is encrypted
        self._keys = random.Random(plan.seed * 2003 + number).randbytes
        protocol = "RTP/SAVP" if plan.encrypted else "RTP/AVP"
        camera = [codec_for(plan.profile.resolution, VIDEO_PAYLOAD_TYPE)]
        self._can = [
            audio(PORTS["audio"], [PCMA], protocol=protocol),
            video(PORTS["video"], round(plan.profile.video_kbps), camera, protocol=protocol),
        ]
        self._session_id = plan.seed + number
        self._local: sdp.Session | None = None
        """Our description in force: an offer of ours, or an answer."""
        self._agreed: dict[Kind, Agreed] = {}
        self._call: str | None = None
        self._dialled_ns = 0
        self.sip_sent = self.sip_received = 0

    @property
    def bridge_id(self) -> str:
        return self.call_plan.bridge

    def dial(self) -> None:
        """Call the MCU."""
        mcu = self._plan.network.address(self._plan.network.mcu.id)
        self._dialled_ns = time.monotonic_ns()
        self._local = make_offer(self._address, self._can, self._session_id, keys=self._keys)
        self._call = self.agent.call(
            f"sip:{MEETING}@{mcu}:{SIP_PORT}", sdp.build(self._local), self._dialled_ns / 1e6
        )
        self._flush()

    def hang_up(self) -> None:
        """End the call, if it stands."""
        if self._call is not None:
            self.agent.hang_up(self._call, time.monotonic_ns() / 1e6)
            self._flush()
        self.terminal.end()

    def command(self, command: Command) -> None:
        """Its technician asks the MCU for something (Art. 15, 16)."""
        if self._call is None or not self.terminal.sends:
            self._tell("command-without-call", self.bridge_id, command=command.command)
            return
        body = command.model_dump_json(by_alias=True, exclude_none=True).encode()
        self.agent.info(self._call, CONTROL_TYPE, body, time.monotonic_ns() / 1e6)
        self._flush()

    def signal(self) -> None:
        """Read what came for the user agent and run its timers."""
        now_ms = time.monotonic_ns() / 1e6
        while True:
            try:
                data, source = self.sip.recvfrom(MAX_DATAGRAM)
            except BlockingIOError:
                break
            self.sip_received += 1
            self._handle(self.agent.receive(data, Peer(*source), now_ms))
        self._handle(self.agent.advance(now_ms))
        self._flush()

    def window(self, batch: SendBatch, until_ns: int) -> None:
        """Hand the kernel all media that is due before `until_ns`."""
        self.terminal.window(batch, until_ns)

    def receive(self, inbox: ReceiveBatch) -> None:
        """Take in all media that came."""
        self.terminal.receive(inbox)

    def health(self) -> dict[str, Any]:
        """What the run's validity depends on."""
        terminal = self.terminal
        return {
            "bridge": self.bridge_id,
            "starved": terminal.starved,
            "stray": terminal.stray,
            "overflowed": sum(terminal.overflowed.values()),
            "rtcp_sent": terminal.rtcp_sent,
            "rtcp_received": terminal.rtcp_received,
            "sip_sent": self.sip_sent,
            "sip_received": self.sip_received,
        }

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            now_ns = time.monotonic_ns()
            match event:
                case Answered(_, answer):
                    self._answered(answer or b"", now_ns)
                case IncomingCall():
                    self._incoming(event, now_ns)
                case CallEstablished():
                    self.terminal.begin(self._agreed, now_ns)
                case Refused(_, code, reason):
                    self._call = None
                    self._tell("refused", self.bridge_id, code=code, reason=reason)
                case TimedOut():
                    self._call = None
                    self._tell("timed-out", self.bridge_id)
                case CallEnded() | CallFailed():
                    self._call = None
                    self.terminal.end()
                    self._tell("ended-by-mcu", self.bridge_id)
                case Reoffer(call, offer):
                    self._refreshed(call, offer, now_ns)
                case InfoReceived(_, key, content_type, body):
                    if wants_full_picture(content_type, body):
                        self.terminal.key_frame()
                    self.agent.answer_info(key, ACCEPTED, "OK", now_ns / 1e6)
                case InfoAnswered(_, code):
                    if code != ACCEPTED:
                        self._tell("command-refused", self.bridge_id, code=code)

    def _answered(self, answer: bytes, now_ns: int) -> None:
        assert self._local is not None
        try:
            terms = read_answer(self._local, sdp.parse(answer))
        except sdp.SdpError as error:
            raise InvalidRun(
                f"{self.bridge_id}: the MCU's answer cannot be read: {error}"
            ) from None
        self.terminal.begin(_by_kind(terms), now_ns)
        setup_ms = round((now_ns - self._dialled_ns) / 1e6, 3)
        self._tell("connected", self.bridge_id, setup_ms=setup_ms)

    def _incoming(self, call: IncomingCall, now_ns: int) -> None:
        self._call, self._local = call.call, None
        self.agent.accept(call.call, self._answer(call.sdp or b""), now_ns / 1e6)

    def _refreshed(self, call: str, offer: bytes | None, now_ns: int) -> None:
        """The MCU shows that the call still stands (RFC 4028): nothing changes in it."""
        assert self._local is not None
        answer = sdp.build(self._local) if offer is None else self._answer(offer)
        self.agent.answer_reoffer(call, answer, now_ns / 1e6)

    def _answer(self, offer: bytes) -> bytes:
        try:
            self._local, terms = make_answer(
                sdp.parse(offer),
                self._can,
                self._address,
                self._session_id,
                previous=self._local,
                keys=self._keys,
            )
        except sdp.SdpError as error:
            raise InvalidRun(f"{self.bridge_id}: the MCU's offer cannot be read: {error}") from None
        self._agreed = _by_kind(terms)
        return sdp.build(self._local)

    def _flush(self) -> None:
        for datagram in self.agent.outgoing():
            self.sip.sendto(datagram.data, (datagram.target.host, datagram.target.port))
            self.sip_sent += 1


def _by_kind(terms: Sequence[Agreed | None]) -> dict[Kind, Agreed]:
    """What was agreed on, of the two media a bridge offers."""
    found: dict[Kind, Agreed] = {}
    for agreed in terms:
        if agreed is not None:
            found["audio" if agreed.kind == "audio" else "video"] = agreed
    return found
