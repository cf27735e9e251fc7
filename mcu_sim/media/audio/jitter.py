"""The jitter buffers of all calls (RFC 3550): encoded audio by the 10 ms, as array operations.

A packet is played at the tick (20 ms) that its timestamp puts it at, counted from the call's first
packet plus the playout delay; one that arrives later than its tick is late. Whether a packet is in
time depends on its time of arrival only, never on when the program looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio.codec import (
    FRAME_BYTES,
    PCMA,
    SLOT_BYTES,
    SLOT_MS,
    TICK_NS,
    AudioCodec,
    stood_for,
)
from giaoban.traffic import rtp

MAX_SLOTS = 12
"""Of one packet: 120 ms."""
MAX_BYTES = MAX_SLOTS * SLOT_BYTES

_PLAIN = 0x80  # first octet: version 2 without padding, extension and CSRC
_SLOTS_OF_SIZE = np.zeros(MAX_BYTES + 2, np.int64)  # the last entry is for all that is longer
_SLOTS_OF_SIZE[: MAX_BYTES + 1 : SLOT_BYTES] = np.arange(MAX_SLOTS + 1)


@dataclass(frozen=True)
class AudioPacketBatch:
    """n packets of calls: `body` (n, ≥ 80 · slots) is the audio, `slots` 0 for foreign ones."""

    rows: NDArray[np.intp]
    ssrc: NDArray[np.uint32]
    sequence: NDArray[np.uint16]
    timestamp: NDArray[np.uint32]
    slots: NDArray[np.int64]
    body: NDArray[np.uint8]
    arrival: NDArray[np.int64]

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> AudioPacketBatch:
        """Some of them, by index or mask."""
        return AudioPacketBatch(
            self.rows[which],
            self.ssrc[which],
            self.sequence[which],
            self.timestamp[which],
            self.slots[which],
            self.body[which],
            self.arrival[which],
        )


def payloads(
    data: NDArray[np.uint8], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The payloads of n RTP datagrams from the first column on, and how many 10 ms each is.

    That is 0 where it is no whole number of them, or more than `MAX_SLOTS`.
    """
    if (data[:, 0] == _PLAIN).all():
        body, size = data[:, rtp.HEADER_BYTES :], lengths - rtp.HEADER_BYTES
        if body.shape[1] < MAX_BYTES:
            size[size > body.shape[1]] = 0  # cut off when it was received
    else:
        begin, end = rtp.payload_bounds(data, lengths)
        columns = np.arange(min(MAX_BYTES, data.shape[1]))
        at = np.minimum(begin[:, np.newaxis] + columns, data.shape[1] - 1)
        body, size = np.take_along_axis(data, at, axis=1), end - begin
    slots = _SLOTS_OF_SIZE.take(size, mode="clip")
    return body[:, : int(slots.max()) * SLOT_BYTES], slots


def one_each(packets: AudioPacketBatch) -> Iterator[AudioPacketBatch]:
    """Parts with one packet of a row at most, in order: a packet is judged by those before it."""
    if not len(packets.rows):
        return
    often = np.bincount(packets.rows)
    if often.max() == 1:
        yield packets
        return
    by_row = np.argsort(packets.rows, kind="stable")
    first = np.cumsum(often) - often
    turn = np.empty(len(by_row), np.intp)
    turn[by_row] = np.arange(len(by_row)) - first[packets.rows[by_row]]
    by_turn = np.argsort(turn, kind="stable")
    for which in np.split(by_turn, np.cumsum(np.bincount(turn))[:-1]):
        yield packets.take(which)


HORIZON_NS = 1_000_000_000
"""A timestamp so far from where it should be is a new start, not an early or late packet."""
STALL_NS = 1_000_000_000
"""The mix may run so long after the packets' arrival without losing any."""
SURPLUS_NS = 200_000_000
"""The buffer may hold so much more than the playout delay."""
PATIENCE = 25
"""So many packets in a row come late, or far too early, before the call is timed anew."""
MAX_MISORDER = 100
"""A sequence number further behind belongs to a sender that started again (RFC 3550 §A.1)."""

_SLOTS_A_TICK = FRAME_BYTES // SLOT_BYTES
# the bits of a slot's mark
_SLOT_SHIFT = 17
_PAUSE, _SEQUENCE = 0x10000, 0xFFFF
_MARKS_OF_A_TICK = np.arange(_SLOTS_A_TICK) << _SLOT_SHIFT
_NO_SSRC = -1
_EMPTY = np.iinfo(np.int64).min

