"""The way back: NAL units out of RTP payloads (RFC 6184), and into a byte stream (Annex B)."""

from __future__ import annotations

from collections.abc import Iterable

from giaoban.traffic.h264 import (
    FU_A,
    FU_END,
    FU_HEADER_BYTES,
    FU_START,
    HEADER_BITS,
    SIZE_BYTES,
    STAP_A,
    TYPE_MASK,
)

START_CODE = b"\0\0\0\1"


def byte_stream(units: Iterable[bytes]) -> bytes:
    """NAL units as a byte stream, a start code of four bytes before each."""
    return b"".join(START_CODE + unit for unit in units)


def depacketise(payloads: Iterable[bytes | None]) -> list[bytes]:
    """The NAL units that RTP payloads in sequence hold; None stands for a packet that is missing.

    Of a unit that lacks a fragment nothing is kept (§5.8: a receiver should discard the rest);
    what is no payload of packetization-mode 1 counts as missing.
    """
    units: list[bytes] = []
    parts: list[bytes] = []
    for payload in payloads:
        kind = payload[0] & TYPE_MASK if payload else 0
        if payload and kind == FU_A and len(payload) > FU_HEADER_BYTES:
            begins, ends = payload[1] & FU_START, payload[1] & FU_END
            if begins:
                parts = [bytes([payload[0] & HEADER_BITS | payload[1] & TYPE_MASK])]
            if parts:
                parts.append(payload[FU_HEADER_BYTES:])
                if ends:
                    units.append(b"".join(parts))
            if ends:
                parts = []
            continue
        parts = []
        if payload and kind == STAP_A:
            units.extend(_aggregated(payload))
        elif payload and 0 < kind < STAP_A:
            units.append(payload)
    return units


def _aggregated(payload: bytes) -> list[bytes]:
    """The units of a STAP-A; none if their sizes do not fill it."""
    units, at = [], 1
    while at < len(payload):
        size = int.from_bytes(payload[at : at + SIZE_BYTES], "big")
        at += SIZE_BYTES
        unit = payload[at : at + size]
        if size == 0 or len(unit) < size:
            return []
        units.append(unit)
        at += size
    return units
