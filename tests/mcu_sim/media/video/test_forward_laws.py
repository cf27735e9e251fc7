"""Laws of switched video, for any cameras, changes, losses, order and batches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.rtp import RTP

from mcu_sim.media.video.forward import NOBODY
from tests.mcu_sim.video_factory import (
    FIRST_SEQUENCE,
    FIRST_TIMESTAMP,
    KEY,
    KEY_MORE,
    SLICE,
    Camera,
    Got,
    Packet,
    Room,
    at,
    by_arrival,
)

END_MS = 3500.0
ROWS = 5
VIEWERS = (2, 3, 4)
RESTARTED = 500  # SSRC


@dataclass(frozen=True)
class Change:
    """From a moment on, a viewer should see another source."""

    ms: float
    viewer: int
    source: int


def cameras(row: int) -> st.SearchStrategy[Camera]:
    return st.builds(
        Camera,
        row=st.just(row),
        keys=st.frozensets(st.integers(0, 30), max_size=4),
        from_ms=st.integers(-500, 800).map(lambda ms: ms + row * 0.25),
        frame_ms=st.sampled_from([66.0, 100.0, 200.0]),
        packets=st.integers(1, 3),
        sequence=st.sampled_from([0, 1000, 65_520, 32_760]),
        timestamp=st.sampled_from([0, 2**32 - 90_000, 2**31 - 90_000]),
    )


changes = st.lists(
    st.builds(
        Change,
        ms=st.integers(0, int(END_MS)).map(lambda ms: ms + 0.6),
        viewer=st.sampled_from(VIEWERS),
        source=st.sampled_from([NOBODY, 0, 1, 2]),
    ),
    max_size=12,
).map(lambda some: sorted(some, key=lambda change: change.ms))

cuts = st.lists(st.integers(1, 40), min_size=1, max_size=10)


def restarted(camera: Camera, at_ms: float | None) -> list[Packet]:
    """The camera's packets; from a moment on under another SSRC and other numbers."""
    packets = camera.until(END_MS)
    if at_ms is None:
        return packets
    return [
        p
        if p.ms < at_ms
        else replace(
            p, ssrc=RESTARTED, sequence=p.sequence + 9000, timestamp=p.timestamp + 0x40000000
        )
        for p in packets
    ]


def run(packets: list[Packet], when: list[Change], sizes: list[int]) -> Room:
    """All packets in the order given; batches end at changes and otherwise as the sizes say."""
    room, waiting, left, nth = Room(ROWS), list(when), list(packets), 0
    while left or waiting:
        until = waiting[0].ms if waiting else END_MS + 1000
        some = [packet for packet in left if packet.ms < until]
        left = left[len(some) :]
        while some:
            size = sizes[nth % len(sizes)]
            room.play(some[:size])
            some, nth = some[size:], nth + 1
        if waiting:
            change = waiting.pop(0)
            room.forwarder.watch(change.viewer, change.source, at(change.ms))
    return room


def stretches(got: list[Got]) -> list[list[Got]]:
    """What a viewer got, parted where it changed: then what is added to the numbers changes."""

    def added(one: Got) -> tuple[int, int, int, int]:
        of = one.of
        return of.row, of.ssrc, one.sequence - of.sequence, one.timestamp - of.timestamp

    return [list(some) for _, some in groupby(got, added)]


def last_change(when: list[Change], viewer: int, ms: float) -> float:
    """When the viewer was last told to watch something else than before."""
    mine = [Change(-1.0, viewer, NOBODY)]
    mine += [one for one in when if one.viewer == viewer and one.ms < ms]
    return max(new.ms for old, new in pairwise(mine) if new.source != old.source)


def assert_begins_rightly(first: Got, when: list[Change], viewer: int, since: float = -1.0) -> None:
    """A change comes with a key frame, or two seconds after a command or after `since`."""
    wanted_ms = max(last_change(when, viewer, first.of.ms), since)
    assert first.of.starts_key or first.of.ms - wanted_ms >= 2000


