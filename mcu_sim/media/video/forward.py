"""Switched video: the packets of a source go on to its viewers as they are (RFC 7667 §3.6.2).

Every viewer has one stream of its own with its own SSRC, sequence numbers and timestamps (RFC 3550
§5.1), whatever sources it is made from. The source changes where a key frame of the new one begins.
A packet that comes twice goes on once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import NOBODY
from giaoban.mcu_sim.media.video.keyframes import VIDEO_LIMITS, KeyFrameLimits, RequestDamper
from giaoban.traffic import rtp
from giaoban.traffic.h264 import KEY_FRAME_START, carries

VERSION_2 = 0x80  # no padding, no extension, no CSRC


@dataclass(frozen=True)
class Forwarded:
    """m outgoing packets, in the order in which the packets they are made from came.

    Attributes:
        packet: (m,) place of the packet in the received batch.
        start, end: (m,) int64, where its payload lies (`rtp.payload_bounds`).
        row: (m,) the viewer.
        sequence, timestamp: (m,) int64, of the viewer's stream, without the wraps.
        marker: (m,) as it came.
        arrival_ns: (m,) when it came.
        ssrc, payload_type: (m,) of the viewer's stream.
    """

    packet: NDArray[np.intp]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    row: NDArray[np.intp]
    sequence: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    marker: NDArray[np.bool_]
    arrival_ns: NDArray[np.int64]
    ssrc: NDArray[np.uint32]
    payload_type: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.packet)

    def parts(self, size: int) -> Iterator[Forwarded]:
        """Return the same packets in pieces of at most `size`, in order."""
        if len(self) <= size:
            yield self
            return
        for start in range(0, len(self), size):
            some = slice(start, start + size)
            yield Forwarded(**{name: column[some] for name, column in vars(self).items()})


def write_forwarded(
    out: NDArray[np.uint8], forwarded: Forwarded, data: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """Write the packets into the first m rows of `out`; return their lengths (m,) in bytes.

    Headers are without CSRCs, extension and padding. `data` (n, width) is the received batch. What
    `out` has behind a packet's end is left undefined.

    Raises:
        ValueError: there are more packets than rows, or one is longer than a row.
    """
    start, end = forwarded.start, forwarded.end
    written = end - start + rtp.HEADER_BYTES
    m, width = len(forwarded), out.shape[1]
    longest = int(written.max()) if m else 0
    if m > len(out) or longest > width:
        raise ValueError(f"{m} packets do not fit into {len(out)} rows of {width} bytes")
    write_headers(out, forwarded)
    for first in np.unique(start).tolist():  # nearly always one: all have a plain header
        mine = np.flatnonzero(start == first)
        size = int(end[mine].max()) - first
        payloads = data[forwarded.packet[mine], first : first + size]
        out[mine, rtp.HEADER_BYTES : rtp.HEADER_BYTES + size] = payloads
    return written


def write_headers(out: NDArray[np.uint8], forwarded: Forwarded) -> None:
    """Write the headers into the first m rows of `out`, (≥ m, ≥ 12) uint8."""
    m = len(forwarded)
    header = np.empty((m, rtp.HEADER_BYTES), np.uint8)
    header[:, 0] = VERSION_2
    header[:, 1] = forwarded.marker
    header[:, 1] <<= 7
    header[:, 1] |= forwarded.payload_type
    words = header.view(">u4")
    header.view(">u2")[:, 1] = forwarded.sequence & 0xFFFF
    words[:, 1] = forwarded.timestamp & 0xFFFFFFFF
    words[:, 2] = forwarded.ssrc
    out[:m, : rtp.HEADER_BYTES] = header


MAX_MISORDER = 1000
"""Packets. A step back by more is a stream that was started afresh with the same SSRC; it is some
seconds of video, so that a late packet is not mistaken for it."""
NO_SSRC = -1
HISTORY_PACKETS = 2048
"""Packets of a source among which a duplicate is found: more than `MAX_MISORDER`, a power of 2."""
LATE_NS = 2_000_000_000
"""For this long, packets of the SSRC that a source has left are late ones, and no return to it."""
NEVER = -1
GIVE_UP_NS = 2_000_000_000
"""A change waits for a key frame for so long: some devices never answer."""
TICK_NS_9 = 100_000  # nine ticks of the 90 kHz clock (RFC 6184 §8.1) take as many ns


class KeyFrameDetector:
    """Finds the packets at which key frames begin, each frame once, also over several batches."""

    def __init__(self, capacity: int) -> None:
        self._frame = np.zeros(capacity, np.uint64)  # SSRC and timestamp of the last key frame
        self._known = np.zeros(capacity, np.bool_)

    def find(
        self,
        rows: NDArray[np.intp],
        headers: rtp.Headers,
        data: NDArray[np.uint8],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Return a mask (n,) of n packets of the sources `rows`, with payloads as in `carries`."""
        found = carries(data, start, end, KEY_FRAME_START, begins=True)
        at = np.flatnonzero(found)
        if not len(at):
            return found
        row = rows[at]
        frame = headers.ssrc[at].astype(np.uint64) << np.uint64(32) | headers.timestamp[at]
        found[at[self._known[row] & (self._frame[row] == frame)]] = False
        self._frame[row], self._known[row] = frame, True
        return found

    def forget(self, row: int) -> None:
        """Another call may sit in this row from now on."""
        self._known[row] = False


