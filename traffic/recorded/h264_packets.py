"""H.264 in RTP and back: single NAL units, STAP-A and FU-A (RFC 6184, packetization-mode 1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from traffic.h264 import FU_A, STAP_A
from traffic.recorded.annexb import IDR, TYPE_MASK

FU_START, FU_END = 0x80, 0x40  # §5.8
HEADER_BITS = 0xE0  # forbidden_zero_bit and nal_ref_idc of a NAL unit's header
REF_IDC = 0x60
SIZE_BYTES = 2  # of a unit in a STAP-A (§5.7.1)
FU_HEADER_BYTES = 2
SMALLEST_PAYLOAD = FU_HEADER_BYTES + 1


def packetise(units: Sequence[bytes], max_payload: int) -> list[bytes]:
    """RTP payloads of one access unit's NAL units, in order; the last one has the marker.

    Units that fit together share a STAP-A, one that fits goes alone, a longer one is cut into
    FU-A fragments of even size.

    Raises:
        ValueError: `max_payload` is less than 3 bytes.
    """
    if max_payload < SMALLEST_PAYLOAD:
        raise ValueError(f"{max_payload} bytes do not hold a fragment")
    payloads: list[bytes] = []
    waiting: list[bytes] = []
    room = max_payload - 1

    def let_go() -> None:
        if waiting:
            payloads.append(waiting[0] if len(waiting) == 1 else _aggregate(waiting))
            waiting.clear()

    for unit in units:
        if SIZE_BYTES + len(unit) > room - sum(SIZE_BYTES + len(w) for w in waiting):
            let_go()
        if len(unit) <= max_payload:
            waiting.append(unit)
        else:
            payloads.extend(_fragments(unit, max_payload))
    let_go()
    return payloads


def _aggregate(units: Sequence[bytes]) -> bytes:
    """A STAP-A: its nal_ref_idc is the largest of its units' (§5.7)."""
    header = max(unit[0] & REF_IDC for unit in units) | STAP_A
    sized = (len(unit).to_bytes(SIZE_BYTES, "big") + unit for unit in units)
    return bytes([header]) + b"".join(sized)


def _fragments(unit: bytes, max_payload: int) -> Iterator[bytes]:
    """FU-A fragments; the unit's own header travels in theirs (§5.8)."""
    body = unit[1:]
    count = -(-len(body) // (max_payload - FU_HEADER_BYTES))
    base, rest = divmod(len(body), count)
    indicator = unit[0] & HEADER_BITS | FU_A
    at = 0
    for nth in range(count):
        size = base + (nth < rest)
        edges = (FU_START if nth == 0 else 0) | (FU_END if nth == count - 1 else 0)
        yield bytes([indicator, unit[0] & TYPE_MASK | edges]) + body[at : at + size]
        at += size


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


def carries_key(payload: bytes) -> bool:
    """Whether a payload holds a slice of an IDR picture, or a part of one."""
    kind = payload[0] & TYPE_MASK if payload else 0
    if kind == FU_A:
        return len(payload) > 1 and payload[1] & TYPE_MASK == IDR
    if kind == STAP_A:
        return any(unit[0] & TYPE_MASK == IDR for unit in _aggregated(payload))
    return kind == IDR
