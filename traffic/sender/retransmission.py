"""Packets that a receiver has not got, sent again on request (RFC 4585 §6.2.1, RFC 4588)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from giaoban.traffic import rtx
from giaoban.traffic.loss_repair import Retransmission

LEAST_ROUND_TRIP_NS = 20_000_000
"""Nobody asks again sooner, whatever reports tell of the round trip, or if none has yet (a receiver
waits so long beyond it: `[retransmission] retry_ms`)."""


@dataclass(slots=True)
class _Sent:
    """A packet of the history; `again_ns`: when it was last sent again; `times`: how often."""

    packet: bytes
    leaving_ns: int
    again_ns: int | None = None
    times: int = 0


class Retransmitter:
    """What one stream has sent lately, and the stream in which it is sent again."""

    def __init__(
        self, model: Retransmission, payload_type: int | None, ssrc: int, first_sequence: int = 0
    ) -> None:
        """`payload_type`, `ssrc`, `first_sequence`: of the retransmission stream. `payload_type`
        None: there is none, packets are sent again as they were."""
        self._model = model
        self.payload_type, self.ssrc, self._next = payload_type, ssrc, first_sequence
        self._history_ns = round(model.history_ms * 1e6)
        self._history: dict[int, _Sent] = {}
        self._history_bytes = 0
        self._lately: deque[tuple[int, int]] = deque()
        """When so many bytes were sent again, within the time of the history; and their sum."""
        self._lately_bytes = 0

    @property
    def next_sequence(self) -> int:
        """Of the retransmission stream."""
        return self._next

    @property
    def is_rtx(self) -> bool:
        """Whether there is a retransmission stream."""
        return self.payload_type is not None

    def __len__(self) -> int:
        """Packets in the history."""
        return len(self._history)

    def sent(self, packet: bytes, leaving_ns: int) -> None:
        """A packet of the stream leaves, as it is before encryption; its time may lie ahead."""
        sequence = int.from_bytes(packet[2:4], "big")
        if sequence in self._history:  # of 65,536 packets ago
            self._forget(sequence)
        self._history[sequence] = _Sent(packet, leaving_ns)
        self._history_bytes += len(packet)
        while len(self._history) > self._model.history_packets or (
            self._oldest_ns() < leaving_ns - self._history_ns
        ):
            self._forget(next(iter(self._history)))

    def answer(
        self, sequences: Iterable[int], now_ns: int, round_trip_ns: int | None = None
    ) -> list[bytes]:
        """The packets that answer a request, in its order.

        What is not in the history is left out, and what is being answered already: a packet that
        was sent again within a round trip. None is sent again more than `most_requests` times, and
        within the time of the history no more bytes than it holds: whoever asks, at most doubles
        the stream.
        """
        found = []
        trip_ns = max(round_trip_ns or 0, LEAST_ROUND_TRIP_NS)
        while self._lately and self._lately[0][0] <= now_ns - self._history_ns:
            self._lately_bytes -= self._lately.popleft()[1]
        for sequence in sequences:
            one = self._history.get(sequence)
            if one is None or not 0 <= now_ns - one.leaving_ns <= self._history_ns:
                continue
            if one.again_ns is not None and now_ns - one.again_ns < trip_ns:
                continue
            if one.times >= self._model.most_requests:
                continue
            if self._lately_bytes + len(one.packet) > self._history_bytes:
                break
            self._lately.append((now_ns, len(one.packet)))
            self._lately_bytes += len(one.packet)
            one.again_ns, one.times = now_ns, one.times + 1
            found.append(self._encapsulated(one.packet))
        return found

    def _encapsulated(self, packet: bytes) -> bytes:
        if self.payload_type is None:
            return packet
        sequence, self._next = self._next, self._next + 1 & 0xFFFF
        return rtx.encapsulate(
            packet, payload_type=self.payload_type, ssrc=self.ssrc, sequence=sequence
        )

    def _forget(self, sequence: int) -> None:
        self._history_bytes -= len(self._history.pop(sequence).packet)

    def _oldest_ns(self) -> int:
        return next(iter(self._history.values())).leaving_ns
