"""Cameras whose packets are known one by one, and a forwarder fed with them, for its tests."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from giaoban.mcu_sim.media.video.forward import Forwarder, write_forwarded
from giaoban.traffic import rtp

MS = 1_000_000
START_NS = 9_000_000 * MS
TYPE = 97
KEY, KEY_MORE, SLICE = b"\x7c\x85", b"\x7c\x05", b"\x7c\x81"
FIRST_SEQUENCE, FIRST_TIMESTAMP = 65_500, 2**32 - 4000
"""Of every viewer's stream: both wrap soon."""


def at(ms: float) -> int:
    """CLOCK_MONOTONIC of a moment of a test."""
    return START_NS + round(ms * MS)


@dataclass(frozen=True)
class Packet:
    """A packet of a source; numbers without the wraps."""

    row: int
    ms: float
    sequence: int
    timestamp: int
    payload: bytes
    marker: bool = False
    ssrc: int = 0

    @property
    def starts_key(self) -> bool:
        return self.payload.startswith(KEY)

    def datagram(self) -> bytes:
        wire = struct.pack(
            ">BBHII",
            0x80,
            self.marker << 7 | TYPE,
            self.sequence & 0xFFFF,
            self.timestamp & 0xFFFFFFFF,
            self.ssrc or self.row + 1,
        )
        return wire + self.payload


@dataclass(frozen=True)
class Camera:
    """A source of `packets` packets a frame; a key frame at `keys` and nowhere else."""

    row: int
    keys: frozenset[int] = frozenset({0})
    from_ms: float = 0.0
    frame_ms: float = 100.0
    packets: int = 2
    sequence: int = 1000
    timestamp: int = 50_000
    ssrc: int = 0

    def frame(self, nth: int) -> list[Packet]:
        kind = KEY if nth in self.keys else SLICE
        return [
            Packet(
                row=self.row,
                ms=self.from_ms + nth * self.frame_ms + part,
                sequence=self.sequence + nth * self.packets + part,
                timestamp=self.timestamp + round(nth * self.frame_ms * 90),
                payload=(KEY_MORE if part and kind == KEY else kind)
                + bytes([nth % 256, part, self.row]),
                marker=part == self.packets - 1,
                ssrc=self.ssrc,
            )
            for part in range(self.packets)
        ]

    def until(self, ms: float) -> list[Packet]:
        """All packets that arrive before a moment."""
        count = max(0, int((ms - self.from_ms) / self.frame_ms) + 1)
        return [packet for nth in range(count) for packet in self.frame(nth) if packet.ms < ms]


@dataclass(frozen=True)
class Got:
    """What a viewer got: numbers without the wraps, and the packet that it was made from."""

    row: int
    sequence: int
    timestamp: int
    of: Packet
    datagram: bytes


class Room:
    """A forwarder with so many rows, all of them open as viewers, and what each was sent."""

    def __init__(self, rows: int, forwarder: Forwarder | None = None) -> None:
        self.forwarder = forwarder or Forwarder(rows)
        self.got: list[list[Got]] = [[] for _ in range(rows)]
        for row in range(rows):
            self.open(row)

    def open(self, row: int) -> None:
        self.forwarder.open(row, 0xB0000000 + row, 100 + row, FIRST_SEQUENCE, FIRST_TIMESTAMP)

    def play(self, packets: Iterable[Packet], batch: int = 1000) -> list[Got]:
        """Forward packets in the order in which they are given, in batches; what went out."""
        some = list(packets)
        got: list[Got] = []
        for start in range(0, len(some), batch):
            got += self._play(some[start : start + batch])
        for one in got:
            self.got[one.row].append(one)
        return got

    def _play(self, packets: Sequence[Packet]) -> list[Got]:
        datagrams = [packet.datagram() for packet in packets]
        data = np.zeros((len(packets), 64), np.uint8)
        for row, datagram in zip(data, datagrams, strict=True):
            row[: len(datagram)] = np.frombuffer(datagram, np.uint8)
        lengths = np.array([len(datagram) for datagram in datagrams], np.int64)
        out = self.forwarder.forward(
            np.array([packet.row for packet in packets], np.intp),
            rtp.parse_headers(data, lengths),
            data,
            lengths,
            np.array([at(packet.ms) for packet in packets], np.int64),
        )
        assert np.all(np.diff(out.packet) >= 0)
        wire = np.full((len(out), 64), 0xEE, np.uint8)
        written = write_forwarded(wire, out, data)
        assert out.arrival_ns.tolist() == [at(packets[i].ms) for i in out.packet]
        assert out.marker.tolist() == [packets[i].marker for i in out.packet]
        return [
            Got(row, sequence, timestamp, packets[i], line[:length].tobytes())
            for row, sequence, timestamp, i, line, length in zip(
                out.row.tolist(),
                out.sequence.tolist(),
                out.timestamp.tolist(),
                out.packet.tolist(),
                wire,
                written.tolist(),
                strict=True,
            )
        ]


def by_arrival(*streams: Iterable[Packet]) -> list[Packet]:
    """Packets of several sources in the order in which they arrive."""
    return sorted((packet for stream in streams for packet in stream), key=lambda p: p.ms)


def between(packets: Iterable[Packet], low: float, high: float) -> list[Packet]:
    """Those that arrive within [low, high) ms."""
    return [packet for packet in packets if low <= packet.ms < high]


def frames(got: Iterable[Got]) -> list[tuple[int, float]]:
    """(source, ms) of the first packet of every frame."""
    return [(one.of.row, one.of.ms) for one in got if one.of.payload[3] == 0]
