"""What is sent when: the emulation's own streams, asked for as far ahead as all is settled.

A device hands the kernel its media in windows, so a key frame that is asked for comes with the next
window and not at once. Where the windows lie is the emulation's; within them a stream gives the
same packets however it is asked, so here it is asked for as much as is settled.
"""

from __future__ import annotations

import copy
import heapq
import operator
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import NEVER_NS, SECOND_NS
from giaoban.lru_cache import LruCache
from giaoban.mcu_sim.media.leg import Position
from giaoban.scenarios.estimate.network.packets import Packets
from giaoban.scenarios.estimate.network.queues import TIMER_NS
from giaoban.scenarios.estimate.spool import as_one
from giaoban.shallow import shallow_copy
from giaoban.traffic.log import SENT, PacketLog
from giaoban.traffic.recorded.stream import RecordedStream
from giaoban.traffic.rtp import AUDIO_PACKET_MS, HEADER_BYTES
from giaoban.traffic.sender.injection import Injector
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.audio_encoding import AudioEncoding
from giaoban.traffic.sources.audio_stream import AudioStream
from giaoban.traffic.sources.video_stream import VideoStream

MAKER_STEP_NS = 32_000_000_000
"""A stream is asked for no more at a time: a long one would take much memory meanwhile."""
FIRST_MADE_NS = 20_000_000_000
"""A stream that others may have is made to this moment first: many a meeting that fails ends by
then. Whoever goes on has all of it made."""
KEPT_PACKETS = 1_000_000
"""Of so many packets streams are kept for other meetings: some 60 MB, at 63 bytes."""
KEPT_PARTS = 16
"""So many parts of each are kept: where nothing is lost, a meeting takes no more steps."""
TrafficStream = AudioStream | VideoStream | RecordedStream


RECENT_PARTS = 64
"""So many of the last parts of a log are looked into for a packet that came."""


class LeavingPackets:
    """A part of a log as a network takes it: fields apart, in arrays that are not to be changed."""

    def __init__(self, log: NDArray[np.void]) -> None:
        self.log = log
        self._at_first_hop: dict[tuple[int, int], Packets] = {}

    @cached_property
    def leaving_ns(self) -> NDArray[np.int64]:
        """(n,) when each leaves."""
        return self.log["leaving_ns"].astype(np.int64)

    @cached_property
    def size(self) -> NDArray[np.int32]:
        """(n,) bytes of RTP."""
        return self.log["size"].astype(np.int32)

    @cached_property
    def sequence(self) -> NDArray[np.int64]:
        """(n,) extended sequence numbers."""
        return self.log["sequence"].astype(np.int64)

    @cached_property
    def key_packets(self) -> NDArray[np.int64]:
        """(n + 1,) how many packets of key frames there are before each place."""
        return np.append(0, np.cumsum(self.log["key"]))

    @cached_property
    def has_key(self) -> bool:
        """Whether any belongs to a key frame."""
        return bool(self.log["key"].any())

    @cached_property
    def once(self) -> bool:
        """Whether each is put on the wire once."""
        return bool((self.log["copies"] == 1).all())

    def at_first_hop(self, flow: int, around_bytes: int) -> Packets:
        """Those of a log whose packets are put `once`, as they come to the first hop of their path;
        `around_bytes`: what is around the RTP of each on the wire."""
        key = flow, around_bytes
        if key not in self._at_first_hop:
            size = self.size + np.int32(around_bytes)
            self._at_first_hop[key] = at_first_hop(flow, self.leaving_ns, size, self.sequence)
        return self._at_first_hop[key]

    def part(self, first: int, end: int) -> LeavingPackets:
        """Those from a place to before another, of a log that is asked for part by part."""
        own = LeavingPackets(self.log[first:end])
        for name in ("leaving_ns", "size", "sequence"):
            vars(own)[name] = getattr(self, name)[first:end]
        if self.once:
            vars(own)["once"] = True
        vars(own)["has_key"] = bool(self.key_packets[end] > self.key_packets[first])
        return own

    def later(self, log: NDArray[np.void], by_ns: int) -> LeavingPackets:
        """The same that leave so much later; `log`: theirs."""
        own = LeavingPackets(log)
        known = {name: value for name, value in vars(self).items() if name not in vars(own)}
        vars(own).update(known | {"leaving_ns": self.leaving_ns + by_ns})
        return own


def at_first_hop(
    flow: int, leaving_ns: NDArray[np.int64], size: NDArray[np.int32], seq: NDArray[np.int64]
) -> Packets:
    """n packets of a flow as they come to the first hop of its path; (n,) `size` on the wire."""
    return Packets(leaving_ns + TIMER_NS, size, np.full(len(size), flow, np.int32), seq)