@dataclass(frozen=True)
class _Packets:
    """k packets of a batch, in order of arrival, with sequence numbers and timestamps unwrapped.

    `at`: (k,) place in the batch; `source`: (k,) row; `starts_key`: (k,) begins a key frame.
    """

    at: NDArray[np.intp]
    source: NDArray[np.intp]
    sequence: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    arrival_ns: NDArray[np.int64]
    starts_key: NDArray[np.bool_]


class _Sources:
    """The stream of each source: SSRC, unwrapped numbers, and the packets that have come."""

    def __init__(self, capacity: int) -> None:
        self.ssrc = np.full(capacity, NO_SSRC, np.int64)
        self._left_ssrc = np.full(capacity, NO_SSRC, np.int64)
        self._left_ns = np.zeros(capacity, np.int64)
        self._sequence = np.zeros(capacity, np.int64)
        self._timestamp = np.zeros(capacity, np.int64)
        self._seen = np.full((capacity, HISTORY_PACKETS), -1, np.int64)

    def forget(self, row: int) -> None:
        """Another call, or a stream that was not followed for a while, comes from this row."""
        self.ssrc[row] = self._left_ssrc[row] = NO_SSRC

    def begin(self, row: int, headers: rtp.Headers, at: int, now_ns: int) -> bool:
        """Begin another stream with the packet at a place of the batch. Return whether it takes the
        place of one."""
        restarted = bool(self.ssrc[row] != NO_SSRC)
        if self.ssrc[row] != headers.ssrc[at]:
            self._left_ssrc[row], self._left_ns[row] = self.ssrc[row], now_ns
        self.ssrc[row] = headers.ssrc[at]
        # above what is left of an earlier turn through the numbers, and never negative
        self._sequence[row] = (1 << 32) + int(headers.sequence[at])
        self._timestamp[row] = headers.timestamp[at]
        self._seen[row] = -1
        return restarted

    def is_late(self, row: int, ssrc: int, now_ns: int) -> bool:
        """Return whether a packet is of the stream before the present one."""
        return ssrc == self._left_ssrc[row] and now_ns - int(self._left_ns[row]) < LATE_NS

    def first_foreign(self, rows: NDArray[np.intp], headers: rtp.Headers) -> int:
        """Return the place of the first of n packets that does not continue its source's stream;
        n if there is none."""
        ahead = (headers.sequence - self._sequence[rows].astype(np.uint16)).view(np.int16)
        foreign = (headers.ssrc != self.ssrc[rows]) | (ahead < -MAX_MISORDER)
        return int(foreign.argmax()) if foreign.any() else len(rows)

    def unwrap(
        self, rows: NDArray[np.intp], headers: rtp.Headers
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return sequence numbers and timestamps of n packets that continue their streams."""
        sequence, timestamp = self._sequence[rows], self._timestamp[rows]
        sequence += (headers.sequence - sequence.astype(np.uint16)).view(np.int16)
        timestamp += (headers.timestamp - timestamp.astype(np.uint32)).view(np.int32)
        self._sequence[rows], self._timestamp[rows] = sequence, timestamp  # of each the last one's
        return sequence, timestamp

    def first_copies(
        self, rows: NDArray[np.intp], sequence: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Return a mask (n,) of the packets that have not come before."""
        slot = rows, sequence & HISTORY_PACKETS - 1
        new: NDArray[np.bool_] = self._seen[slot] != sequence
        self._seen[slot] = sequence
        packet = rows.astype(np.int64) << 40 | sequence
        if len(np.unique(packet)) < len(packet):  # twice in this batch
            first = np.zeros(len(packet), np.bool_)
            first[np.unique(packet, return_index=True)[1]] = True
            new &= first
        return new


class Forwarder:
    """All viewers of one channel, a row each; rows of sources are of the same calls.

    It takes packets of the negotiated H.264 payload type only.
    """

    def __init__(self, capacity: int, limits: KeyFrameLimits = VIDEO_LIMITS) -> None:
        """`limits`: on key-frame requests."""
        self._damper = RequestDamper(limits)
        self._ssrc = np.zeros(capacity, np.uint32)
        self._payload_type = np.zeros(capacity, np.uint8)
        self._open = np.zeros(capacity, np.bool_)
        self._watching = np.full(capacity, NOBODY, np.intp)  # the source that a viewer should see
        self._shown = np.full(capacity, NOBODY, np.intp)  # the source that it sees
        self._waiting_since_ns = np.zeros(capacity, np.int64)
        # differences between the source's numbers and the viewer's; the first packet that it got
        self._sequence_offset = np.zeros(capacity, np.int64)
        self._timestamp_offset = np.zeros(capacity, np.int64)
        self._first = np.zeros(capacity, np.int64)
        # the highest numbers sent to a viewer, and when the frame with that timestamp came
        self._sequence = np.zeros(capacity, np.int64)
        self._timestamp = np.zeros(capacity, np.int64)
        self._frame_ns = np.full(capacity, NEVER, np.int64)
        self._sources = _Sources(capacity)
        self._key_frames = KeyFrameDetector(capacity)
        self._wanted_ns: dict[int, int] = {}  # sources whose key frame is missed, since when
        self._unanswered_ns: dict[int, int] = {}  # sources that were asked, when

    def open(
        self,
        row: int,
        ssrc: int,
        payload_type: int,
        first_sequence: int,
        first_timestamp: int,
        since_ns: int = NEVER,
    ) -> None:
        """Begin a stream to this row, which watches no source yet.

        `since_ns`: time of `first_timestamp`, if the stream continues one of an earlier call: its
        clock runs until the first frame. NEVER: time of the first frame.
        """
        self._open[row] = True
        self._watching[row] = self._shown[row] = NOBODY
        self._ssrc[row], self._payload_type[row] = ssrc, payload_type
        self._sequence[row], self._timestamp[row] = first_sequence - 1, first_timestamp - 1
        self._frame_ns[row] = since_ns

    def close(self, row: int) -> None:
        """Forget the row as viewer and as source; its viewers watch no source."""
        for sources in (self._watching, self._shown):
            sources[sources == row] = NOBODY
            sources[row] = NOBODY
        self._shown[self._watching == NOBODY] = NOBODY
        self._open[row] = False
        self._sources.forget(row)
        self._wanted_ns.pop(row, None)
        self._unanswered_ns.pop(row, None)
        self._key_frames.forget(row)
        self._damper.forget(row)

    def position(self, row: int, now_ns: int) -> tuple[int, int, int]:
        """Return the sequence number (extended) and the timestamp with which the row's stream would
        continue, and the time of that timestamp: that of the last frame, or now without one."""
        frame_ns = int(self._frame_ns[row])
        at_ns = now_ns if frame_ns == NEVER else frame_ns
        return int(self._sequence[row]) + 1, int(self._timestamp[row]) + 1, at_ns

    def watch(self, row: int, source: int, now_ns: int) -> None:
        """Set the source that a viewer should see; NOBODY for none.

        Raises:
            ValueError: no stream was opened to this row.
        """
        if not self._open[row]:
            raise ValueError(f"row {row} watches {source} and has no stream")
        if source == self._watching[row]:
            return
        if source == NOBODY:
            self._shown[row] = NOBODY
        elif not ((self._watching == source) | (self._shown == source)).any():
            self._sources.forget(source)  # its packets were not followed
        self._watching[row] = source
        self._waiting_since_ns[row] = now_ns

    @property
    def active(self) -> bool:
        """Whether a viewer watches a source, so that packets have to be forwarded."""
        return bool((self._watching != NOBODY).any() or (self._shown != NOBODY).any())

    @property
    def misses_key(self) -> bool:
        """Whether a viewer misses a key frame: a source is asked for one now, or later."""
        return bool(self._wanted_ns) or bool(self._waiting().any())

    def request(self, viewer: int, now_ns: int) -> None:
        """Take a viewer's request for a key frame (RFC 4585 §6.3.1 PLI, RFC 5104 FIR, RFC 5168)."""
        source = int(self._watching[viewer])
        if source != NOBODY and self._damper.accepts(viewer, now_ns):
            self._wanted_ns[source] = now_ns

    def take_key_requests(self, now_ns: int) -> list[int]:
        """Return the sources to ask for a key frame now, ascending; others wait for their limit."""
        if not self.misses_key:
            return []
        asking = self._waiting() & (now_ns - self._waiting_since_ns < GIVE_UP_NS)
        wanted = self._wanted_ns.keys() | set(self._watching[asking].tolist())
        asked = [
            source
            for source in sorted(wanted)
            if self._damper.allows(source, now_ns, unanswered=source in self._unanswered_ns)
        ]
        for source in asked:
            self._wanted_ns.pop(source, None)
            self._unanswered_ns[source] = now_ns
        return asked

    def forward(
        self,
        rows: NDArray[np.intp],
        headers: rtp.Headers,
        data: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        arrival_ns: NDArray[np.int64],
    ) -> Forwarded:
        """Return the packets that go out for n packets, in order of arrival.

        Args:
            rows: (n,) the source of each; NOBODY for a packet of no call, which is dropped.
            headers, data, lengths: the datagrams, (n, width) uint8; broken ones are dropped.
            arrival_ns: (n,) on the clock of `watch` and `take_key_requests`.
        """
        start, end = rtp.payload_bounds(data, lengths)
        usable = (rows != NOBODY) & headers.valid & (start > 0)
        if not usable.all():  # the others have a payload of no bytes here, and begin no key frame
            rows = np.where(usable, rows, NOBODY)
            start, end = np.where(usable, start, 0), np.where(usable, end, 0)
        starts_key = self._key_frames.find(rows, headers, data, start, end)
        looked_at = np.zeros(len(self._open) + 1, np.bool_)
        looked_at[self._watching] = looked_at[self._shown] = True
        looked_at[NOBODY] = False
        at = np.flatnonzero(looked_at[rows])
        parts = []
        while len(at):
            some = at[: self._sources.first_foreign(rows[at], headers.take(at))]
            if len(some):
                parts += self._distribute(self._take(some, rows, headers, arrival_ns, starts_key))
            at = at[len(some) :]
            if len(at):  # the next packet is of another stream of its source
                at = self._restart(at, rows, headers, arrival_ns)
        packet, row, sequence, timestamp = _in_order(parts)
        return Forwarded(
            packet=packet,
            start=start[packet],
            end=end[packet],
            row=row,
            sequence=sequence,
            timestamp=timestamp,
            marker=headers.marker[packet],
            arrival_ns=arrival_ns[packet],
            ssrc=self._ssrc[row],
            payload_type=self._payload_type[row],
        )

    def _waiting(self) -> NDArray[np.bool_]:
        waiting: NDArray[np.bool_] = self._shown != self._watching
        waiting &= self._watching != NOBODY
        return waiting

    def _restart(
        self,
        at: NDArray[np.intp],
        rows: NDArray[np.intp],
        headers: rtp.Headers,
        arrival_ns: NDArray[np.int64],
    ) -> NDArray[np.intp]:
        """Begin the stream of the first of these packets; return the places that are left. Viewers
        of the stream before see no other until a key frame. A late packet is dropped."""
        first = int(at[0])
        source, now_ns = int(rows[first]), int(arrival_ns[first])
        if self._sources.is_late(source, int(headers.ssrc[first]), now_ns):
            return at[1:]
        if self._sources.begin(source, headers, first, now_ns):
            viewers = self._shown == source
            self._shown[viewers] = NOBODY
            self._waiting_since_ns[viewers & (self._watching == source)] = now_ns
        return at

    def _take(
        self,
        at: NDArray[np.intp],
        rows: NDArray[np.intp],
        headers: rtp.Headers,
        arrival_ns: NDArray[np.int64],
        starts_key: NDArray[np.bool_],
    ) -> _Packets:
        """Return the packets at these places, without duplicates."""
        sequence, timestamp = self._sources.unwrap(rows[at], headers.take(at))
        new = self._sources.first_copies(rows[at], sequence)
        at = at[new]
        return _Packets(at, rows[at], sequence[new], timestamp[new], arrival_ns[at], starts_key[at])

    def _distribute(self, packets: _Packets) -> list[_Part]:
        """Send packets of which each source has one stream, so that each viewer changes its source
        once at most: first those of the source shown so far, then those of the new one."""
        changes = self._changes(packets)
        parts = [self._send(packets, self._shown, changes, before=True)]
        if changes:
            changed = np.full(len(self._open), NOBODY, np.intp)
            for viewer, nth in changes.items():
                self._change(packets, viewer, nth)
                changed[viewer] = packets.source[nth]
            parts.append(self._send(packets, changed, changes, before=False))
        self._note_keys(packets, changes)
        return parts

    def _changes(self, packets: _Packets) -> dict[int, int]:
        """Return each viewer that changes its source, and the packet from which on it does."""
        changes = {}
        for viewer in np.flatnonzero(self._waiting()).tolist():
            given_up_ns = self._waiting_since_ns[viewer] + GIVE_UP_NS
            ready = packets.starts_key | (packets.arrival_ns >= given_up_ns)
            ready &= packets.source == self._watching[viewer]
            if ready.any():
                changes[viewer] = int(ready.argmax())
        return changes

    def _change(self, packets: _Packets, viewer: int, nth: int) -> None:
        """Let a viewer see the source of the n-th packet from that packet on."""
        ticks, frame_ns = 1, int(self._frame_ns[viewer])
        if frame_ns != NEVER:
            ticks = max(1, (int(packets.arrival_ns[nth]) - frame_ns) * 9 // TICK_NS_9)
        sequence, timestamp = packets.sequence[nth], packets.timestamp[nth]
        self._shown[viewer] = packets.source[nth]
        self._first[viewer] = sequence
        self._sequence_offset[viewer] = self._sequence[viewer] + 1 - sequence
        self._timestamp_offset[viewer] = self._timestamp[viewer] + ticks - timestamp

    def _note_keys(self, packets: _Packets, changes: dict[int, int]) -> None:
        """Note which requests are answered; a change without a key frame still misses one."""
        last_ns: dict[int, int] = {}
        for nth in np.flatnonzero(packets.starts_key).tolist():
            last_ns[int(packets.source[nth])] = int(packets.arrival_ns[nth])
        for source, at_ns in last_ns.items():
            for asked in (self._wanted_ns, self._unanswered_ns):
                if asked.get(source, at_ns) < at_ns:
                    del asked[source]
        for nth in changes.values():
            source, at_ns = int(packets.source[nth]), int(packets.arrival_ns[nth])
            if not packets.starts_key[nth] and at_ns > last_ns.get(source, NEVER):
                self._wanted_ns[source] = at_ns

    def _send(
        self,
        packets: _Packets,
        shown: NDArray[np.intp],
        changes: dict[int, int],
        *,
        before: bool,
    ) -> _Part:
        """Send to each viewer the packets of the source that is `shown` (capacity,) to it, before
        or from its change on."""
        viewers = np.flatnonzero(shown != NOBODY)
        viewers = viewers[np.argsort(shown[viewers], kind="stable")]
        count = np.bincount(shown[viewers], minlength=len(self._open))
        begin = np.cumsum(count) - count
        times = count[packets.source]
        nth = np.repeat(np.arange(len(times)), times)
        place = np.arange(len(nth)) - np.repeat(np.cumsum(times) - times, times)
        viewer = viewers[begin[packets.source[nth]] + place]
        which = packets.sequence[nth] >= self._first[viewer]
        if changes:
            change_at = np.full(len(self._open), len(times))
            change_at[list(changes)] = list(changes.values())
            which &= (nth < change_at[viewer]) == before
        nth, viewer = nth[which], viewer[which]
        at, arrival_ns = packets.at[nth], packets.arrival_ns[nth]
        sequence = packets.sequence[nth] + self._sequence_offset[viewer]
        timestamp = packets.timestamp[nth] + self._timestamp_offset[viewer]
        np.maximum.at(self._sequence, viewer, sequence)
        highest = self._timestamp[viewer]
        np.maximum.at(self._timestamp, viewer, timestamp)
        # the first packet of the newest frame gives the time of that: it is written last
        newest = np.flatnonzero((timestamp > highest) & (timestamp == self._timestamp[viewer]))
        newest = newest[::-1]
        self._frame_ns[viewer[newest]] = arrival_ns[newest]
        return at, viewer, sequence, timestamp


_Part = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]
"""Place of the packet, viewer, sequence number and timestamp of each packet that goes out."""


def _in_order(parts: list[_Part]) -> _Part:
    """Return all parts as one, in the order in which the packets came."""
    if not parts:
        none = np.empty(0, np.int64)
        return none.astype(np.intp), none.astype(np.intp), none, none
    if len(parts) == 1:
        return parts[0]
    packet, row, sequence, timestamp = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.argsort(packet, kind="stable")
    return packet[order], row[order], sequence[order], timestamp[order]
