"""Switched video: the video of a source goes on to its viewers as it is (RFC 7667 §3.6.2).

Every viewer has one stream of its own, SSRC, sequence numbers and timestamps, that runs on whatever
it is made from, under its own header (RFC 3550 §5.1). A change of source takes place where a key
frame of the new one begins. A packet that comes twice goes on once: what a stream of its own sends
has a number each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

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
        """The same packets in pieces of at most `size`, in order."""
        if len(self) <= size:
            yield self
            return
        for start in range(0, len(self), size):
            some = slice(start, start + size)
            yield Forwarded(**{name: column[some] for name, column in vars(self).items()})


def write_forwarded(
    out: NDArray[np.uint8], forwarded: Forwarded, data: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """Write the packets into the first m rows of `out`; their lengths (m,) in bytes.

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
    if m and (start == start[0]).all():  # nearly always: all have a plain header
        first, size = int(start[0]), longest - rtp.HEADER_BYTES
        payloads = data[:, first : first + size]
        if m != len(data) or (forwarded.packet[1:] <= forwarded.packet[:-1]).any():
            payloads = payloads[forwarded.packet]
        out[:m, rtp.HEADER_BYTES : rtp.HEADER_BYTES + size] = payloads
        return written
    for first in np.unique(start).tolist():
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
seconds of video, so that nothing which is merely late is taken for it."""
NEARBY_TICKS = 1 << 29
"""Of a timestamp of 32 bits: two within so many of a third one are less than half of it apart."""
NO_SSRC = -1
HISTORY_PACKETS = 2048
"""Of a source, among which a packet is known again: more than `MAX_MISORDER`, a power of two."""
LATE_NS = 2_000_000_000
"""For how long packets of the SSRC that a source has left are late ones, and no return to it."""


@dataclass(frozen=True)
class PacketRun:
    """n packets of one stream of one source, in order of arrival.

    Attributes:
        source: its row.
        at: (n,) place in the received batch, ascending.
        sequence, timestamp: (n,) without the wraps.
        starts_key: (n,) packets that begin a key frame, or one of its slices.
        restarted: the first of them is the first of another stream than what came before.
    """

    source: int
    at: NDArray[np.intp]
    sequence: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    starts_key: NDArray[np.bool_]
    restarted: bool

    def between(self, low: int, high: int) -> PacketRun:
        """The packets whose place is within [low, high)."""
        first, last = np.searchsorted(self.at, (low, high))
        return replace(
            self,
            at=self.at[first:last],
            sequence=self.sequence[first:last],
            timestamp=self.timestamp[first:last],
            starts_key=self.starts_key[first:last],
            restarted=self.restarted and first == 0 and last > 0,
        )


class KeyFrameDetector:
    """Finds where key frames begin: one whose slices come in several batches begins but once."""

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
        """(n,) for n packets of the sources `rows`, with payloads as in `carries`."""
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


class PacketHistory:
    """Tells the first copy of a packet from those after it, source by source.

    A packet is known by its sequence number together with its timestamp: after a pause in which
    nobody looked at the source, the 16 bits alone would be those of another packet.
    """

    def __init__(self, capacity: int) -> None:
        self._seen = np.zeros((capacity, HISTORY_PACKETS), np.uint64)  # 0: none yet

    def forget(self, row: int) -> None:
        """The source begins another stream."""
        self._seen[row] = 0

    def first_copies(
        self, rows: NDArray[np.intp], sequence: NDArray[np.int64], timestamp: NDArray[np.int64]
    ) -> NDArray[np.bool_] | None:
        """Which of n packets, in order of arrival, came for the first time (n,); None: all did."""
        number = sequence & 0xFFFF
        packet = (rows.astype(np.int64) << 48 | number << 32 | timestamp & 0xFFFFFFFF).view(
            np.uint64
        )
        packet |= np.uint64(1 << 63)
        slot = rows, number & HISTORY_PACKETS - 1
        known = self._seen[slot] == packet
        self._seen[slot] = packet
        ordered = np.sort(packet)
        if (ordered[1:] == ordered[:-1]).any():
            again = np.ones(len(packet), np.bool_)
            again[np.unique(packet, return_index=True)[1]] = False
            known |= again
        return ~known if known.any() else None


@dataclass(frozen=True)
class _Stream:
    """Packets of one SSRC in a batch; `new`: the source is not known to have sent it before."""

    new: bool
    restarted: bool
    runs: list[NDArray[np.intp]]


class ForwardedSources:
    """Follows the streams that sources send, one after another; each source has a row."""

    def __init__(self, capacity: int) -> None:
        self._ssrc = np.full(capacity, NO_SSRC, np.int64)
        self._left_ssrc = np.full(capacity, NO_SSRC, np.int64)
        self._left_ns = np.zeros(capacity, np.int64)
        self._sequence = np.zeros(capacity, np.int64)
        self._timestamp = np.zeros(capacity, np.int64)
        self.history = PacketHistory(capacity)

    def forget(self, row: int) -> None:
        """Another call may sit in this row from now on."""
        self._ssrc[row] = self._left_ssrc[row] = NO_SSRC

    def go_on(
        self,
        rows: NDArray[np.intp],
        at: NDArray[np.intp],
        headers: rtp.Headers,
        apart: NDArray[np.bool_],
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
        """Unwrap k packets at once, of sources that go on with the stream they had.

        Args:
            rows: (k,) their sources, ascending; `at` (k,), their places in the batch, ascending
                within a source.
            apart: (capacity,) sources that are to be left to `take` whatever they send.

        Returns:
            Which packets are of such a source (k,), and where they are, their sequence numbers
            and timestamps (k,) without the wraps. All packets of the others are for `take`.
        """
        edges = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1], [True])))
        first, sizes = edges[:-1], edges[1:] - edges[:-1]
        sources = rows[first]
        sequence, steps = _unwrap(headers.sequence[at], self._sequence[sources], first, sizes, 16)
        timestamp, _ = _unwrap(headers.timestamp[at], self._timestamp[sources], first, sizes, 32)
        other = headers.ssrc[at] != self._ssrc[rows]
        other |= steps < -MAX_MISORDER
        steady = ~(np.logical_or.reduceat(other, first) | apart[sources])
        last = (first + sizes - 1)[steady]
        self._sequence[sources[steady]] = sequence[last]
        self._timestamp[sources[steady]] = timestamp[last]
        return np.repeat(steady, sizes), sequence, timestamp

    def go_on_nearby(
        self, rows: NDArray[np.intp], headers: rtp.Headers
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """As `go_on`, of n packets in order of arrival, if all are of the stream that their source
        had and near to where that was; None, and nothing is changed, if one is not."""
        if (headers.ssrc != self._ssrc[rows]).any():
            return None
        sequence, timestamp = self._sequence[rows], self._timestamp[rows]
        ahead = (headers.sequence - sequence.astype(np.uint16)).view(np.int16)
        later = (headers.timestamp - timestamp.astype(np.uint32)).view(np.int32)
        # so none is a step back from another one of the batch that would be a stream begun afresh
        if max(int(ahead.max()), -int(ahead.min())) > MAX_MISORDER // 2:
            return None
        if max(int(later.max()), -int(later.min())) > NEARBY_TICKS:
            return None
        sequence += ahead
        timestamp += later
        self._sequence[rows], self._timestamp[rows] = sequence, timestamp  # of each the last one's
        return sequence, timestamp

    def take(
        self,
        row: int,
        at: NDArray[np.intp],
        headers: rtp.Headers,
        starts_key: NDArray[np.bool_],
        arrival_ns: NDArray[np.int64],
    ) -> list[PacketRun]:
        """One source's packets, at the places `at` of a batch; every piece but the first restarts.

        Packets of the stream before the current one are left out, and copies of a packet after
        its first.
        """
        ssrc = headers.ssrc[at]
        streams: list[_Stream] = []
        for run in np.split(at, np.flatnonzero(ssrc[1:] != ssrc[:-1]) + 1):
            of, now_ns = int(headers.ssrc[run[0]]), int(arrival_ns[run[0]])
            current = int(self._ssrc[row])
            if of == self._left_ssrc[row] and now_ns - self._left_ns[row] < LATE_NS:
                continue
            if of == current and streams:
                streams[-1].runs.append(run)
                continue
            new = of != current
            restarted = new and current != NO_SSRC
            if restarted:
                self._left_ssrc[row], self._left_ns[row] = current, now_ns
            self._ssrc[row] = of
            streams.append(_Stream(new, restarted, [run]))
        return [
            piece for stream in streams for piece in self._pieces(row, stream, headers, starts_key)
        ]

    def _pieces(
        self, row: int, stream: _Stream, headers: rtp.Headers, starts_key: NDArray[np.bool_]
    ) -> list[PacketRun]:
        """Packets of one SSRC, parted where the sequence numbers begin afresh."""
        run = np.concatenate(stream.runs)
        if stream.new:
            self._sequence[row] = headers.sequence[run[0]]
            self._timestamp[row] = headers.timestamp[run[0]]
        whole = np.zeros(1, np.intp), np.array([len(run)])
        of = slice(row, row + 1)
        sequence, steps = _unwrap(headers.sequence[run], self._sequence[of], *whole, 16)
        timestamp, _ = _unwrap(headers.timestamp[run], self._timestamp[of], *whole, 32)
        self._sequence[row], self._timestamp[row] = sequence[-1], timestamp[-1]
        bounds = [0, *np.flatnonzero(steps < -MAX_MISORDER).tolist(), len(run)]
        pieces: list[PacketRun] = []
        for nth, (low, high) in enumerate(pairwise(bounds)):
            if stream.new or nth > 0:
                self.history.forget(row)
            some = np.arange(low, high)
            rows = np.full(high - low, row)
            first = self.history.first_copies(rows, sequence[some], timestamp[some])
            some = some if first is None else some[first]
            if not len(some):
                continue
            pieces.append(
                PacketRun(
                    source=row,
                    at=run[some],
                    sequence=sequence[some],
                    timestamp=timestamp[some],
                    starts_key=starts_key[run[some]],
                    restarted=stream.restarted or nth > 0,
                )
            )
        return pieces


def _unwrap(
    counter: NDArray[np.integer],
    before: NDArray[np.int64],
    first: NDArray[np.intp],
    sizes: NDArray[np.intp],
    bits: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Counters of g streams, one stream after another, without their wraps; and their steps.

    Args:
        counter: (k,) as on the wire, of so many bits.
        before: (g,) where each stream's counter was, without the wraps.
        first, sizes: (g,) where each stream's packets begin, and how many they are.
    """
    value = counter.astype(np.int64)
    differences = value.copy()
    differences[1:] -= value[:-1]
    differences[first] = value[first] - before
    steps = rtp.serial_difference(differences, bits)
    total = np.cumsum(steps)
    return total + np.repeat(before - total[first] + steps[first], sizes), steps


