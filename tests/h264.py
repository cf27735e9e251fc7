"""H.264 files as captures of RTP (RFC 6184), and NAL units out of RTP payloads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from scapy.layers.rtp import RTP
from scapy.utils import PcapNgWriter

from giaoban.traffic import packets
from giaoban.traffic.h264 import (
    FU_A,
    FU_END,
    FU_HEADER_BYTES,
    FU_START,
    NAL_IDR,
    NAL_SLICE,
    SIZE_BYTES,
    STAP_A,
    TYPE_MASK,
)

START_CODE = b"\0\0\0\1"
HEADER_BITS, REF_IDC = 0xE0, 0x60  # of a NAL unit's header: all but the type; nal_ref_idc
SOURCE, TARGET = ("02:00:00:00:00:01", "10.0.0.1", 5004), ("02:00:00:00:00:02", "10.0.0.2", 5006)


def pictures_of(data: bytes) -> list[list[bytes]]:
    """Return the NAL units of each picture of a byte stream (Annex B).

    After a slice any unit begins a picture but a further slice, whose first_mb_in_slice, in
    Exp-Golomb, is not 0 (§7.3.3): x264 makes one slice a core of a picture without delay.
    """
    units = [u.rstrip(b"\0") for u in re.split(b"\0\0\1", data)[1:]]
    pictures: list[list[bytes]] = [[]]
    for unit in units:
        sliced = pictures[-1] and _is_slice(pictures[-1][-1])
        if sliced and not (_is_slice(unit) and unit[1] < 0x80):
            pictures.append([])
        pictures[-1].append(unit)
    return pictures


def _is_slice(unit: bytes) -> bool:
    return unit[0] & TYPE_MASK in (NAL_SLICE, NAL_IDR)


def write_capture(
    path: Path, pictures: Iterable[Sequence[bytes]], fps: float, max_payload: int = 1200
) -> None:
    """Write pictures as RTP, packets spread over half of each one's interval, to a pcapng file."""
    sequence = 0
    with PcapNgWriter(str(path)) as writer:
        for number, units in enumerate(pictures):
            payloads = packetise(units, max_payload)
            for nth, payload in enumerate(payloads):
                media = RTP(
                    payload_type=97,
                    sequence=sequence % 2**16,
                    timestamp=round(number * 90_000 / fps),
                    marker=int(nth == len(payloads) - 1),
                    sourcesync=7,
                )
                frame = packets.frame(SOURCE, TARGET, 34, media / payload)
                frame.time = (number + nth / len(payloads) / 2) / fps
                writer.write(frame)
                sequence += 1


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


def packetise(units: Sequence[bytes], max_payload: int) -> list[bytes]:
    """RTP payloads of one access unit's NAL units, in order; the last one has the marker.

    Units that fit together share a STAP-A, one that fits goes alone, a longer one is cut into
    FU-A fragments of even size.
    """
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