class StreamBuffer(PacketLog):
    """A log in memory, of one stream: its last `parts`; `fresh` is what nobody has taken yet."""

    def __init__(self) -> None:
        self.parts: list[NDArray[np.void]] = []
        self.fresh: list[LeavingPackets] = []
        self._have_key: list[bool] = []
        """Of each part whether any packet of it belongs to a key frame."""
        self._given = 0

    def __deepcopy__(self, memo: dict[int, object]) -> StreamBuffer:
        """What was kept is never changed: a copy shares it."""
        other = StreamBuffer()
        other.become(self)
        return other

    def append(self, n: int, **columns: object) -> None:
        """Add n packets."""
        if not n:
            return
        part = np.empty(n, SENT)
        for name, column in columns.items():
            part[name] = column
        self.add(LeavingPackets(part))

    def add(self, part: LeavingPackets) -> None:
        """Add packets, whose log is not to be changed any more."""
        if len(part.log):
            self.parts.append(part.log)
            self.fresh.append(part)
            self._have_key.append(part.has_key)

    def become(self, other: StreamBuffer) -> None:
        """Hold what the other one holds."""
        self.parts, self.fresh = list(other.parts), list(other.fresh)
        self._have_key, self._given = list(other._have_key), other._given

    def recent(self, first: int | None = None) -> NDArray[np.void]:
        """What was sent lately, in the order in which it was made: all that may be under way.

        It can only be read.

        Args:
            first: no packet before this sequence number is looked for but the one before it.
        """
        return as_one(self.parts[self._since(first) :], SENT)

    def had_key(self, first: int) -> bool:
        """Whether any of what `recent` would give belongs to a key frame."""
        return any(self._have_key[self._since(first) :])

    def _since(self, first: int | None) -> int:
        """The place of the first part of what was sent lately."""
        parts = self.parts
        since = max(0, len(parts) - RECENT_PARTS)
        if first is None:
            return since
        old = (n for n in range(len(parts) - 1, since, -1) if parts[n]["sequence"][0] < first)
        # one more: packets of a part may be out of order
        return max(since, next(old, since) - 1)

    def give_up(self, last: int) -> list[NDArray[np.void]]:
        """What was not given up before, in order; only so many of the `last` parts stay here."""
        given = self.parts[self._given :]
        gone = max(0, len(self.parts) - last)
        del self.parts[:gone], self._have_key[:gone]
        self._given = len(self.parts)
        return given


class PlannedSource(Protocol):
    """One planned stream through all its bridge's calls."""

    buffer: StreamBuffer

    def advance(self, until_ns: int) -> None:
        """Make what is due before `until_ns`, and perhaps more."""

    def ask_key(self, from_ns: int) -> None:
        """The first frame that is due from `from_ns` on is to be a key frame."""


