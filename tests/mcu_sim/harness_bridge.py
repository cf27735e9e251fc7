"""A bridge of a test: the user agent of every bridge (`giaoban.scenarios.bridge`) in memory, which
answers as a test wants it to, and sockets for media when it needs them."""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.media.leg import Kind, by_kind
from giaoban.mcu_sim.media.srtp import SrtpContext
from giaoban.mcu_sim.sdp.crypto import key_source
from giaoban.mcu_sim.sdp.h264 import codec_for
from giaoban.mcu_sim.sdp.offer_answer import (
    PCMA,
    NegotiatedMedia,
    audio,
    content,
    make_offer,
    read_answer,
    video,
)
from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.digest import Credentials
from giaoban.mcu_sim.sip.events import Event, IncomingCall
from giaoban.mcu_sim.sip.message import Peer
from giaoban.scenarios.bridge.user_agent import Unreadable
from tests.loopback import udp_socket
from tests.mcu_sim.agent_calls import Reinvite
from tests.phone import SIP_PORT, RecordingUserAgent

if TYPE_CHECKING:
    from tests.mcu_sim.mcu_harness import McuHarness


PORT: dict[Kind, int] = {"audio": 24_000, "video": 24_002, "content": 24_004}


class _Signalling(RecordingUserAgent):
    """A bridge's, with what its test wants of it."""

    bridge: Bridge

    def handle(self, event: Event, now_ns: int) -> None:
        match event:
            case IncomingCall() if self.bridge.refuses is not None:
                self.seen.append(event)
                self.agent.refuse(event.call, self.bridge.refuses, "No", now_ns / 1e6)
            case IncomingCall() if not self.bridge.answers:
                self.seen.append(event)
            case _:
                super().handle(event, now_ns)
        self.bridge.renew_keys()
        assert not any(isinstance(told, Unreadable) for told in self.take_events())

    def _answer(self, offer: bytes | None) -> bytes | None:
        answer = super()._answer(offer)
        instead = None if self.stands else self.bridge.answers_with
        return answer if instead is None else instead


