"""Binding requests of STUN (RFC 8489, and RFC 3489 before it): what is answered to a keep-alive.

Clients behind an address translator, and those that want to know their address as others see it,
send them to the SIP port (RFC 5626 §3.5.2) and to media ports (RFC 6263 §4.6). There is no ICE:
whoever proves itself with a USERNAME is answered too, without a MESSAGE-INTEGRITY.
"""

from __future__ import annotations

import ipaddress
import struct

HEADER_BYTES = 20
MAGIC_COOKIE = 0x2112A442

_REQUEST, _INDICATION, _SUCCESS, _ERROR = 0x0001, 0x0011, 0x0101, 0x0111
_MAPPED_ADDRESS, _ERROR_CODE, _UNKNOWN_ATTRIBUTES, _XOR_MAPPED_ADDRESS = 1, 9, 0x000A, 0x0020
_UNDERSTOOD = frozenset({1, 6, 8, 9, 0x000A, 0x0014, 0x0015, 0x0020})
"""Attributes below 0x8000 that RFC 5389 §18.2 knows; others must be refused (420)."""
_IPV4 = 1


def is_stun(data: bytes) -> bool:
    """Whether a datagram is a STUN message: told by its first two bits and its length (§5)."""
    if len(data) < HEADER_BYTES or data[0] & 0xC0:
        return False
    length = int.from_bytes(data[2:4], "big")
    return length % 4 == 0 and len(data) == HEADER_BYTES + length and _kind(data) is not None


def answer(data: bytes, source: tuple[str, int]) -> bytes | None:
    """The response to a STUN message from this IPv4 address and port; None for what gets none.

    It is never much longer than the request: 32 bytes for 20.
    """
    if not is_stun(data) or _kind(data) != _REQUEST:
        return None
    unknown = [kind for kind in _attributes(data) if kind < 0x8000 and kind not in _UNDERSTOOD]
    if unknown:
        numbers = struct.pack(f"!{len(unknown)}H", *unknown)
        reason = struct.pack("!HBB", 0, 4, 20)
        body = _attribute(_ERROR_CODE, reason) + _attribute(_UNKNOWN_ATTRIBUTES, numbers)
        return _message(_ERROR, data, body)
    address, port = int(ipaddress.IPv4Address(source[0])), source[1]
    kind = _MAPPED_ADDRESS
    if int.from_bytes(data[4:8], "big") == MAGIC_COOKIE:
        kind = _XOR_MAPPED_ADDRESS
        address, port = address ^ MAGIC_COOKIE, port ^ (MAGIC_COOKIE >> 16)
    return _message(_SUCCESS, data, _attribute(kind, struct.pack("!BBHI", 0, _IPV4, port, address)))


def _kind(data: bytes) -> int | None:
    kind = int.from_bytes(data[:2], "big")
    return kind if kind in (_REQUEST, _INDICATION, _SUCCESS, _ERROR) else None


def _attributes(data: bytes) -> list[int]:
    found = []
    at = HEADER_BYTES
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("!HH", data, at)
        found.append(kind)
        at += 4 + (length + 3) // 4 * 4
    return found


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def _message(kind: int, request: bytes, body: bytes) -> bytes:
    return struct.pack("!HH", kind, len(body)) + request[4:HEADER_BYTES] + body