class FramePace(NamedTuple):
    """Pictures of which nothing hangs on when they are but that: one that begins a little later is
    the same, later.

    Attributes:
        first_ns: when the first packet of the first frame is due.
        fps: frames a second.
    """

    first_ns: int
    fps: int

    def frames_before(self, at_ns: int) -> int:
        """How many frames are due before a moment, as `VideoStream` counts them."""
        return max(0, -(-(at_ns - self.first_ns) * self.fps // SECOND_NS))


class StreamSegment:
    """A stream within one call: made when its time comes, from where the one before it ended."""

    def __init__(
        self,
        make: Callable[[Position | None, StreamBuffer], TrafficStream],
        end_ns: int,
        clock_hz: int,
        made_of: tuple[Hashable, ...] = (),
        pace: FramePace | None = None,
    ) -> None:
        """`make`: from where the last segment has come to, None for the first. `end_ns`: before
        when its packets are due. `made_of`: all that it hangs on beside the plan's media, but for
        when it is where that is a `pace`."""
        self.make = make
        self.end_ns = end_ns
        self.clock_hz = clock_hz
        self.made_of = made_of
        self.pace = pace

    def __deepcopy__(self, memo: dict[int, object]) -> StreamSegment:
        """It never changes."""
        return self

    def key(self, asked: list[int]) -> tuple[Hashable, ...]:
        """All that it hangs on beside the plan's media, but when it is where that is a `pace`;
        `asked`: from when on key frames are asked for."""
        if self.pace is None:
            return (*self.made_of, self.end_ns, *asked)
        frames = self.pace.frames_before(self.end_ns)
        keys = {self.pace.frames_before(at_ns) for at_ns in asked}
        return (*self.made_of, frames, *sorted(keys.intersection(range(1, frames))))


class GeneratedSource:
    """A stream of `traffic`: a camera, a microphone, slides, a recording or a composed picture."""

    def __init__(self, segments: list[StreamSegment]) -> None:
        self.buffer = StreamBuffer()
        self._waiting = segments[::-1]
        self._segment: StreamSegment | None = None
        self._stream: TrafficStream | None = None
        self._position: Position | None = None
        self._done_ns = 0
        self._keys: list[int] = []

    def ask_key(self, from_ns: int) -> None:
        """See `PlannedSource`."""
        heapq.heappush(self._keys, from_ns)

    def advance(self, until_ns: int) -> None:
        """See `PlannedSource`."""
        while self._segment is not None or self._waiting:
            if self._segment is None:
                self._segment = self._waiting.pop()
                self._stream = self._segment.make(self._position, self.buffer)
            end_ns = self._segment.end_ns
            self._make(min(until_ns, end_ns))
            if end_ns > until_ns:
                return
            assert self._stream is not None
            self._position = Position(*self._stream.position(), self._segment.clock_hz)
            self._segment = self._stream = None

    def _make(self, until_ns: int) -> None:
        stream = self._stream
        assert stream is not None
        while self._done_ns < until_ns:
            step_ns = min(until_ns, max(self._done_ns, stream.position()[2]) + MAKER_STEP_NS)
            while self._keys and self._keys[0] < step_ns:
                at_ns = heapq.heappop(self._keys)
                if not isinstance(stream, AudioStream):
                    stream.request_key(at_ns)
            stream.window(None, step_ns)
            self._done_ns = step_ns


class CachedStream:
    """A stream of which nobody asks anything while it lasts, made as far as anybody wanted it.

    Attributes:
        log: (n,) its packets, dtype SENT, in the order in which they are made.
        from_ns: (n,) when the frame of each was due; it is made before a later moment.
        leaving: what it gives a network.
        first_ns: of its `pace`; 0 for one without.
    """

    def __init__(self, source: PlannedSource, pace: FramePace | None) -> None:
        """`source`: has made nothing yet."""
        self._source = source
        self._made_ns = 0
        self.first_ns = 0 if pace is None else pace.first_ns
        self._look()

    def make(self, until_ns: int) -> None:
        """What is due before a moment, and perhaps more."""
        if until_ns <= self._made_ns:
            return
        self._made_ns = FIRST_MADE_NS if until_ns <= FIRST_MADE_NS else NEVER_NS
        self._source.advance(self._made_ns)
        self._look()

    def _look(self) -> None:
        """At what is made."""
        self.log = as_one(self._source.buffer.parts, SENT)
        begins = np.diff(self.log["timestamp"].astype(np.int64), prepend=-1) != 0
        self.from_ns = self.log["due_ns"][np.flatnonzero(begins)[np.cumsum(begins) - 1]]
        self.leaving = LeavingPackets(self.log)
        self._parts = _no_parts()  # so that all lie in this log, one behind another

    def part(self, first: int, end: int) -> LeavingPackets:
        """What it gives a network from a place to before another: to each meeting that takes the
        same steps the very same."""
        return self._parts.get((first, end), lambda _: self.leaving.part(first, end))

    def beginning(self, first_ns: int) -> CachedStream:
        """The same with its first packet due at a moment."""
        by_ns = first_ns - self.first_ns
        if not by_ns:
            return self
        self.make(NEVER_NS)
        other = shallow_copy(self)
        other.log = self.log.copy()
        other.log["due_ns"] += by_ns
        other.log["leaving_ns"] += by_ns
        other.from_ns = self.from_ns + by_ns
        other.leaving = self.leaving.later(other.log, by_ns)
        other.first_ns = first_ns
        other._parts = _no_parts()
        return other


def _no_parts() -> LruCache[tuple[int, int], LeavingPackets]:
    return LruCache(KEPT_PARTS, lambda _: 1)


class _LastAsked:
    """A stream as it was asked for last; `packets`: about how many it has."""

    def __init__(self, stream: CachedStream, packets: int) -> None:
        self.stream = stream
        self.packets = packets


class StreamCache:
    """Streams that were made, by all that they hang on: other meetings have the same ones."""

    def __init__(self) -> None:
        self._kept: LruCache[Hashable, _LastAsked] = LruCache(
            KEPT_PACKETS, operator.attrgetter("packets")
        )

    def get(
        self,
        made_of: Hashable,
        make: Callable[[], PlannedSource],
        packets: int,
        pace: FramePace | None = None,
    ) -> CachedStream:
        """The stream of this key; `make`: its source, where it was not made yet; `packets`: about
        how many it has; `pace`: of its segment."""
        kept = self._kept.get(made_of, lambda _: _LastAsked(CachedStream(make(), pace), packets))
        if pace is not None:
            kept.stream = kept.stream.beginning(pace.first_ns)
        return kept.stream


class CachedSource:
    """A stream as it was made for another meeting, until somebody asks for a key frame."""

    def __init__(self, made: CachedStream, make: Callable[[], PlannedSource]) -> None:
        """`make`: the source that makes it anew, from the beginning."""
        self.buffer = StreamBuffer()
        self._made = made
        self._make = make
        self._taken = self._done_ns = 0
        self._source: PlannedSource | None = None
        """Who makes what was asked for."""

    def __deepcopy__(self, memo: dict[int, Any]) -> CachedSource:
        """What was made never changes: a copy shares it."""
        other = memo[id(self)] = shallow_copy(self)
        other.buffer = copy.deepcopy(self.buffer, memo)
        other._source = copy.deepcopy(self._source, memo)
        return other

    def ask_key(self, from_ns: int) -> None:
        """See `PlannedSource`."""
        if self._source is None:
            self._source = self._anew()
            self.buffer = self._source.buffer
        self._source.ask_key(from_ns)

    def advance(self, until_ns: int) -> None:
        """See `PlannedSource`."""
        if self._source is not None:
            self._source.advance(until_ns)
            return
        self._made.make(until_ns)
        end = int(np.searchsorted(self._made.from_ns, until_ns))
        self.buffer.add(self._made.part(self._taken, end))
        self._taken, self._done_ns = end, max(self._done_ns, until_ns)

    def _anew(self) -> PlannedSource:
        """A source that has come as far."""
        source = self._make()
        source.advance(self._done_ns)
        made = as_one(source.buffer.parts, SENT)
        source.buffer.become(self.buffer)
        source.buffer.add(LeavingPackets(made[self._taken :]))
        return source


class MixedAudio:
    """The mix of one call: a packet at every tick of the MCU's clock."""

    def __init__(
        self,
        plan: StreamPlan,
        spans: list[tuple[int, int, int]],
        tick_ns: int,
        delay_ns: int,
        encoding: AudioEncoding,
    ) -> None:
        """`spans`: (when the call began, first tick, tick after the last) of each call.
        `delay_ns`: from a tick to its packet. `encoding`: of the sound."""
        self.buffer = StreamBuffer()
        self._plan = plan
        self._spans = spans[::-1]
        self._tick_ns, self._delay_ns = tick_ns, delay_ns
        self._clock_hz = encoding.clock_hz
        self._ticks = encoding.ticks(AUDIO_PACKET_MS)
        self._octets = encoding.octets(AUDIO_PACKET_MS)
        self._injector = Injector(plan, 0)
        self._sequence = plan.first_sequence
        self._timestamp = plan.first_timestamp
        self._next: int | None = None
        self._mixed_ns = 0

    def __deepcopy__(self, memo: dict[int, Any]) -> MixedAudio:
        """What never changes is shared."""
        other = memo[id(self)] = shallow_copy(self)
        other.buffer, other._spans = copy.deepcopy(self.buffer, memo), list(self._spans)
        other._injector = copy.deepcopy(self._injector, memo)
        return other

    def ask_key(self, from_ns: int) -> None:
        """Sound has no key frames."""

    def advance(self, until_ns: int) -> None:
        """See `PlannedSource`."""
        while self._spans:
            began_ns, first, end = self._spans[-1]
            if self._next is None:
                if began_ns >= until_ns:
                    return
                if self._mixed_ns:  # its clock ran on while it was away
                    away_ns = max(0, began_ns - self._mixed_ns)
                    self._timestamp += away_ns * self._clock_hz // 1_000_000_000
                self._next = first
            stop = min(end, -(-(until_ns - self._delay_ns) // self._tick_ns))
            self._make(max(0, stop - self._next))
            if stop < end:
                return
            self._mixed_ns = (end - 1) * self._tick_ns
            self._next = None
            self._spans.pop()

    def _make(self, count: int) -> None:
        if not count or self._next is None:
            return
        nth = np.arange(count)
        due_ns = (self._next + nth) * self._tick_ns + self._delay_ns
        sizes = np.full(count, HEADER_BYTES + self._octets)
        fate = self._injector.apply(due_ns, sizes)
        self.buffer.append(
            count,
            stream=self._plan.index,
            sequence=self._sequence + nth,
            timestamp=(self._timestamp + nth * self._ticks) & 0xFFFFFFFF,
            due_ns=due_ns,
            leaving_ns=fate.leaving_ns,
            size=sizes,
            copies=fate.copies,
            corrupted=fate.corrupted,
            key=False,
        )
        self._next += count
        self._sequence += count
        self._timestamp += count * self._ticks