class Bridge:
    """A bridge at an address: it answers as told, and has media sockets when it needs them."""

    def __init__(
        self,
        harness: McuHarness,
        user: str,
        host: str,
        *,
        resolution: str = "720p30",
        kinds: Sequence[Kind] = ("audio", "video"),
        mux: bool = True,
        secure: bool = False,
        kbps: int = 1024,
        sip_port: int = SIP_PORT,
        first_port: int = 0,
        codecs: Sequence[sdp.Codec] = (PCMA,),
        password: str | None = None,
        session_expires_s: int = 1800,
    ) -> None:
        """`first_port`: added to the usual ports of media."""
        self.harness = harness
        self.user = user
        self.host = host
        self.sip = (host, sip_port)
        self.cut = False
        """Its line is away: no signalling comes through."""
        self.reoffer_code = 0
        """How the MCU answered its last re-INVITE."""
        self.answers = True
        """Whether it takes calls; False: they ring."""
        self.refuses: int | None = None
        self.answers_with: bytes | None = None
        """A description that it sends in place of its own."""
        self._secrets = key_source(sip_port, user)
        self.signalling = _Signalling(
            user,
            self.sip,
            Peer(harness.address, SIP_PORT),
            [],
            random.Random(f"{user}{host}{sip_port}"),
            session_id=lambda: 1,
            keys=self._secrets,
            credentials=None if password is None else Credentials(user, password),
            session_expires_s=session_expires_s,
        )
        self.signalling.bridge = self
        self.events = self.signalling.seen
        self._port = {kind: port + first_port for kind, port in PORT.items()}
        protocol = "RTP/SAVP" if secure else "RTP/AVP"
        at, best, plain = self._port, [codec_for(resolution, 97)], [codec_for("720p30", 98)]
        made: dict[Kind, sdp.Media] = {
            "audio": audio(at["audio"], codecs, protocol=protocol),
            "video": video(at["video"], kbps, best, protocol=protocol),
            "content": content(at["content"], kbps, plain, protocol=protocol),
        }
        self._made = {kind: replace(media, rtcp_mux=mux) for kind, media in made.items()}
        self.local = self.offer(*kinds)
        self._sockets: dict[tuple[str, bool], socket.socket] = {}
        self.srtp: dict[Kind, SrtpContext] = {}
        self._keys_of: dict[Kind, Any] = {}
        self._sequence = {"audio": 100, "video": 200, "content": 300}
        self._stamp = {"audio": 0, "video": 0, "content": 0}
        harness.bridges[self.sip] = self

    # ------------------------------------------------------------------------------ signalling

    @property
    def agent(self) -> UserAgent:
        return self.signalling.agent

    @property
    def call(self) -> str:
        """The call that it has; "": none."""
        return self.signalling.call or ""

    @call.setter
    def call(self, call: str) -> None:
        self.signalling.call = call

    @property
    def agreed(self) -> dict[Kind, NegotiatedMedia]:
        return self.signalling.agreed

    @agreed.setter
    def agreed(self, terms: dict[Kind, NegotiatedMedia]) -> None:
        self.signalling.agreed = terms

    @property
    def can(self) -> list[sdp.Media]:
        return self.signalling.can

    @property
    def local(self) -> sdp.SessionDescription:
        """Its description in force, or (set) what it offers next."""
        assert self.signalling.local is not None
        return self.signalling.local

    @local.setter
    def local(self, offer: sdp.SessionDescription) -> None:
        self.signalling.local = offer

    def dial(self, meeting: str, *, offer: bytes | None = None) -> None:
        """Call the MCU and let it answer."""
        ours = self.local
        self.signalling.dial(
            self.harness.now_ns, meeting, sdp.build(ours) if offer is None else offer
        )
        self.local = ours
        self.harness.settle()

    def offer(self, *kinds: Kind) -> sdp.SessionDescription:
        """A description of these media; they are what it can from now on."""
        self.signalling.can = [self._made[kind] for kind in kinds]
        return make_offer(self.host, self.can, 1, keys=self._secrets)

    def hang_up(self) -> None:
        self.signalling.hang_up(self.harness.now_ns)
        self.harness.settle()

    def reoffer(self, offer: sdp.SessionDescription | None = None, **media: Any) -> None:
        """Offer the present media with these fields changed, or another description."""
        if offer is None:
            changed = tuple(replace(one, **media) for one in self.local.media)
            offer = replace(self.local, media=changed, version=self.local.version + 1)
        self.local = offer
        sent = Reinvite(self.agent, self.call, sdp.build(offer), self.harness.now_ms)
        self.harness.settle()
        self.reoffer_code = sent.code
        if sent.code == 200:
            self.agreed = by_kind(read_answer(offer, sdp.parse(sent.sdp or b"")))
            self.renew_keys()

    def info(self, content_type: str, body: bytes) -> None:
        self.agent.info(self.call, content_type, body, self.harness.now_ms)
        self.harness.settle()

    def got(self, kind: type[Event]) -> list[Any]:
        """Events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def codes(self) -> list[int]:
        """What its INFOs and calls were answered with."""
        return [event.code for event in self.events if hasattr(event, "code")]

    def take(self, events: Sequence[Event]) -> None:
        """Do about these what it does about what comes."""
        for event in events:
            self.signalling.handle(event, self.harness.now_ns)

    def renew_keys(self) -> None:
        """New keys begin a new stream of packets, the same keys go on."""
        for kind, t in self.agreed.items():
            keys = t.crypto_send, t.crypto_receive
            if None in keys or self._keys_of.get(kind) == keys:
                continue
            assert t.crypto_send is not None
            assert t.crypto_receive is not None
            self._keys_of[kind] = keys
            self.srtp[kind] = SrtpContext(send=t.crypto_send, receive=t.crypto_receive)

    # ----------------------------------------------------------------------------------- media

    def sock(self, kind: Kind, rtcp: bool = False) -> socket.socket:
        """The socket of a medium, open from now on."""
        if (kind, rtcp) not in self._sockets:
            sock = udp_socket(self.host, self._port[kind] + rtcp, timeout_s=0)
            self._sockets[kind, rtcp] = sock
        return self._sockets[kind, rtcp]

    def send(self, kind: Kind, payload: bytes, **header: Any) -> bytes:
        """One RTP packet to the MCU; the plain packet. `header`: see `packet`."""
        packet = self.packet(kind, payload, **header)
        context = self.srtp.get(kind)
        wire = packet if context is None else context.protect(packet)
        self.sock(kind).sendto(wire, self.agreed[kind].remote)
        return packet

    def packet(
        self,
        kind: Kind,
        payload: bytes,
        *,
        ssrc: int = 7,
        marker: bool = False,
        step: int | None = None,
        payload_type: int | None = None,
    ) -> bytes:
        """The next packet of a stream; `step`: of the timestamp, by default 20 ms or a frame."""
        step = (160 if kind == "audio" else 3000) if step is None else step
        self._sequence[kind] = (self._sequence[kind] + 1) % 65_536
        self._stamp[kind] += step
        kind_of = self.agreed[kind].send_type if payload_type is None else payload_type
        return (
            bytes([0x80, kind_of | 0x80 * marker])
            + self._sequence[kind].to_bytes(2, "big")
            + (self._stamp[kind] % 2**32).to_bytes(4, "big")
            + ssrc.to_bytes(4, "big")
            + payload
        )

    def say(self, hz: int, loud: int = 3000) -> bytes:
        """20 ms of a tone."""
        start = self._stamp["audio"]
        t = (start + np.arange(160)) / 8000
        sound = np.rint(loud * np.sin(2 * np.pi * hz * t)).astype(np.int16)
        return self.send("audio", g711.a_law_encode(sound).tobytes())

    def show(self, kind: Kind = "video", *, key: bool = False, mark: bytes = b"") -> bytes:
        """A frame of one packet."""
        return self.send(kind, bytes([0x65 if key else 0x41]) + mark + bytes(50), marker=True)

    def received(self, kind: Kind, *, rtcp: bool = False, control: bool = False) -> list[bytes]:
        """Packets that came, opened: RTP, or (`control`) RTCP, at the port of RTP or of RTCP."""
        packets = []
        while True:
            try:
                data = self.sock(kind, rtcp).recv(65_535)
            except BlockingIOError:
                return packets
            is_control = 192 <= data[1] <= 223
            if is_control is not control:
                continue
            if (context := self.srtp.get(kind)) is not None:
                data = context.unprotect_rtcp(data) if control else context.unprotect(data)
            packets.append(data)

    def close(self) -> None:
        for sock in self._sockets.values():
            sock.close()
