"""A bridge's signalling without sockets: it dials or is dialled, as `emulation.bridge` does."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from mcu_sim import sdp
from mcu_sim.conference.commands import Command
from mcu_sim.media.leg import Kind
from mcu_sim.sdp.h264 import codec_for
from mcu_sim.sdp.offer_answer import (
    Agreed,
    audio,
    content,
    make_answer,
    make_offer,
    read_answer,
    video,
)
from mcu_sim.secret_source import SeededSecrets
from mcu_sim.server.conference_control import CONTROL_TYPE
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
from scenarios.estimate.timeline import Sending
from scenarios.plan.plan import MEETING, SIP_PORT, Plan
from traffic.profiles import VIDEO_PAYLOAD_TYPE

PORTS: dict[Kind, int] = {"audio": 40_000, "video": 40_002, "content": 40_004}
ACCEPTED = 200


class BridgeSide:
    """One bridge of a plan. The owner calls `handle` with what `agent` tells, and sends what its
    agent has to send after every call."""

    def __init__(
        self, plan: Plan, number: int, begins: Callable[[Sending], None], tell: Callable[..., None]
    ) -> None:
        """`number`: index into `plan.calls`. `begins` is told every call that stands."""
        self.call_plan = plan.calls[number]
        self.bridge = self.call_plan.bridge
        self._number = number
        self._begins = begins
        self._tell = tell
        self.address = plan.network.address(self.bridge)
        self._mcu = plan.network.address(plan.network.mcu.id)
        rng = random.Random(plan.seed * 1009 + number)
        contact = (self.address, SIP_PORT)
        self.agent = UserAgent(contact, rng, user=self.bridge, display_name=self.bridge)
        self._secrets = SeededSecrets(plan.seed, f"bridge {number}")
        protocol = "RTP/SAVP" if plan.encrypted else "RTP/AVP"
        profile = plan.profile
        microphone = [sdp.Codec(plan.audio.payload_type, plan.audio.encoding, plan.audio.clock_hz)]
        camera = [codec_for(profile.resolution, VIDEO_PAYLOAD_TYPE, profile.video_profile)]
        self._can = [
            audio(PORTS["audio"], microphone, protocol=protocol),
            video(PORTS["video"], round(profile.video_kbps), camera, protocol=protocol),
        ]
        if plan.content is not None:
            kbps = round(plan.content.model.kbps)
            self._can.append(content(PORTS["content"], kbps, camera, protocol=protocol))
        self._session_id = plan.seed + number
        self._local: sdp.Session | None = None
        self._agreed: dict[Kind, Agreed] = {}
        self._call: str | None = None
        self._sending: Sending | None = None
        self._dialled_ns = 0

    def dial(self, now_ns: int) -> None:
        """Call the MCU."""
        self._dialled_ns = now_ns
        self._local = make_offer(self.address, self._can, self._session_id, keys=self._secrets)
        uri = f"sip:{MEETING}@{self._mcu}:{SIP_PORT}"
        self._call = self.agent.call(uri, sdp.build(self._local), now_ns / 1e6)

    def hang_up(self, now_ns: int) -> None:
        """End the call, if it stands."""
        if self._call is not None:
            self.agent.hang_up(self._call, now_ns / 1e6, None, cause=ACCEPTED)
            self._call = None
        self._end(now_ns)

    def command(self, command: Command, now_ns: int) -> None:
        """Its technician asks the MCU for something."""
        if self._call is None or self._sending is None:
            self._tell(now_ns, "command-without-call", self.bridge, command=command.command)
            return
        body = command.model_dump_json(by_alias=True, exclude_none=True).encode()
        self.agent.info(self._call, CONTROL_TYPE, body, now_ns / 1e6)

    def handle(self, event: Event, now_ns: int) -> None:
        """Carry out what the user agent tells."""
        match event:
            case Answered(_, answer):
                assert self._local is not None
                terms = read_answer(self._local, sdp.parse(answer or b""))
                self._begin(_by_kind(terms), now_ns)
                setup_ms = round((now_ns - self._dialled_ns) / 1e6, 3)
                self._tell(now_ns, "connected", self.bridge, setup_ms=setup_ms)
            case IncomingCall(call=call, sdp=offer):
                self._call, self._local = call, None
                self.agent.accept(call, self._answer(offer or b""), now_ns / 1e6)
            case CallEstablished():
                self._begin(self._agreed, now_ns)
            case Refused(_, code, reason):
                self._call = None
                self._tell(now_ns, "refused", self.bridge, code=code, reason=reason)
            case TimedOut():
                self._call = None
                self._tell(now_ns, "timed-out", self.bridge)
            case CallEnded(call=call) | CallFailed(call=call) if call == self._call:
                self._call = None
                self._end(now_ns)
                self._tell(now_ns, "ended-by-mcu", self.bridge)
            case Reoffer(call, offer):
                assert self._local is not None
                same = sdp.build(self._local) if offer is None else self._answer(offer)
                self.agent.answer_reoffer(call, same, now_ns / 1e6)
            case InfoReceived(_, key, _, _):
                self.agent.answer_info(key, ACCEPTED, "OK", now_ns / 1e6)
            case InfoAnswered(_, code) if code != ACCEPTED:
                self._tell(now_ns, "command-refused", self.bridge, code=code)

    def _answer(self, offer: bytes) -> bytes:
        self._local, terms = make_answer(
            sdp.parse(offer),
            self._can,
            self.address,
            self._session_id,
            previous=self._local,
            keys=self._secrets,
        )
        self._agreed = _by_kind(terms)
        return sdp.build(self._local)

    def _begin(self, agreed: dict[Kind, Agreed], now_ns: int) -> None:
        self._sending = Sending(self._number, dict(agreed), now_ns)
        self._begins(self._sending)

    def _end(self, now_ns: int) -> None:
        if self._sending is not None:
            self._sending.to_ns = now_ns
            self._sending = None


def _by_kind(terms: Sequence[Agreed | None]) -> dict[Kind, Agreed]:
    """What was agreed on, by medium."""
    found: dict[Kind, Agreed] = {}
    for agreed in terms:
        if agreed is not None:
            kind: Kind = "audio" if agreed.kind == "audio" else "video"
            found["content" if agreed.content else kind] = agreed
    return found
