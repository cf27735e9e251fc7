"""Packets that protect others (RFC 5109): when they are sent, and of which."""

from __future__ import annotations

from typing import NamedTuple

from giaoban.traffic import rtp, ulpfec
from giaoban.traffic.loss_repair import Fec


class FecPacket(NamedTuple):
    """An FEC packet, and when it leaves: with the last packet that it protects, after it."""

    packet: bytes
    leaving_ns: int


class FecEncoder:
    """The FEC stream beside one stream of pictures.

    A group has no more than `group_packets` in a row, of no more than `group_pictures` pictures:
    with the last of either its FEC packet is sent.
    """

    def __init__(
        self, model: Fec, payload_type: int, ssrc: int, clock_hz: int, first_sequence: int = 0
    ) -> None:
        """`payload_type`, `ssrc`, `first_sequence`: of the FEC stream."""
        self._model = model
        self.payload_type, self.ssrc, self._next = payload_type, ssrc, first_sequence
        self._clock_hz = clock_hz
        self._group: list[bytes] = []
        self._pictures = 0
        self._timestamp, self._picture_ns = -1, 0
        """Of the latest picture, and when its first packet left."""

    @property
    def next_sequence(self) -> int:
        """Of the FEC stream."""
        return self._next

    def sent(self, packet: bytes, leaving_ns: int) -> FecPacket | None:
        """A packet of the stream leaves, as it is before encryption; its time may lie ahead. The
        FEC packet that leaves with it, if its group is whole."""
        last = self._group[-1] if self._group else None
        if last is not None and ulpfec.sequence_of(packet) != ulpfec.sequence_of(last) + 1 & 0xFFFF:
            self._begin()  # numbers go on elsewhere: another stream
        timestamp = int.from_bytes(packet[4:8], "big")
        if timestamp != self._timestamp:
            self._timestamp, self._picture_ns = timestamp, leaving_ns
        self._group.append(packet)
        self._pictures += bool(packet[1] & rtp.MARKER)
        if (
            len(self._group) < self._model.group_packets
            and self._pictures < self._model.group_pictures
        ):
            return None
        # the media's clock when it leaves (RFC 5109 §7.2)
        ticks = (leaving_ns - self._picture_ns) * self._clock_hz // 1_000_000_000
        sequence, self._next = self._next, self._next + 1 & 0xFFFF
        made = ulpfec.encapsulate(
            ulpfec.protect(self._group),
            payload_type=self.payload_type,
            ssrc=self.ssrc,
            sequence=sequence,
            timestamp=timestamp + ticks,
        )
        self._begin()
        return FecPacket(made, leaving_ns)

    def _begin(self) -> None:
        self._group, self._pictures = [], 0