Rows = NDArray[np.intp]
Int64s = NDArray[np.int64]
Mask = NDArray[np.bool_]


class JitterBuffers:
    """One row a call. Times are counted in bytes of audio since the origin, too: 8 a ms. What is
    modelled (`giaoban.mcu_sim.media.audio.codec`) lies here as the A-law that it stands for.

    Sound lies in a ring of 10 ms slots. A slot's mark tells what is in it: slot · 2¹⁷ plus the
    sequence number of its packet, or slot · 2¹⁷ + 2¹⁶ if the sender said nothing then.

    Attributes (all (capacity,) int64):
        late: packets that began after their tick; what of them is in time is played.
        duplicated: packets that were there already.
        reordered: packets that came after one with a higher sequence number.
        resynchronised: how often the call was timed anew: another SSRC, a jump of the timestamp,
            or a sender whose clock has drifted away.
        odd: packets whose payload is not 1 to 12 times 10 ms, or not the one frame of a codec that
            is modelled, or that are no RTP packets.
        foreign: packets of another payload type than the call's.
    """

    def __init__(self, capacity: int, origin_ns: int, playout_ms: float) -> None:
        self._origin_ns = origin_ns
        self._playout_ns = round(playout_ms * 1e6)
        longest_ns = self._playout_ns + HORIZON_NS + STALL_NS
        self._ticks = 1 << (longest_ns // TICK_NS + MAX_SLOTS).bit_length()
        self._slots = _SLOTS_A_TICK * self._ticks
        self._ring = np.zeros((capacity, self._slots, SLOT_BYTES), np.uint8)
        self._marks = np.full((capacity, self._slots), _EMPTY, np.int64)
        self._ring_by_tick = self._ring.reshape(capacity, self._ticks, FRAME_BYTES)
        self._marks_by_tick = self._marks.reshape(capacity, self._ticks, _SLOTS_A_TICK)
        self._payload_type = np.zeros(capacity, np.uint8)
        self._slot_ticks = np.full(capacity, SLOT_BYTES)
        self._frame_bytes = np.full(capacity, FRAME_BYTES)
        self._modelled = np.zeros(capacity, np.bool_)
        # what comes after the packet with the highest sequence number, if nothing is missing
        self._ssrc = np.full(capacity, _NO_SSRC, np.int64)
        self._next_sequence = np.zeros(capacity, np.uint16)
        self._next_timestamp = np.zeros(capacity, np.uint32)
        self._next_byte = np.zeros(capacity, np.int64)
        # packets in a row that were late, or as a negative number, that were too early
        self._run = np.zeros(capacity, np.int64)
        self.late = np.zeros(capacity, np.int64)
        self.duplicated = np.zeros(capacity, np.int64)
        self.reordered = np.zeros(capacity, np.int64)
        self.resynchronised = np.zeros(capacity, np.int64)
        self.odd = np.zeros(capacity, np.int64)
        self.foreign = np.zeros(capacity, np.int64)

    def clear(self, row: int, payload_type: int, codec: AudioCodec = PCMA) -> None:
        """A new call in the row: nothing received, nothing counted."""
        self._payload_type[row] = payload_type
        self._slot_ticks[row] = codec.ticks(SLOT_MS)
        self._frame_bytes[row] = codec.frame_bytes
        self._modelled[row] = codec.modelled
        self._ssrc[row] = _NO_SSRC
        self._marks[row] = _EMPTY
        counters = (self.late, self.duplicated, self.reordered, self.resynchronised)
        for counter in (*counters, self.odd, self.foreign):
            counter[row] = 0

    def put(
        self,
        rows: Rows,
        headers: rtp.Headers,
        data: NDArray[np.uint8],
        lengths: Int64s,
        arrival_ns: Int64s,
    ) -> None:
        """Take n datagrams in order of arrival; see `AudioBank.put`."""
        if not len(rows):
            return
        if self._modelled[rows].any():
            data, lengths = self._as_a_law(rows, data, lengths)
        body, slots = payloads(data, lengths)
        foreign = headers.payload_type != self._payload_type[rows]
        usable = headers.valid & ((slots > 0) | foreign)
        packets = AudioPacketBatch(
            rows, headers.ssrc, headers.sequence, headers.timestamp, slots, body, arrival_ns
        )
        if foreign.any():
            slots[foreign] = 0
            np.add.at(self.foreign, rows[foreign & usable], 1)
        if not usable.all():
            np.add.at(self.odd, rows[~usable], 1)
            packets = packets.take(usable)
        for some in one_each(packets):
            self._put(some)

    def frames(self, rows: Rows, tick: int) -> tuple[NDArray[np.uint8], Mask, Mask]:
        """What is to be played at a tick, for (n,) rows.

        Returns the octets (n, 160), which of the two slots are there (n, 2), and in which of the
        others the sender is known to have said nothing (n, 2).
        """
        at = tick % self._ticks
        marks = self._marks_by_tick[rows, at]
        due = (_SLOTS_A_TICK * tick << _SLOT_SHIFT) + _MARKS_OF_A_TICK
        present = marks & ~_SEQUENCE == due
        return self._ring_by_tick[rows, at], present, marks == due + _PAUSE

    def _as_a_law(
        self, rows: Rows, data: NDArray[np.uint8], lengths: Int64s
    ) -> tuple[NDArray[np.uint8], Int64s]:
        """Datagrams whose stand-ins have become the A-law that they stand for."""
        which = np.flatnonzero(self._modelled[rows])
        begin, end = rtp.payload_bounds(data[which], lengths[which])
        sizes = self._frame_bytes[rows[which]]
        narrow = rtp.HEADER_BYTES + FRAME_BYTES
        wide = narrow if len(which) == len(rows) else max(narrow, data.shape[1])
        out, lengths = np.zeros((len(rows), wide), np.uint8), lengths.copy()
        out[:, : data.shape[1]] = data[:, :wide]
        out[which, 0] = _PLAIN
        lengths[which] = rtp.HEADER_BYTES + 1  # no whole number of slots
        whole = end - begin == sizes
        for size in np.unique(sizes[whole]).tolist():
            at = np.flatnonzero(whole & (sizes == size))
            columns = begin[at, np.newaxis] + stood_for(size)
            of = which[at]
            out[of, rtp.HEADER_BYTES : narrow] = data[of[:, np.newaxis], columns]
            lengths[of] = narrow
        return out, lengths

    def _put(self, packets: AudioPacketBatch) -> None:
        """Take packets of different rows."""
        rows = packets.rows
        start = self._next_byte[rows]
        lead = self._lead_ns(start, packets.arrival)
        following = (
            (packets.ssrc == self._ssrc[rows])
            & (packets.sequence == self._next_sequence[rows])
            & (packets.timestamp == self._next_timestamp[rows])
            & (lead >= 0)
            & (lead <= self._playout_ns + SURPLUS_NS)
            & (packets.slots > 0)
        )
        if following.all():
            self._run[rows] = 0
            self._advance(packets, start)
            whole = (packets.slots == _SLOTS_A_TICK) & (start % FRAME_BYTES < SLOT_BYTES)
            if whole.all():
                self._store_frames(packets, start)
                return
        else:
            packets, start = self._judge(packets)
        self._store(packets, start)

    def _lead_ns(self, start: Int64s, arrival: Int64s | np.int64) -> Int64s:
        """How long before its tick a packet came whose audio begins at byte `start`."""
        return start // FRAME_BYTES * TICK_NS + (self._origin_ns - arrival)

    def _judge(self, packets: AudioPacketBatch) -> tuple[AudioPacketBatch, Int64s]:
        """What is to be stored of packets of different rows, and where each begins."""
        usable = packets.slots > 0
        if not usable.all():
            self._pass_over(packets.take(~usable))
            packets = packets.take(usable)
        rows = packets.rows
        known = packets.ssrc == self._ssrc[rows]
        ahead = (packets.sequence - self._next_sequence[rows]).view(np.int16)
        behind = known & (ahead < 0) & (ahead >= -MAX_MISORDER)
        ticks = (packets.timestamp - self._next_timestamp[rows]).view(np.int32)
        step = ticks.astype(np.int64) * SLOT_BYTES // self._slot_ticks[rows]
        start = self._next_byte[rows] + step
        lead = self._lead_ns(start, packets.arrival)
        last = start // SLOT_BYTES + packets.slots - 1
        in_place = self._marks[rows, last % self._slots]
        duplicate = known & (in_place == (last << _SLOT_SHIFT | packets.sequence))
        judged = known & ~duplicate
        late = judged & (lead < 0)
        early = judged & (lead > self._playout_ns + SURPLUS_NS)
        # an old packet that lost its way shall not set the clock
        jump = (late & ~behind & (lead < -HORIZON_NS)) | (
            early & (lead > self._playout_ns + HORIZON_NS)
        )
        before = self._run[rows]
        run = np.where(late, np.maximum(before, 0) + 1, 0)
        run = np.where(early, np.minimum(before, 0) - 1, run)
        self._run[rows] = np.where(duplicate, before, run)
        anew = ~known | jump | (np.abs(run) >= PATIENCE)
        self.late[rows] += late & ~jump
        self.duplicated[rows] += duplicate
        self.reordered[rows] += behind & ~duplicate
        for i in np.flatnonzero(judged & ~anew & (ahead == 0) & (step > 0)):
            self._pause(rows[i], self._next_byte[rows[i]], start[i], packets.arrival[i])
        if anew.any():
            start[anew] = self._synchronise(packets.take(anew))
        latest = anew | (judged & ~behind)
        self._advance(packets.take(latest), start[latest])
        return packets.take(~duplicate), start[~duplicate]

    def _pass_over(self, packets: AudioPacketBatch) -> None:
        """Packets without audio are no gap in the sequence."""
        rows = packets.rows
        following = packets.sequence == self._next_sequence[rows]
        following &= packets.ssrc == self._ssrc[rows]
        self._next_sequence[rows[following]] += np.uint16(1)

    def _synchronise(self, packets: AudioPacketBatch) -> Int64s:
        """Time calls by these packets anew; where they begin."""
        rows = packets.rows
        self.resynchronised[rows] += self._ssrc[rows] != _NO_SSRC
        since = packets.arrival - self._origin_ns
        # what would have been played from now on is not, but what was due before is
        now_slot = _SLOTS_A_TICK * -(-since // TICK_NS)
        marks = self._marks[rows]
        marks[marks >> _SLOT_SHIFT >= now_slot[:, np.newaxis]] = _EMPTY
        self._marks[rows] = marks
        self._run[rows] = 0
        return -(-(since + self._playout_ns) // TICK_NS) * FRAME_BYTES

    def _pause(self, row: np.intp, first: np.int64, end: np.int64, arrival: np.int64) -> None:
        """The sender said nothing between two packets: it numbered them one after the other.

        That is known from the arrival of the second one on, so it holds for later ticks only.
        """
        slots = np.arange(max(first, end - self._slots * SLOT_BYTES), end, SLOT_BYTES) // SLOT_BYTES
        slots = slots[self._lead_ns(slots * SLOT_BYTES, arrival) >= 0]
        self._marks[row, slots % self._slots] = slots << _SLOT_SHIFT | _PAUSE

    def _advance(self, packets: AudioPacketBatch, start: Int64s) -> None:
        """These packets, of different rows, are the latest of their calls."""
        rows = packets.rows
        size = packets.slots * SLOT_BYTES
        self._ssrc[rows] = packets.ssrc
        self._next_sequence[rows] = packets.sequence + np.uint16(1)
        ticks = packets.slots * self._slot_ticks[rows]
        self._next_timestamp[rows] = packets.timestamp + ticks.astype(np.uint32)
        self._next_byte[rows] = start + size

    def _store_frames(self, packets: AudioPacketBatch, start: Int64s) -> None:
        """As `_store`, in half the time, for packets in time that fill one tick each."""
        at = packets.rows, start // FRAME_BYTES % self._ticks
        self._ring_by_tick[at] = packets.body[:, :FRAME_BYTES]
        marks = start // SLOT_BYTES << _SLOT_SHIFT | packets.sequence
        self._marks_by_tick[at] = marks[:, np.newaxis] + _MARKS_OF_A_TICK

    def _store(self, packets: AudioPacketBatch, start: Int64s) -> None:
        """Put the audio that is in time into the ring."""
        n, most = len(packets.rows), packets.body.shape[1] // SLOT_BYTES
        numbers = np.arange(most)
        slot = (start // SLOT_BYTES)[:, np.newaxis] + numbers
        due = slot // _SLOTS_A_TICK * TICK_NS + self._origin_ns
        fits = due >= packets.arrival[:, np.newaxis]
        fits &= numbers < packets.slots[:, np.newaxis]
        at = packets.rows[:, np.newaxis], slot % self._slots
        marks = slot << _SLOT_SHIFT | packets.sequence[:, np.newaxis]
        parts = packets.body.reshape(n, most, SLOT_BYTES)
        if fits.all():
            self._ring[at] = parts
            self._marks[at] = marks
        else:
            packet, k = np.nonzero(fits)
            at = packets.rows[packet], at[1][packet, k]
            self._ring[at] = parts[packet, k]
            self._marks[at] = marks[packet, k]