def end_of(part: list[Got], after: list[Got] | None, when: list[Change], viewer: int) -> float:
    """Until when a viewer had to be shown what it was shown: the next change, or nobody."""
    stops = [
        one.ms
        for one in when
        if one.viewer == viewer and one.source == NOBODY and one.ms > part[0].of.ms
    ]
    return min([*stops, after[0].of.ms if after else inf])


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(cameras(0), cameras(1), cameras(2)),
    changes,
    cuts,
    st.none() | st.integers(0, int(END_MS)),
)
def test_a_viewers_stream_when_nothing_is_lost(
    seen: tuple[Camera, ...], when: list[Change], sizes: list[int], restart_ms: int | None
) -> None:
    streams = [restarted(seen[0], restart_ms), *(camera.until(END_MS) for camera in seen[1:])]
    room = run(by_arrival(*streams), when, sizes)
    fresh = next((p for p in streams[0] if p.ssrc == RESTARTED), None)
    for viewer in VIEWERS:
        got = room.got[viewer]
        assert [one.sequence for one in got] == [FIRST_SEQUENCE + n for n in range(len(got))]
        stamps = [one.timestamp for one in got]
        assert stamps == sorted(stamps)
        assert stamps[:1] == [FIRST_TIMESTAMP][: len(got)]
        parts = stretches(got)
        for before, part, after in zip([None, *parts], parts, [*parts[1:], None], strict=False):
            first = part[0]
            since = -1.0
            if fresh and before and first.of.ssrc == RESTARTED and before[0].of.row == 0:
                # it saw the stream before, and if it was not told anything since, to its end
                told = last_change(when, viewer, first.of.ms) > before[-1].of.ms
                since = -1.0 if told else fresh.ms
            assert_begins_rightly(first, when, viewer, since)
            if before is not None:
                frame = next(one for one in before if one.timestamp == before[-1].timestamp)
                elapsed = round(first.of.ms * 90) - round(frame.of.ms * 90)
                assert abs(first.timestamp - frame.timestamp - max(elapsed, 1)) <= 1
            # all of the source's stream, until something else is to be seen
            end = end_of(part, after, when, viewer)
            stream = [p for p in streams[first.of.row] if p.ssrc == first.of.ssrc]
            assert [one.of for one in part] == [p for p in stream if first.of.ms <= p.ms < end]


@settings(max_examples=25, deadline=None)
@given(st.tuples(cameras(0), cameras(1), cameras(2)), changes, cuts, st.data())
def test_loss_and_reordering_pass_through_and_batches_do_not_matter(
    seen: tuple[Camera, ...], when: list[Change], sizes: list[int], data: st.DataObject
) -> None:
    rng = data.draw(st.randoms(use_true_random=False))
    packets = by_arrival(*(camera.until(END_MS) for camera in seen))
    packets = [packet for packet in packets if rng.random() > 0.1]
    # some are late by up to 40 ms, which takes them past others
    packets = [replace(p, ms=p.ms + rng.choice([0, 0, 0, 0, 40]) * rng.random()) for p in packets]
    packets = by_arrival(packets)
    room = run(packets, when, sizes)
    for viewer in VIEWERS:
        got = room.got[viewer]
        parts = stretches(got)
        highest = FIRST_SEQUENCE - 1, FIRST_TIMESTAMP - 1
        for part, after in zip(parts, [*parts[1:], None], strict=False):
            first = part[0]
            assert_begins_rightly(first, when, viewer)
            # a change comes above all that was sent, and within it nothing is below its beginning
            assert first.sequence == highest[0] + 1
            assert first.timestamp > highest[1]
            highest = max(one.sequence for one in part), max(one.timestamp for one in part)
            end = end_of(part, after, when, viewer)
            own = [p for p in packets if p.row == first.of.row and first.of.ms <= p.ms < end]
            assert [one.of for one in part] == [p for p in own if p.sequence >= first.of.sequence]
        for one in got:
            wire = RTP(one.datagram)
            assert wire.sequence == one.sequence % 2**16
            assert wire.timestamp == one.timestamp % 2**32
            assert (wire.sourcesync, wire.payload_type) == (0xB0000000 + viewer, 100 + viewer)
            assert bytes(wire.payload) == one.of.payload
    assert run(packets, when, [1]).got == room.got


# numbers less than half of their range apart, so that none of them says that it wrapped
hostile = st.lists(
    st.builds(
        Packet,
        row=st.integers(0, 2),
        ms=st.just(0.0),
        sequence=st.integers(0, 9) | st.integers(0, 2**15 - 1),
        timestamp=st.integers(0, 9) | st.integers(0, 2**24),
        payload=st.sampled_from([KEY, KEY_MORE, SLICE, b""]),
        ssrc=st.integers(1, 3),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(hostile, changes, cuts)
def test_whatever_sources_send_each_change_comes_above_all_that_was_sent(
    some: list[Packet], when: list[Change], sizes: list[int]
) -> None:
    # within the time for which packets of the stream before are late ones; each its own frame
    packets = [
        replace(p, ms=nth * 30.0, timestamp=p.timestamp * 64 + nth) for nth, p in enumerate(some)
    ]
    room = run(packets, when, sizes)
    for viewer in VIEWERS:
        highest = FIRST_SEQUENCE - 1, FIRST_TIMESTAMP - 1
        for part in stretches(room.got[viewer]):
            assert part[0].sequence == highest[0] + 1
            assert part[0].timestamp > highest[1]
            highest = max(one.sequence for one in part), max(one.timestamp for one in part)
    assert run(packets, when, [1]).got == room.got