NEVER = -1
GIVE_UP_NS = 2_000_000_000
"""A change waits so long for a key frame: some devices never answer."""
TICK_NS_9 = 100_000  # nine ticks of the 90 kHz clock (RFC 6184 §8.1) take as many ns
LEAST = np.iinfo(np.int64).min


@dataclass(frozen=True)
class _Audience:
    """Who sees and waits for what, as long as nothing of it changes.

    Attributes:
        active: whether anybody watches anything.
        waits: whether anybody waits for a source's key frame.
        looked_at: (capacity + 1,) sources that somebody sees or waits for; the last is NOBODY's.
        viewers: (v,) who sees something, source by source.
        begin, times: (capacity,) where in `viewers` those of a source begin, and how many they are.
    """

    active: bool
    waits: bool
    looked_at: NDArray[np.bool_]
    viewers: NDArray[np.intp]
    begin: NDArray[np.intp]
    times: NDArray[np.intp]


class Forwarder:
    """All viewers of one channel, a row each; rows of sources are of the same calls.

    It is to be given packets of the negotiated H.264 payload type only.
    """

    def __init__(self, capacity: int, limits: KeyFrameLimits = VIDEO_LIMITS) -> None:
        """`limits`: on key-frame requests."""
        self._damper = RequestDamper(limits)
        self._ssrc = np.zeros(capacity, np.uint32)
        self._payload_type = np.zeros(capacity, np.uint8)
        self._open = np.zeros(capacity, np.bool_)
        self._watching = np.full(capacity, NOBODY, np.intp)  # what a viewer should see
        self._shown = np.full(capacity, NOBODY, np.intp)  # what it sees
        self._known_audience: _Audience | None = None  # of both; None: they have changed
        self._waiting_since_ns = np.zeros(capacity, np.int64)
        # what makes a source's numbers the viewer's, and the source's first packet that it got
        self._sequence_offset = np.zeros(capacity, np.int64)
        self._timestamp_offset = np.zeros(capacity, np.int64)
        self._first = np.zeros(capacity, np.int64)
        # the highest numbers sent to a viewer, and when the frame with that timestamp came
        self._sequence = np.zeros(capacity, np.int64)
        self._timestamp = np.zeros(capacity, np.int64)
        self._frame_ns = np.full(capacity, NEVER, np.int64)
        self._sources = ForwardedSources(capacity)
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
        """Begin a stream to this row, which watches nothing yet. What it had before is over.

        `since_ns`: when `first_timestamp` holds, if the stream goes on from an earlier call: its
        clock runs until the first frame. NEVER: that of the first frame, whenever it comes.
        """
        self._open[row] = True
        if self._watching[row] != NOBODY or self._shown[row] != NOBODY:
            self._watching[row] = self._shown[row] = NOBODY
            self._known_audience = None
        self._ssrc[row], self._payload_type[row] = ssrc, payload_type
        self._sequence[row], self._timestamp[row] = first_sequence - 1, first_timestamp - 1
        self._frame_ns[row] = since_ns

    def close(self, row: int) -> None:
        """Forget the row as viewer and as source; its viewers watch nothing."""
        if self._open.any():
            self._stop_watching(row)
        self._open[row] = False
        self._sources.forget(row)
        self._wanted_ns.pop(row, None)
        self._unanswered_ns.pop(row, None)
        self._key_frames.forget(row)
        self._damper.forget(row)

    def _stop_watching(self, row: int) -> None:
        """The row watches nothing and shows nothing, nor do its viewers."""
        left, shown = self._watching == row, self._shown == row
        left[row] = True
        shown |= left
        if (self._watching[left] != NOBODY).any() or (self._shown[shown] != NOBODY).any():
            self._watching[left] = self._shown[shown] = NOBODY
            self._known_audience = None

    def position(self, row: int, now_ns: int) -> tuple[int, int, int]:
        """Sequence number (extended) and timestamp with which the row's stream would go on, and
        when that timestamp holds: when the last frame came, or now if none has."""
        frame_ns = int(self._frame_ns[row])
        at_ns = now_ns if frame_ns == NEVER else frame_ns
        return int(self._sequence[row]) + 1, int(self._timestamp[row]) + 1, at_ns

    def watch(self, row: int, source: int, now_ns: int) -> None:
        """What this viewer should see from now on; NOBODY: nothing. No change: nothing happens.

        Raises:
            ValueError: no stream was opened to this row.
        """
        if not self._open[row]:
            raise ValueError(f"row {row} watches {source} and has no stream")
        if source == self._watching[row]:
            return
        self._watching[row] = source
        self._waiting_since_ns[row] = now_ns
        if source == NOBODY:
            self._shown[row] = NOBODY
        self._known_audience = None

    @property
    def active(self) -> bool:
        """Whether anybody watches anything, so that packets have to be forwarded."""
        return self._audience.active

    @property
    def misses_key(self) -> bool:
        """Whether a viewer misses a key frame: a source is asked for one now, or later."""
        return bool(self._wanted_ns) or self._audience.waits

    def request(self, viewer: int, now_ns: int) -> None:
        """A viewer asked for a key frame (RFC 4585 §6.3.1 PLI, RFC 5104 FIR, RFC 5168)."""
        source = int(self._watching[viewer])
        if source != NOBODY and self._damper.accepts(viewer, now_ns):
            self._wanted_ns[source] = now_ns

    def take_key_requests(self, now_ns: int) -> list[int]:
        """Sources to ask for a key frame now, ascending; what limits forbid is put off."""
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
        """What goes out for n packets, in order of arrival.

        Args:
            rows: (n,) the source of each; NOBODY for a stranger's, which go nowhere.
            headers, data, lengths: the datagrams, (n, width) uint8; broken ones go nowhere.
            arrival_ns: (n,) on the clock of `watch` and `take_key_requests`.
        """
        start, end = rtp.payload_bounds(data, lengths)
        usable = (rows != NOBODY) & headers.valid & (start > 0)
        if not usable.all():  # the others have a payload of no bytes here, and begin nothing
            rows = np.where(usable, rows, NOBODY)
            start, end = np.where(usable, start, 0), np.where(usable, end, 0)
        starts_key = self._key_frames.find(rows, headers, data, start, end)
        audience = self._audience
        at = np.flatnonzero(audience.looked_at[rows])
        parts: list[_Part] = []
        numbers = None
        if len(at) and not audience.waits:
            all_are = len(at) == len(rows)
            numbers = self._sources.go_on_nearby(rows[at], headers if all_are else headers.take(at))
        if numbers is not None:
            parts.append(self._send_steady(at, rows, *numbers, arrival_ns))
            self._note_steady_keys(at[starts_key[at]], rows, arrival_ns)
            at = at[:0]
        elif len(at):
            at = at[np.argsort(rows[at], kind="stable")]
            steady, sequence, timestamp = self._sources.go_on(
                rows[at], at, headers, self._changing()
            )
            some, order = at[steady], np.argsort(at[steady])
            steadily = some[order], rows, sequence[steady][order], timestamp[steady][order]
            parts.append(self._send_steady(*steadily, arrival_ns))
            self._note_steady_keys(some[starts_key[some]], rows, arrival_ns)
            at = at[~steady]
        pieces = self._pieces(at, rows, headers, starts_key, arrival_ns)
        cuts = sorted({int(piece.at[0]) for piece in pieces if piece.restarted})
        for low, high in pairwise([0, *cuts, len(rows)]) if pieces else ():
            within = [piece.between(low, high) for piece in pieces]
            parts += self._distribute([piece for piece in within if len(piece.at)], arrival_ns)
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

    def _changing(self) -> NDArray[np.bool_]:
        """(capacity,) sources that somebody waits for, or sees while waiting for another one."""
        waiting = self._waiting()
        changing = np.zeros(len(self._open) + 1, np.bool_)  # the last one is NOBODY's
        changing[self._watching[waiting]] = changing[self._shown[waiting]] = True
        return changing[:-1]

    @property
    def _audience(self) -> _Audience:
        if self._known_audience is None:
            looked_at = np.zeros(len(self._open) + 1, np.bool_)
            looked_at[self._watching] = looked_at[self._shown] = True
            active = bool(looked_at[:-1].any())
            looked_at[NOBODY] = False
            viewers = np.flatnonzero(self._shown != NOBODY)
            viewers = viewers[np.argsort(self._shown[viewers], kind="stable")]
            times = np.bincount(self._shown[viewers], minlength=len(self._open))
            begin = np.cumsum(times) - times
            waits = bool(self._waiting().any())
            self._known_audience = _Audience(active, waits, looked_at, viewers, begin, times)
        return self._known_audience

    def _send_steady(
        self,
        at: NDArray[np.intp],
        rows: NDArray[np.intp],
        sequence: NDArray[np.int64],
        timestamp: NDArray[np.int64],
        arrival_ns: NDArray[np.int64],
    ) -> _Part:
        """Send k packets of sources whose viewers all see what they watch, and go on seeing it.

        As `_send`, of all sources at once: `at` (k,) are places in the batch, ascending, `sequence`
        and `timestamp` (k,) of the packets there.
        """
        first = self._sources.history.first_copies(rows[at], sequence, timestamp)
        if first is not None:
            at, sequence, timestamp = at[first], sequence[first], timestamp[first]
        of, audience = rows[at], self._audience
        begin, times = audience.begin[of], audience.times[of]
        if (times == 1).all():
            viewer = audience.viewers[begin]
        else:
            nth = np.repeat(np.arange(len(at)), times)
            place = np.arange(len(nth)) - np.repeat(np.cumsum(times) - times - begin, times)
            viewer = audience.viewers[place]
            at, sequence, timestamp = at[nth], sequence[nth], timestamp[nth]
        since = sequence >= self._first[viewer]
        if not since.all():
            at, viewer = at[since], viewer[since]
            sequence, timestamp = sequence[since], timestamp[since]
        sent = sequence + self._sequence_offset[viewer]
        stamp = timestamp + self._timestamp_offset[viewer]
        np.maximum.at(self._sequence, viewer, sent)
        before = self._timestamp[viewer]
        np.maximum.at(self._timestamp, viewer, stamp)
        # the first packet of the newest frame tells when that came: it is written last
        newest = np.flatnonzero((stamp > before) & (stamp == self._timestamp[viewer]))[::-1]
        self._frame_ns[viewer[newest]] = arrival_ns[at[newest]]
        return at, viewer, sent, stamp

    def _note_steady_keys(
        self, keys: NDArray[np.intp], rows: NDArray[np.intp], arrival_ns: NDArray[np.int64]
    ) -> None:
        """As `_note_keys`, of the sources of `_send_steady`: `keys`, places of key frames."""
        for asked in (self._wanted_ns, self._unanswered_ns):
            if not asked:
                continue
            for at in keys.tolist():
                source, came_ns = int(rows[at]), int(arrival_ns[at])
                if asked.get(source, came_ns) < came_ns:
                    del asked[source]

    def _pieces(
        self,
        at: NDArray[np.intp],
        rows: NDArray[np.intp],
        headers: rtp.Headers,
        starts_key: NDArray[np.bool_],
        arrival_ns: NDArray[np.int64],
    ) -> list[PacketRun]:
        """The packets at places `at`, source by source."""
        pieces: list[PacketRun] = []
        for group in np.split(at, np.flatnonzero(np.diff(rows[at])) + 1) if len(at) else ():
            pieces += self._sources.take(
                int(rows[group[0]]), group, headers, starts_key, arrival_ns
            )
        return pieces

    def _distribute(self, pieces: list[PacketRun], arrival_ns: NDArray[np.int64]) -> list[_Part]:
        """Packets of a stretch in which every source has one stream, so that each viewer changes
        once at the most: first what is shown until then, then what is shown since."""
        change_at = np.full(len(self._open), len(arrival_ns))
        changes: list[tuple[PacketRun, NDArray[np.intp], NDArray[np.intp]]] = []
        for piece in pieces:
            if piece.restarted:
                self._restart(piece.source, int(arrival_ns[piece.at[0]]))
            viewers = np.flatnonzero(self._waiting() & (self._watching == piece.source))
            given_up_ns = self._waiting_since_ns[viewers] + GIVE_UP_NS
            ready = piece.starts_key | (arrival_ns[piece.at] >= given_up_ns[:, np.newaxis])
            first = ready.argmax(axis=1)
            able = ready[np.arange(len(viewers)), first]
            viewers, first = viewers[able], first[able]
            change_at[viewers] = piece.at[first]
            changes.append((piece, viewers, first))
            self._note_keys(piece, first, arrival_ns)
        parts: list[_Part] = []
        for piece in pieces:
            viewers = np.flatnonzero(self._shown == piece.source)
            until = piece.at < change_at[viewers][:, np.newaxis]
            parts.append(self._send(piece, viewers, until, arrival_ns))
        for piece, viewers, first in changes:
            self._change(piece, viewers, first, arrival_ns)
            since = piece.at >= change_at[viewers][:, np.newaxis]
            parts.append(self._send(piece, viewers, since, arrival_ns))
        return parts

    def _restart(self, source: int, now_ns: int) -> None:
        """The source sends another stream: nobody sees it until a key frame of that begins."""
        viewers = self._shown == source
        self._shown[viewers] = NOBODY
        self._known_audience = None
        self._waiting_since_ns[viewers & (self._watching == source)] = now_ns

    def _note_keys(
        self, piece: PacketRun, changes: NDArray[np.intp], arrival_ns: NDArray[np.int64]
    ) -> None:
        """Which requests are answered; a change without a key frame still misses one."""
        keys = piece.at[piece.starts_key]
        last_ns = int(arrival_ns[keys].max()) if len(keys) else NEVER
        for asked in (self._wanted_ns, self._unanswered_ns):
            if asked.get(piece.source, last_ns) < last_ns:
                del asked[piece.source]
        blind = changes[~piece.starts_key[changes]]
        if len(blind):
            at_ns = int(arrival_ns[piece.at[blind]].max())
            if at_ns > last_ns:
                self._wanted_ns[piece.source] = at_ns

    def _change(
        self,
        piece: PacketRun,
        viewers: NDArray[np.intp],
        first: NDArray[np.intp],
        arrival_ns: NDArray[np.int64],
    ) -> None:
        """From the packets `first` of the piece on, the viewers see its source."""
        elapsed_ns = arrival_ns[piece.at[first]] - self._frame_ns[viewers]
        ticks = np.maximum(elapsed_ns * 9 // TICK_NS_9, 1)
        ticks[self._frame_ns[viewers] == NEVER] = 1
        self._shown[viewers] = piece.source
        self._known_audience = None
        self._first[viewers] = piece.sequence[first]
        self._sequence_offset[viewers] = self._sequence[viewers] + 1 - piece.sequence[first]
        self._timestamp_offset[viewers] = self._timestamp[viewers] + ticks - piece.timestamp[first]

    def _send(
        self,
        piece: PacketRun,
        viewers: NDArray[np.intp],
        which: NDArray[np.bool_],
        arrival_ns: NDArray[np.int64],
    ) -> _Part:
        """Send the packets (viewers, packets) `which`, but for those from before the change."""
        which = which & (piece.sequence >= self._first[viewers][:, np.newaxis])
        some = which.any(axis=1)
        viewers, which = viewers[some], which[some]
        sequence = piece.sequence + self._sequence_offset[viewers][:, np.newaxis]
        timestamp = piece.timestamp + self._timestamp_offset[viewers][:, np.newaxis]
        highest = np.where(which, sequence, LEAST).max(axis=1)
        self._sequence[viewers] = np.maximum(self._sequence[viewers], highest)
        stamps = np.where(which, timestamp, LEAST)
        newest = stamps.argmax(axis=1)
        stamp = stamps[np.arange(len(viewers)), newest]
        later = stamp > self._timestamp[viewers]
        self._timestamp[viewers[later]] = stamp[later]
        self._frame_ns[viewers[later]] = arrival_ns[piece.at[newest[later]]]
        nth, viewer = np.nonzero(which.T)
        return piece.at[nth], viewers[viewer], sequence[viewer, nth], timestamp[viewer, nth]


_Part = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]
"""Packet, viewer, sequence number and timestamp of each packet that goes out."""


def _in_order(parts: list[_Part]) -> _Part:
    """All parts as one, in the order in which the packets came."""
    if not parts:
        none = np.empty(0, np.int64)
        return none.astype(np.intp), none.astype(np.intp), none, none
    if len(parts) == 1:
        return parts[0]
    packet, row, sequence, timestamp = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.argsort(packet, kind="stable")
    return packet[order], row[order], sequence[order], timestamp[order]
