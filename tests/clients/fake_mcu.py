"""Devices as a load test may meet them at --target, each with its own idea of SIP and of media.

One thread, one UDP socket for SIP and one for media on ports that the kernel gives. It knows
nothing of this software: what it does is written out by RFC 3261 and RFC 3550.
"""

from __future__ import annotations

import math
import re
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from tests.loopback import udp_socket

HOST = "127.0.0.1"
PHRASES = {
    200: "OK", 302: "Moved Temporarily", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 486: "Busy Here", 488: "Not Acceptable Here",
    500: "Server Internal Error", 501: "Not Implemented", 503: "Service Unavailable",
}  # fmt: skip
PACKET_S = 0.02


@dataclass(frozen=True)
class Device:
    """How a device behaves.

    Attributes:
        options, register, invite, bye: the status code of its answer; None: it does not answer.
        body: of its answer to INVITE: `sdp`, `none`, `garbage`, `inactive`, `recvonly`, `no-audio`.
        sends: what it sends in a call: `all`, `nothing`, `half` (a packet of 20 ms each 40 ms),
            `one-second`, `late` (all, from 1.5 s after media came), `reports` (RTCP alone),
            `other-codec` (PCMU instead of PCMA).
        says_garbage: it answers whatever comes with bytes that are no SIP.
        media_at: the host that its answer names, and sends from.
        hangs_up: as soon as a call stands.
        from_elsewhere: its answers come from another port than the one that was asked.
    """

    options: int | None = 200
    register: int | None = 200
    invite: int | None = 200
    bye: int | None = 200
    body: str = "sdp"
    sends: str = "all"
    media_at: str = HOST
    says_garbage: bool = False
    hangs_up: bool = False
    from_elsewhere: bool = False


@dataclass
class _Call:
    since_s: float
    rtp: tuple[str, int]
    sent: int = 0
    heard_s: float = math.inf


