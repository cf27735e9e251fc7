"""Messages that are wrong, as broken devices and scanners send them: drawn, and all different."""

from __future__ import annotations

import random
from collections.abc import Callable

_INVITE = (
    "INVITE sip:{room}@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {client};branch=z9hG4bK{tag}\r\n"
    "From: <sip:{user}@{client}>;tag={tag}\r\nTo: <sip:{room}@{server}>\r\nCall-ID: {tag}\r\n"
    "CSeq: 1 INVITE\r\nContact: <sip:{user}@{client}>\r\nMax-Forwards: 70\r\n"
    "Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}"
)
_BODY = (
    "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)
BAD_OFFERS = (
    b"v=0\r\n",
    b"m=audio 99999 RTP/AVP 8\r\n",
    b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\nm=audio 4 RTP/AVP 8\r\n",
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 125\r\n",
    b"\x00\xff" * 200,
)
"""Session descriptions with which no call can be made."""
LONG = 1200
"""What keeps a message within a datagram that is not cut into pieces."""


def message(rng: random.Random, *, server: str, client: str, room: str, user: str) -> bytes:
    """One INVITE that is wrong somewhere; `server` and `client` are host:port."""
    host = client.partition(":")[0]
    body = _BODY.format(host=host)
    text = _INVITE.format(
        room=room,
        server=server,
        client=client,
        user=user,
        tag=f"{rng.getrandbits(64):016x}",
        length=len(body),
        body=body,
    )
    return rng.choice(_WAYS)(text.encode(), rng)


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(1, len(data))]


def _without_line(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\r\n")
    del lines[rng.randrange(1, 8)]  # a header that RFC 3261 §8.1.1 wants
    return b"\r\n".join(lines)


def _flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 20)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _wrong_length(data: bytes, rng: random.Random) -> bytes:
    wrong = rng.choice((b"-1", b"99999999", b"x", b"1e3"))
    head, _, rest = data.partition(b"Content-Length: ")
    return head + b"Content-Length: " + wrong + b"\r\n" + rest.partition(b"\r\n")[2]


def _endless_header(data: bytes, rng: random.Random) -> bytes:
    return data.replace(b"Max-Forwards: 70", b"X: " + b"a" * rng.randrange(100, LONG))


def _noise(data: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(1, LONG))


_WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut,
    _without_line,
    _flipped,
    _wrong_length,
    _endless_header,
    _noise,
)
