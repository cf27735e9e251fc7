"""One part of a media plane at a time: terms, legs, and a far end on the loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from giaoban.mcu_sim.media.leg import UNLOGGED, Kind, Leg, MediaFlow
from giaoban.mcu_sim.media.ports import PortPool
from giaoban.mcu_sim.media.srtp import Keyring
from giaoban.mcu_sim.sdp.offer_answer import H264_720P30, PCMA, NegotiatedMedia
from giaoban.traffic.log import PacketLog, read
from giaoban.traffic.sources.video_model import VideoModel
from tests.loopback import local_address, udp_socket
from tests.mcu_sim.server_factory import stream

HERE = local_address(85)
FAR = local_address(86)
MCU_KEY = bytes(range(30))
FAR_KEY = bytes(range(30, 60))
SSRC = 0xA0000000
"""Our stream number n has this and n."""


def terms(kind: Kind, port: int, *, host: str = FAR, **more: Any) -> NegotiatedMedia:
    """What was agreed with a far end at `port`."""
    codec = PCMA if kind == "audio" else H264_720P30
    usual: dict[str, Any] = {
        "kind": "audio" if kind == "audio" else "video",
        "codec": codec,
        "send_type": codec.payload_type,
        "receive_type": codec.payload_type,
        "remote": (host, port),
        "remote_rtcp": (host, port if more.get("rtcp_mux", True) else port + 1),
        "sends": True,
        "receives": True,
        "max_kbps": None,
        "rtcp_mux": True,
    }
    return NegotiatedMedia(**(usual | more))


def secured(kind: Kind, port: int, **more: Any) -> NegotiatedMedia:
    """The same, encrypted."""
    return terms(kind, port, crypto_send=MCU_KEY, crypto_receive=FAR_KEY, **more)


def leg(
    row: int,
    *agreed: NegotiatedMedia,
    port_group: int = 0,
    up: int = UNLOGGED,
    composed: VideoModel | None = None,
    **plan: Any,
) -> Leg:
    """A call; its streams are numbered 10 · row and on. `plan`: of the streams that we send."""
    flows: dict[Kind, MediaFlow] = {}
    for n, one in enumerate(agreed):
        kind: Kind = "content" if one.content else "audio" if one.kind == "audio" else "video"
        name = "audio" if kind == "audio" else "video"
        down = stream(10 * row + n, f"bridge-{row}", name, "down", **plan)
        flows[kind] = MediaFlow(one, down, up if up == UNLOGGED else up + n)
    return Leg(
        row=row, meeting=0, port_group=port_group, flows=flows, composed=composed, heard=True
    )


class Far:
    """A socket of a far end."""

    def __init__(self, port: int, host: str = FAR) -> None:
        self.sock = udp_socket(host, port, timeout_s=0)

    def send(self, data: bytes, port: int) -> None:
        self.sock.sendto(data, (HERE, port))

    def got(self) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(self.sock.recv(65_535))
            except BlockingIOError:
                return found

    def close(self) -> None:
        self.sock.close()


class Way:
    """What a way in and a way out have in common: ports, keys, a packet log, and far ends."""

    def __init__(self, path: Path, log_type: np.dtype[np.void], port: int) -> None:
        self.ports = PortPool(HERE, port)
        self.ports.port_group_for({})
        self.keys = Keyring()
        self.log: PacketLog | None = PacketLog(log_type, path)
        self._path = path
        self._log_type = log_type
        self._fars: list[Far] = []

    def far(self, port: int) -> Far:
        self._fars.append(Far(port))
        return self._fars[-1]

    def take_keys(self, one: Leg) -> None:
        """The keys of a call that is to be opened."""
        for kind, flow in one.flows.items():
            self.keys.turn(kind, one.row, flow.terms)

    def logged(self) -> Any:
        """The closed log."""
        self.log.close()
        self.log = None
        return read(self._path, self._log_type)

    def close(self) -> None:
        if self.log is not None:
            self.log.close()
        self.ports.close()
        for far in self._fars:
            far.close()


def packet(
    sequence: int, payload: bytes = bytes(160), *, kind: int = 8, ssrc: int = 7, stamp: int = 0
) -> bytes:
    """An RTP packet."""
    head = bytes([0x80, kind]) + (sequence % 65_536).to_bytes(2, "big")
    return head + stamp.to_bytes(4, "big") + ssrc.to_bytes(4, "big") + payload