class Running:
    """A device that runs.

    Attributes:
        asked: the methods of all that it was sent, in order.
        callers: who has called, by the user of From.
        taken: datagrams that came to where its answers want media.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.sip, self.other = udp_socket(HOST), udp_socket(HOST)
        self.media = udp_socket(device.media_at)
        self.calls: dict[str, _Call] = {}
        self.asked: list[str] = []
        self.callers: set[str] = set()
        self.taken = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """As `sip:HOST:PORT`."""
        return f"sip:{HOST}:{self.sip.getsockname()[1]}"

    @property
    def standing(self) -> int:
        """Calls that are up."""
        return len(self.calls)

    def end(self) -> None:
        """Stop it."""
        self._over.set()
        self.other.sendto(b"", self.sip.getsockname())  # it may be waiting for whoever calls
        self._thread.join()
        for sock in (self.sip, self.other, self.media):
            sock.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.sip, selectors.EVENT_READ)
            selector.register(self.media, selectors.EVENT_READ)
            while not self._over.is_set():
                for ready, _ in selector.select(PACKET_S / 4 if self.calls else None):
                    data, source = cast(socket.socket, ready.fileobj).recvfrom(65_535)
                    if self._over.is_set():
                        return
                    if ready.fileobj is self.sip:
                        self._answer(data.decode("utf-8", "replace"), source)
                    else:
                        self.taken += 1
                        self._hear(source)
                for call in list(self.calls.values()):
                    self._send_media(call)

    def _answer(self, text: str, source: tuple[str, int]) -> None:
        method = text.partition(" ")[0]
        self.asked.append(method)
        device = self.device
        reply = self.other if device.from_elsewhere else self.sip
        if device.says_garbage:
            reply.sendto(b"\x00\xffSIP/2.0 what\r\n\r\n", source)
            return
        name = _header(text, "Call-ID")
        if method == "ACK":
            if device.hangs_up and name in self.calls:
                self.calls.pop(name)
                self.sip.sendto(self._bye(text, source), source)
            return
        codes = {
            "OPTIONS": device.options, "REGISTER": device.register, "INVITE": device.invite,
            "BYE": device.bye, "CANCEL": 200,
        }  # fmt: skip
        code = codes.get(method, 200) if not text.startswith("SIP/2.0") else None
        if method == "INVITE":
            self.callers.add(_header(text, "From").partition("sip:")[2].partition("@")[0])
        if method == "BYE":
            self.calls.pop(name, None)
        if code is None:
            return
        body = ""
        if method == "INVITE" and code == 200:
            body = self._sdp(text)
            self.calls.setdefault(name, _Call(time.monotonic(), (HOST, _port(text))))
        reply.sendto(self._response(text, code, body), source)

    def _response(self, text: str, code: int, body: str) -> bytes:
        lines = [f"SIP/2.0 {code} {PHRASES[code]}"]
        lines += [line for line in text.split("\r\n") if line.lower().startswith("via:")]
        to = _header(text, "To")
        lines += [f"From: {_header(text, 'From')}", f"To: {to}{'' if 'tag=' in to else ';tag=me'}"]
        lines += [f"Call-ID: {_header(text, 'Call-ID')}", f"CSeq: {_header(text, 'CSeq')}"]
        if code == 302:
            lines.append(f"Contact: <sip:giao-ban@{HOST}:9>")
        elif text.startswith("REGISTER"):
            lines.append(f"Contact: {_header(text, 'Contact')};expires=3600")
        else:
            lines.append(f"Contact: <sip:{HOST}:{self.sip.getsockname()[1]}>")
        if code == 401:
            lines.append('WWW-Authenticate: Digest realm="x", nonce="y", qop="auth"')
        if body:
            lines.append("Content-Type: application/sdp")
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()

    def _sdp(self, text: str) -> str:
        kind = self.device.body
        if kind in ("none", "garbage"):
            return "" if kind == "none" else "\x01 this is no session description\r\n"
        port = 0 if kind == "no-audio" else self.media.getsockname()[1]
        way = kind if kind in ("inactive", "recvonly") else "sendrecv"
        return (
            f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {self.device.media_at}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na={way}\r\n"
        )

    def _bye(self, ack: str, source: tuple[str, int]) -> bytes:
        own = self.sip.getsockname()[1]
        return (
            f"BYE sip:{source[0]}:{source[1]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {HOST}:{own};branch=z9hG4bK{time.monotonic_ns()}\r\n"
            f"From: {_header(ack, 'To')}\r\nTo: {_header(ack, 'From')}\r\n"
            f"Call-ID: {_header(ack, 'Call-ID')}\r\nCSeq: 1 BYE\r\nMax-Forwards: 70\r\n"
            "Content-Length: 0\r\n\r\n"
        ).encode()

    def _hear(self, source: tuple[str, int]) -> None:
        for call in self.calls.values():
            if call.rtp == source:
                call.heard_s = min(call.heard_s, time.monotonic())

    def _send_media(self, call: _Call) -> None:
        """All that is due by the clock, so that a busy machine makes it late and not less."""
        kind, passed_s = self.device.sends, time.monotonic() - call.since_s
        if kind == "nothing" or not call.rtp[1]:
            return
        if kind == "one-second":
            passed_s = min(passed_s, 1.0)
        if kind == "late":
            # a caller counts from when it has taken the answer, which may be long after it came
            passed_s = max(0.0, time.monotonic() - call.heard_s - 1.5)
        due = int(passed_s / (2 * PACKET_S if kind == "half" else PACKET_S))
        for number in range(call.sent, due):
            if kind == "reports":
                packet = b"\x80\xc9\x00\x01" + bytes(4)
            else:
                payload_type = 0 if kind == "other-codec" else 8
                stamp = number * 160 * (2 if kind == "half" else 1)
                packet = bytes([0x80, payload_type]) + number.to_bytes(2, "big")
                packet += stamp.to_bytes(4, "big") + b"load" + b"\xd5" * 160
            self.media.sendto(packet, call.rtp)
        call.sent = max(call.sent, due)


@contextmanager
def fake(device: Device) -> Iterator[Running]:
    """Run it while the block runs."""
    running = Running(device)
    try:
        yield running
    finally:
        running.end()


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}:\s*(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
    return found.group(1) if found else ""


def _port(text: str) -> int:
    found = re.search(r"^m=audio (\d+)", text, re.MULTILINE)
    return int(found.group(1)) if found else 0
