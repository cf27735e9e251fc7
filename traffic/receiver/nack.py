"""Packets of pictures that are missing: when they are asked for (RFC 4585 §6.2.1), until when they
are waited for, and in which order a decoder gets what came, was sent again or restored (RFC 5109).

A packet is missing once a later one has come. It is waited for as long as others may have overtaken
it, then asked for, and again a round trip after each request, for as long as an answer can come
before its picture is to be shown. When that is, the receiver's playout buffer says
(`giaoban.traffic.quality.playout`): so long after a picture's timestamp as the fastest of the last
pictures was whole, and the buffer's length more. A packet that nothing is known of belongs to no
earlier picture than the packet before it, so nothing is asked for that can no longer be shown.

What comes after a missing packet waits here until that one has come or is given up. That packets
were lost before the first that came, nobody knows until one is restored: nothing waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic import rtp, rtx, ulpfec
from giaoban.traffic.log import FEC_CAME, OF_NO_USE, REPAIRED, REQUESTED, REQUESTED_AGAIN
from giaoban.traffic.loss_repair import Fec, Retransmission
from giaoban.traffic.receiver.fec import KEPT_NS, FecDecoder, Restored
from giaoban.traffic.rtp import serial_difference

DEFAULT_ROUND_TRIP_NS = 100_000_000
"""As long as no report has told the round trip (WebRTC's `kDefaultRtt`)."""
FASTEST_OF = 250
"""Pictures, and as many again, among which the fastest sets the clock of the buffer."""
MOST_MISSING = 1000
"""A gap that is longer is another stream's beginning, or for a key frame (`kMaxNackPackets`)."""


@dataclass
class RepairCounts:
    """What was done about missing packets.

    Attributes:
        requested: packets that were asked for; `requests`: how often, all together.
        repaired: that came again, or were restored, in time; `late`: too late; `unrepaired`:
            never.
    """

    requested: int = 0
    requests: int = 0
    repaired: int = 0
    late: int = 0
    unrepaired: int = 0

    @property
    def lost(self) -> int:
        """Packets that did not come by themselves."""
        return self.repaired + self.late + self.unrepaired


@dataclass(slots=True)
class _Missing:
    """A packet that is waited for. `ticks`: its picture's timestamp is no earlier; `before_ns`:
    when the packet before it came; `next_ns`: before when it is not asked for."""

    ticks: int
    before_ns: int
    next_ns: int
    requests: int = 0


class PacketRequest(NamedTuple):
    """A packet that is asked for: its number on the wire, and how often so far."""

    sequence: int
    times: int


class NackGenerator:
    """One stream's missing packets, by extended sequence numbers."""

    def __init__(self, model: Retransmission | None, clock_hz: int, buffer_ns: int) -> None:
        """`model`: None: nothing is asked for. `buffer_ns`: of the playout buffer for pictures."""
        self._model = model
        self._clock_hz, self._buffer_ns = clock_hz, buffer_ns
        self._reorder_ns = 0 if model is None else round(model.reorder_ms * 1e6)
        self._retry_ns = 0 if model is None else round(model.retry_ms * 1e6)
        self._kept_ns = KEPT_NS if model is None else round(model.history_ms * 1e6)
        self.counts = RepairCounts()
        self._begin()

    def _begin(self) -> None:
        self._highest: int | None = None
        self._first: int | None = None
        self._ticks = self._step = self._came_ns = self._first_ns = 0
        self._marked = False
        self._missing: dict[int, _Missing] = {}
        self._given_up: dict[int, None] = {}
        self._fastest: list[int | None] = [None, None]
        self._pictures = 0

    @property
    def awaited(self) -> int | None:
        """The first packet that may still come."""
        return next(iter(self._missing), None)

    @property
    def awaits(self) -> bool:
        """Whether anything is missing that may still come."""
        return bool(self._missing)

    def extended(self, sequences: NDArray[np.integer]) -> NDArray[np.int64]:
        """Numbers of the wire as they are nearest to the highest so far."""
        wire = sequences.astype(np.int64)
        if self._highest is None:
            return wire[:1] + serial_difference(wire - wire[:1], 16)
        return self._highest + serial_difference(wire - self._highest, 16)

    def came(
        self,
        sequences: NDArray[np.integer],
        timestamps: NDArray[np.integer],
        markers: NDArray[np.bool_],
        arrival_ns: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Packets of the stream, in order of arrival: their extended numbers, and which are new to
        the decoder: not those that came before, or were given up."""
        fresh = np.ones(len(sequences), np.bool_)
        numbers = np.empty(len(sequences), np.int64)
        rows = zip(
            sequences.tolist(),
            timestamps.tolist(),
            markers.tolist(),
            arrival_ns.tolist(),
            strict=True,
        )
        for place, (wire, timestamp, marker, at_ns) in enumerate(rows):
            if self._highest is None:
                self._highest, self._ticks = wire - 1, timestamp
                self._first, self._first_ns = wire, at_ns
                self._marked = False
            number = self._highest + (wire - self._highest + 0x8000) % 0x10000 - 0x8000
            numbers[place] = number
            if number > self._highest:
                self._reached(number, timestamp, marker, at_ns)
            else:
                fresh[place] = self._missing.pop(number, None) is not None
        return numbers, fresh

    def repaired(self, number: int, timestamp: int, marker: bool, at_ns: int) -> bool:
        """A packet was sent again and has come, or was restored: whether it is of use to the
        decoder."""
        if self._highest is not None and number > self._highest:
            # restored before any later packet came, from which it would be known to be missing
            before_ns = self._came_ns
            self._reached(number, timestamp, marker, at_ns)
            self._missing[number] = _Missing(self._ticks, before_ns, at_ns)
        elif self._first is not None and number < self._first:
            # lost before any packet came: it is known to be missing as it is restored
            self._first = number
            ticks = self._ticks + _ahead(timestamp, self._ticks)
            self._missing[number] = _Missing(ticks, self._first_ns, at_ns)
        one = self._missing.get(number)
        if one is not None and at_ns <= self._shown_ns(one):
            del self._missing[number]
            self.counts.repaired += 1
            return True
        if one is not None:
            del self._missing[number]
            self.counts.late += 1
        elif number in self._given_up:
            del self._given_up[number]
            self.counts.unrepaired -= 1
            self.counts.late += 1
        return False

    def ask(self, now_ns: int, round_trip_ns: int | None) -> list[PacketRequest]:
        """Which packets to ask for now; what is too late is given up.

        Args:
            round_trip_ns: there and back, None if it is not known.
        """
        wanted = []
        again_ns = now_ns + self._retry_ns + (round_trip_ns or DEFAULT_ROUND_TRIP_NS)
        for number, one in list(self._missing.items()):
            shown_ns = self._shown_ns(one)
            if now_ns > shown_ns:
                self._give_up(number)
            elif (
                self._model is not None
                and now_ns >= one.next_ns
                and now_ns + (round_trip_ns or 0) <= shown_ns
                and one.requests < self._model.most_requests
            ):
                self.counts.requested += not one.requests
                self.counts.requests += 1
                one.requests += 1
                one.next_ns = again_ns
                wanted.append(PacketRequest(number & 0xFFFF, one.requests))
        return wanted

    def end(self) -> None:
        """The stream is over: what is missing does not come any more."""
        for number in list(self._missing):
            self._give_up(number)
        self._begin()

    def _reached(self, number: int, timestamp: int, marker: bool, at_ns: int) -> None:
        """A packet beyond all that came before."""
        assert self._highest is not None
        ahead = _ahead(timestamp, self._ticks)
        ticks = self._ticks + ahead
        gap = number - self._highest - 1
        if len(self._missing) + gap > MOST_MISSING:
            self.counts.unrepaired += len(self._missing)
            self._missing.clear()
        else:
            # after a picture's last packet comes another picture's
            earliest = self._ticks + (min(self._step, max(ahead, 0)) if self._marked else 0)
            for gone in range(self._highest + 1, number):
                self._missing[gone] = _Missing(earliest, self._came_ns, at_ns + self._reorder_ns)
        if ahead > 0 and number == self._highest + 1:
            self._step = min(self._step or ahead, ahead)
        self._highest, self._ticks, self._marked = number, ticks, marker
        self._came_ns = at_ns
        if marker:
            self._whole(at_ns - self._ns(ticks))

    def _whole(self, transit_ns: int) -> None:
        """A picture's last packet came so long after its timestamp."""
        if self._pictures == FASTEST_OF:
            self._fastest, self._pictures = [self._fastest[1], None], 0
        self._pictures += 1
        fastest = self._fastest[1]
        self._fastest[1] = transit_ns if fastest is None else min(fastest, transit_ns)

    def _shown_ns(self, one: _Missing) -> int:
        """When the picture is shown that a packet belongs to, at the earliest that it can be."""
        known = [transit for transit in self._fastest if transit is not None]
        if not known:
            return one.before_ns + self._buffer_ns
        # whatever timestamps say: later than this nobody has it to send again
        latest_ns = one.before_ns + self._kept_ns
        return min(self._ns(one.ticks) + min(known), latest_ns) + self._buffer_ns

    def _ns(self, ticks: int) -> int:
        return ticks * 1_000_000_000 // self._clock_hz

    def _give_up(self, number: int) -> None:
        del self._missing[number]
        self.counts.unrepaired += 1
        self._given_up[number] = None
        if len(self._given_up) > MOST_MISSING:
            del self._given_up[next(iter(self._given_up))]


def _ahead(timestamp: int, ticks: int) -> int:
    """By how many ticks a timestamp of the wire is later."""
    return (timestamp - ticks + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000


class ReceivedPackets(NamedTuple):
    """n packets as they came: headers (n,), datagrams (n, width), their bytes (n,), when (n,)."""

    headers: rtp.Headers
    data: NDArray[np.uint8]
    lengths: NDArray[np.int64]
    arrival_ns: NDArray[np.int64]

    def take(self, which: NDArray[np.intp]) -> ReceivedPackets:
        """Some of them, by their indices."""
        headers = self.headers.take(which)
        return ReceivedPackets(
            headers, self.data[which], self.lengths[which], self.arrival_ns[which]
        )

    def rows(self) -> Iterator[tuple[bytes, int]]:
        """Each datagram, and when it came."""
        for row, length, at_ns in zip(
            self.data, self.lengths.tolist(), self.arrival_ns.tolist(), strict=True
        ):
            yield row[:length].tobytes(), at_ns

    def each(self) -> Iterator[ReceivedPackets]:
        """One by one, each a copy."""
        for place in range(len(self.lengths)):
            yield self.take(np.array([place]))


class RepairBuffer:
    """A receiver of one stream of pictures whose missing packets are sent again, or restored."""

    def __init__(self, model: Retransmission | Fec, clock_hz: int, buffer_ns: int) -> None:
        """As of `NackGenerator`."""
        again = model if isinstance(model, Retransmission) else None
        self.nack = NackGenerator(again, clock_hz, buffer_ns)
        self._protected = isinstance(model, Fec)
        self._fec: FecDecoder | None = None
        self._records: list[dict[str, Any]] = []
        self.ssrc: int | None = None
        """The stream's; None: nothing has come."""
        self._payload_type = 0
        self._held: list[tuple[int, ReceivedPackets]] = []
        self._of_old: list[ReceivedPackets] = []

    def put(self, came: ReceivedPackets) -> None:
        """Packets of the stream, in order of arrival; another SSRC is another stream."""
        ssrc = came.headers.ssrc
        for run in np.split(np.arange(len(ssrc)), np.flatnonzero(ssrc[1:] != ssrc[:-1]) + 1):
            if len(run):
                part = came if len(run) == len(ssrc) else came.take(run)
                # what one of them restores may be another of them, which came later
                singly = self._fec is not None and self._fec.waits
                for one in part.each() if singly else (part,):
                    self._put(one)

    def _put(self, came: ReceivedPackets) -> None:
        headers = came.headers
        if self.ssrc != int(headers.ssrc[0]):
            self.nack.end()
            # the old one's come before all of the new one's, whatever their numbers
            self._of_old += [one for _, one in sorted(self._held, key=lambda one: one[0])]
            self._held = []
            self.ssrc, self._payload_type = int(headers.ssrc[0]), int(headers.payload_type[0])
            self._fec = FecDecoder(self.ssrc) if self._protected else None
        rows = came.rows() if self._fec is not None else ()
        numbers, fresh = self.nack.came(
            headers.sequence, headers.timestamp, headers.marker, came.arrival_ns
        )
        if not fresh.all():
            at = np.flatnonzero(fresh)
            came, numbers = came.take(at), numbers[at]
        if not self._held and not self.nack.awaits and len(numbers):
            self._held.append((int(numbers[-1]), came))
        else:
            self._held += zip(numbers.tolist(), came.each(), strict=True)
        if self._fec is not None:
            for packet, at_ns in rows:
                self._restored(self._fec.came(packet, at_ns))

    def put_repair(self, datagram: bytes, at_ns: int) -> None:
        """A packet of the retransmission or FEC stream came (RFC 4588 §4, RFC 5109 §9)."""
        if self._protected:
            self._records.append(
                repair_record(datagram, at_ns, FEC_CAME, ulpfec.sequence_of(datagram))
            )
            if self._fec is not None:
                self._restored(self._fec.fec_came(datagram, at_ns))
            return
        found = None
        if self.ssrc is not None:
            packet = rtx.restore(datagram, payload_type=self._payload_type, ssrc=self.ssrc)
            found = None if packet is None else self._repaired(packet, at_ns)
        self._records.append(arrival_record(found, at_ns, len(datagram)))

    def _restored(self, packets: Sequence[Restored]) -> None:
        """Packets were restored from others."""
        for packet, at_ns in packets:
            self._records.append(arrival_record(self._repaired(packet, at_ns), at_ns, 0))

    def _repaired(self, packet: bytes, at_ns: int) -> tuple[ReceivedPackets, bool]:
        """A packet that was missing, and whether it is of use to the decoder."""
        data = np.frombuffer(packet, np.uint8)[np.newaxis].copy()
        lengths = np.array([len(packet)])
        headers = rtp.parse_headers(data, lengths)
        number = int(self.nack.extended(headers.sequence)[0])
        original = ReceivedPackets(headers, data, lengths, np.array([at_ns]))
        timestamp, marker = int(headers.timestamp[0]), bool(headers.marker[0])
        useful = self.nack.repaired(number, timestamp, marker, at_ns)
        if useful:
            self._held.append((number, original))
        return original, useful

    def ask(self, now_ns: int, round_trip_ns: int | None) -> list[PacketRequest]:
        """As of `NackGenerator`."""
        wanted = self.nack.ask(now_ns, round_trip_ns)
        if wanted:
            self._records.append(request_records(wanted, now_ns))
        return wanted

    def take_records(self) -> list[dict[str, Any]]:
        """What was done about missing packets since the last time: columns of
        `giaoban.traffic.log.REPAIRS`, but the stream."""
        records, self._records = self._records, []
        return records

    def take(self) -> list[ReceivedPackets]:
        """What the decoder gets next, in order: all before the first packet that is waited for."""
        awaited = self.nack.awaited
        before, self._of_old = self._of_old, []
        if not self._held:
            return before
        if len(self._held) > 1:
            self._held.sort(key=lambda one: one[0])
        ready = [one for number, one in self._held if awaited is None or number < awaited]
        self._held = self._held[len(ready) :]
        return before + ready


def request_records(wanted: Sequence[PacketRequest], at_ns: int) -> dict[str, Any]:
    """Columns of `REPAIRS` of what is asked for."""
    times = np.array([one.times for one in wanted])
    return {
        "what": np.where(times > 1, REQUESTED_AGAIN, REQUESTED),
        "sequence": np.array([one.sequence for one in wanted]),
        "timestamp": 0,
        "at_ns": at_ns,
        "size": 0,
    }


def arrival_record(
    found: tuple[ReceivedPackets, bool] | None, at_ns: int, size: int
) -> dict[str, Any]:
    """The same of a packet that was sent again and came, or (`size` 0) was restored; `found`: the
    original, and whether it is of use."""
    original, useful = (None, False) if found is None else (found[0].headers, found[1])
    return {
        "what": REPAIRED if useful else OF_NO_USE,
        "sequence": np.zeros(1, np.int64) if original is None else original.sequence,
        "timestamp": 0 if original is None else original.timestamp,
        "at_ns": at_ns,
        "size": size,
    }


def repair_record(packet: bytes, at_ns: int, what: int, sequence: int) -> dict[str, Any]:
    """The same of a packet of the retransmission or FEC stream that was sent, or came.

    `sequence`: of an FEC packet its own, else that of the packet that is sent again.
    """
    return {
        "what": what,
        "sequence": np.array([sequence]),
        "timestamp": int.from_bytes(packet[4:8], "big"),
        "at_ns": at_ns,
        "size": len(packet),
    }


def lone_record(packet: bytes, at_ns: int, *, fec: bool) -> dict[str, Any]:
    """The same of a packet of the retransmission or FEC stream that came when nobody waited."""
    if fec:
        return repair_record(packet, at_ns, FEC_CAME, ulpfec.sequence_of(packet))
    return arrival_record(None, at_ns, len(packet))
