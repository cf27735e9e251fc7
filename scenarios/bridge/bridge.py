"""One bridge: a SIP user agent that dials the MCU or is dialled by it, and its terminal."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from giaoban.errors import InvalidRun
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
from mcu_sim.sip.call import CallState
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
from mcu_sim.sip.info import wants_full_picture
from mcu_sim.sip.message.addresses import Peer
from mcu_sim.sip.session import MEDIA_LOST
from scenarios.bridge.power import Power
from scenarios.bridge.recovery import Redialling
from scenarios.bridge.terminal import PORTS, Terminal
from scenarios.plan.plan import MEETING, SIP_PORT, CallPlan, Plan
from topology.emulation.namespace import inside
from traffic.batch import ReceiveBatch, SendBatch, try_to_send
from traffic.log import PacketLog
from traffic.profiles import DSCP_SIGNALLING, VIDEO_PAYLOAD_TYPE

MAX_DATAGRAM = 65_535
ACCEPTED, BUSY_HERE = 200, 486
LIFE = 1_000_003
"""Between the seeds of a bridge before and after its power was gone."""


class Bridge:
    """Driven by its owner: `dial`, `hang_up`, `signal` when its socket is ready, `window`.

    Where things fail, it gives up a call in which nothing is heard any more, and dials again: the
    owner calls `persevere` when `next_ns` has come.
    """

    def __init__(
        self,
        plan: Plan,
        number: int,
        namespace_fd: int,
        origin_ns: int,
        logs: tuple[PacketLog, PacketLog],
        inbox: ReceiveBatch,
        tell: Callable[..., None],
        folder: Path,
    ) -> None:
        """`number`: index into `plan.calls`. `logs`: what is sent, what is received. `inbox`: what
        to receive with. `folder`: the run's."""
        self._plan = plan
        self.call_plan: CallPlan = plan.calls[number]
        self._tell = tell
        self._address = plan.network.address(self.call_plan.bridge)
        with inside(namespace_fd):
            self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sip.setblocking(False)
            self.sip.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, DSCP_SIGNALLING << 2)
            self.sip.bind((self._address, SIP_PORT))
        self.terminal = Terminal(plan, number, namespace_fd, origin_ns, logs, folder)
        self._seed = plan.seed * 1009 + number
        self.agent = self._new_agent(self._seed)
        self._inbox = inbox
        self._redialling = Redialling(plan.recovery, origin_ns, number, plan.seed)
        self.power = Power.of(self.bridge_id, plan.outages, origin_ns)
        self._dial_ns = origin_ns + round(self.call_plan.dial_s * 1e9)
        self._wanted = True
        """Whether the meeting goes on."""
        self._is_on = True
        self._deaf = False
        """Whether what comes is of a call that this side has given up."""
        self._secrets = SeededSecrets(plan.seed, f"bridge {number}")
        protocol = "RTP/SAVP" if plan.encrypted else "RTP/AVP"
        profile = plan.profile
        microphone = [sdp.Codec(plan.audio.payload_type, plan.audio.encoding, plan.audio.clock_hz)]
        camera = [codec_for(profile.resolution, VIDEO_PAYLOAD_TYPE, profile.video_profile)]
        self._can = [
            audio(PORTS["audio"], microphone, protocol=protocol),
            video(PORTS["video"], round(plan.profile.video_kbps), camera, protocol=protocol),
        ]
        if plan.content is not None:
            kbps = round(plan.content.model.kbps)
            self._can.append(content(PORTS["content"], kbps, camera, protocol=protocol))
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
        if not self._is_on:
            return
        mcu = self._plan.network.address(self._plan.network.mcu.id)
        self._dialled_ns = time.monotonic_ns()
        self._local = make_offer(self._address, self._can, self._session_id, keys=self._secrets)
        self._call = self.agent.call(
            f"sip:{MEETING}@{mcu}:{SIP_PORT}", sdp.build(self._local), self._dialled_ns / 1e6
        )
        self._redialling.calls(self._dialled_ns)
        self._flush()

    def hang_up(self) -> None:
        """End the call, if it stands. The meeting is over: it does not dial again."""
        self._wanted = False
        self._redialling.stop()
        self._drop_call()
        self.terminal.end()

    @property
    def next_ns(self) -> int:
        """When `persevere` is to be called, CLOCK_MONOTONIC."""
        return self._redialling.next_ns

    def next_timeout(self) -> float | None:
        """When `signal` has something to do though nothing came, ms of CLOCK_MONOTONIC."""
        return self.agent.next_timeout() if self._is_on else None

    def persevere(self) -> None:
        """Give up a call that is dead; dial again if it is time to."""
        self.receive()
        now_ns = time.monotonic_ns()
        match self._redialling.due(now_ns):
            case "lost":
                self._drop_call("Nothing is heard", MEDIA_LOST)
                self.terminal.end()
                self._deaf = True
                self._redialling.ends(now_ns)
                self._tell("media-lost", self.bridge_id)
            case "dial":
                self._drop_call()
                self._tell("redial", self.bridge_id, attempt=self._redialling.attempts)
                self.dial()

    def switch_off(self, batch: SendBatch) -> None:
        """Its power is gone: it stops without a word."""
        self.receive()
        self.terminal.end()
        self.terminal.window(batch, time.monotonic_ns())  # what was sent already, but held back
        self._call, self._is_on, self._deaf = None, False, True
        self._redialling.stop()
        self._tell("powered-off", self.bridge_id)

    def switch_on(self) -> None:
        """It has started again and knows nothing of before; it dials if its time has come."""
        self.signal()
        self._seed += LIFE
        self.agent = self._new_agent(self._seed)
        self._is_on = True
        self._tell("powered-on", self.bridge_id)
        now_ns = time.monotonic_ns()
        was_due = self._plan.dial == "in" and now_ns >= self._dial_ns
        if self._wanted and (was_due or self._redialling.was_in):
            self._redialling.attempts += 1
            self._tell("redial", self.bridge_id, attempt=self._redialling.attempts)
            self.dial()

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
            if self._is_on:
                self._handle(self.agent.receive(data, Peer(*source), now_ms))
        if not self._is_on:
            return
        self._handle(self.agent.advance(now_ms))
        self._flush()

    def window(
        self, batch: SendBatch, until_ns: int, kinds: Collection[Kind] = tuple(PORTS)
    ) -> None:
        """Hand the kernel all media of some kinds that is due before `until_ns`, and while there is
        power."""
        now_ns = time.monotonic_ns()
        if self._is_on:
            self.terminal.window(batch, min(until_ns, self.power.lasts_until(now_ns)), kinds)

    def receive(self, kinds: Collection[Kind] = tuple(PORTS)) -> None:
        """Take in all media of some kinds that came."""
        if self._deaf:
            self.terminal.discard(self._inbox)
            return
        self.terminal.receive(self._inbox, kinds)
        self._redialling.hears(self.terminal.heard_ns)

    def health(self) -> dict[str, Any]:
        """What the run's validity depends on."""
        terminal = self.terminal
        return {
            "bridge": self.bridge_id,
            "starved": terminal.starved,
            "stray": terminal.stray,
            "overflowed": sum(terminal.overflowed.values()),
            "unheard": terminal.unheard,
            "unsendable": terminal.unsendable,
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
                    self._begin(self._agreed, now_ns)
                case Refused(_, code, reason):
                    self._call = None
                    self._redialling.refused(code)
                    self._tell("refused", self.bridge_id, code=code, reason=reason)
                case TimedOut():
                    self._call = None
                    self._redialling.refused(None)
                    self._tell("timed-out", self.bridge_id)
                case CallEnded(call=call) | CallFailed(call=call) if call == self._call:
                    self._call = None
                    self.terminal.end()
                    self._redialling.ends(now_ns)
                    self._tell("ended-by-mcu", self.bridge_id)
                case Reoffer(call, offer):
                    self._refreshed(call, offer, now_ns)
                case InfoReceived(_, key, content_type, body):
                    if wants_full_picture(content_type, body):
                        self.terminal.key_frame("video", now_ns)
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
        self._begin(_by_kind(terms), now_ns)
        setup_ms = round((now_ns - self._dialled_ns) / 1e6, 3)
        self._tell("connected", self.bridge_id, setup_ms=setup_ms)

    def _begin(self, agreed: dict[Kind, Agreed], now_ns: int) -> None:
        """The call stands."""
        if self._deaf:
            self.receive()  # what came until now is of another call
            self._deaf = False
        self.terminal.begin(agreed, now_ns)
        self._redialling.stands(now_ns)

    def _incoming(self, call: IncomingCall, now_ns: int) -> None:
        if self._call is not None and self.agent.state(self._call) is CallState.CALLING:
            self.agent.refuse(call.call, BUSY_HERE, "Is calling", now_ns / 1e6)
            return
        self._drop_call()
        self.terminal.end()
        self._redialling.calls(now_ns)
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
                keys=self._secrets,
            )
        except sdp.SdpError as error:
            raise InvalidRun(f"{self.bridge_id}: the MCU's offer cannot be read: {error}") from None
        self._agreed = _by_kind(terms)
        return sdp.build(self._local)

    def _drop_call(self, reason: str | None = None, cause: int = ACCEPTED) -> None:
        """End the call on this side, in whatever state it is."""
        if self._call is None:
            return
        now_ms = time.monotonic_ns() / 1e6
        if self._plan.recovery is not None:
            self.agent.abandon(self._call, now_ms)
        self.agent.hang_up(self._call, now_ms, reason, cause=cause)
        self._call = None
        self._flush()

    def _new_agent(self, seed: int) -> UserAgent:
        who = self.call_plan.bridge
        return UserAgent((self._address, SIP_PORT), random.Random(seed), user=who, display_name=who)

    def _flush(self) -> None:
        for datagram in self.agent.outgoing():
            target = datagram.target.host, datagram.target.port
            self.sip_sent += try_to_send(partial(self.sip.sendto, datagram.data, target))


def _by_kind(terms: Sequence[Agreed | None]) -> dict[Kind, Agreed]:
    """What was agreed on, by medium."""
    found: dict[Kind, Agreed] = {}
    for agreed in terms:
        if agreed is not None:
            kind: Kind = "audio" if agreed.kind == "audio" else "video"
            found["content" if agreed.content else kind] = agreed
    return found
