"""Switched video: when a viewer changes to another source, and under which numbers it goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.rtp import RTP

from giaoban.mcu_sim.media.leg import NOBODY
from tests.laws import examples
from tests.mcu_sim.video_factory import (
    FIRST_SEQUENCE,
    FIRST_TIMESTAMP,
    TYPE,
    Camera,
    Got,
    Packet,
    Room,
    at,
    between,
    by_arrival,
    frames,
)


def numbers(room: Room, viewer: int) -> list[tuple[int, int]]:
    """Sequence numbers and timestamps, counted from the first of the viewer's stream."""
    return [
        (one.sequence - FIRST_SEQUENCE, one.timestamp - FIRST_TIMESTAMP) for one in room.got[viewer]
    ]


def test_a_new_viewer_begins_at_a_key_frame() -> None:
    room, camera = Room(3), Camera(1, keys=frozenset({0, 3}))
    room.play(between(camera.until(600), 0, 150))
    room.forwarder.watch(0, 1, at(150))
    room.play(between(camera.until(600), 150, 600))
    assert frames(room.got[0]) == [(1, 300), (1, 400), (1, 500)]
    assert numbers(room, 0) == [(0, 0), (1, 0), (2, 9000), (3, 9000), (4, 18_000), (5, 18_000)]
    assert room.got[1] == room.got[2] == []


@pytest.mark.parametrize(
    ("from_ms", "timestamp", "first"),
    [
        (33.0, 2**32 - 20_000, FIRST_TIMESTAMP),
        (33.006, 2**32 - 20_000, FIRST_TIMESTAMP),
        (33.006, 3_000_000_000, 1000),
    ],
)
def test_a_change_takes_place_where_the_key_frame_begins(
    from_ms: float, timestamp: int, first: int
) -> None:
    """Half a tick more makes no other timestamp, be the source's clock ahead of the viewer's or
    behind it."""
    room = Room(3)
    room.forwarder.open(0, 1, TYPE, FIRST_SEQUENCE, first)
    old = Camera(1, sequence=7)
    keys = frozenset({0, 5})
    new = Camera(2, keys=keys, from_ms=from_ms, sequence=40_000, timestamp=timestamp)
    packets = by_arrival(old.until(1000), new.until(1000))
    room.forwarder.watch(0, 1, at(0))
    room.play(between(packets, 0, 250))
    room.forwarder.watch(0, 2, at(250))
    room.play(between(packets, 250, 1000))
    sources = [(1, 100.0 * n) for n in range(6)]
    sources += [(2, from_ms + 100.0 * n) for n in range(5, 10)]
    assert frames(room.got[0]) == sources
    # sequence numbers run on; the clock went on by what passed since the last frame, 33 ms
    assert [n for n, _ in numbers(room, 0)] == list(range(22))
    times = [one.timestamp - first for one in room.got[0]]
    assert times[10:14] == [45_000, 45_000, 45_000 + 2970, 47_970]


def test_without_a_key_frame_it_changes_after_two_seconds_and_still_wants_one() -> None:
    room, old, new = Room(3), Camera(1), Camera(2, from_ms=-50)
    packets = by_arrival(old.until(4000), new.until(4000))
    room.forwarder.watch(0, 1, at(0))
    room.play(between(packets, 0, 1000))
    room.forwarder.watch(0, 2, at(1000))
    asked = []
    for ms in range(1000, 4000, 50):
        room.play(between(packets, ms, ms + 50))
        asked += [(ms, row) for row in room.forwarder.take_key_requests(at(ms + 50))]
    changed = [ms for source, ms in frames(room.got[0]) if source == 2]
    assert changed[0] == 3050
    assert len(changed) == 10
    assert [n for n, _ in numbers(room, 0)] == list(range(len(room.got[0])))
    assert asked == [(1000, 2), (1500, 2), (2000, 2), (2500, 2), (3050, 2)]


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_what_comes_twice_goes_on_once(batch: int) -> None:
    """A copy at once, or late, of a key frame too; the viewer that waits loses nothing by it."""
    camera = Camera(1, packets=4, sequence=65_530, timestamp=2**32 - 10_000)
    packets = camera.until(1000)
    order = [0, 0, 1, 0, 2, 3, 5, 4, 5, 6, 9, 9, 9, 13, 13, 17, 13, 18]
    room = Room(3)
    room.forwarder.watch(0, 1, at(0))
    room.forwarder.watch(2, 1, at(0))
    room.play([packets[i] for i in order], batch)
    for viewer in (0, 2):
        assert [n for n, _ in numbers(room, viewer)] == list(dict.fromkeys(order))


@pytest.mark.parametrize("batch", [1, 4, 1000])
def test_another_ssrc_is_another_stream_of_the_source(batch: int) -> None:
    room = Room(2)
    before = Camera(1, ssrc=77)
    after = Camera(1, ssrc=78, keys=frozenset({2}), from_ms=310, sequence=30_000, timestamp=5)
    room.forwarder.watch(0, 1, at(0))
    late = replace(before.frame(2)[1], ms=511.5)
    packets = [*before.until(300)[:-1], *after.until(511.2), late, *after.until(700)[6:]]
    room.play(packets, batch)
    assert frames(room.got[0]) == [(1, 0), (1, 100), (1, 200), (1, 510), (1, 610)]
    assert [n for n, _ in numbers(room, 0)] == list(range(9))
    assert numbers(room, 0)[5] == (5, 510 * 90)
    assert room.forwarder.take_key_requests(at(700)) == []  # it came by itself


def test_another_call_in_a_row_is_another_source() -> None:
    """Even with the first one's SSRCs and numbers."""
    room = Room(3)
    first = [*Camera(1, ssrc=5).until(200), *Camera(1, ssrc=6, from_ms=200).until(300)]
    for viewer in (0, 2):
        room.forwarder.watch(viewer, 1, at(0))
    room.play(first)
    room.forwarder.watch(2, 0, at(250))  # and still sees the call that leaves
    assert room.forwarder.take_key_requests(at(250)) == [0]
    room.forwarder.close(1)
    room.open(1)
    assert room.play(first) == []
    room.forwarder.close(1)
    room.open(1)
    room.forwarder.watch(0, 1, at(400))
    assert room.forwarder.take_key_requests(at(400)) == [1]
    again = [replace(one, ms=one.ms + 500) for one in first]
    assert [one.of for one in room.play(again)] == again
    assert room.got[2][-1].of == first[-1]


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


@settings(max_examples=examples(60), deadline=None)
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


@settings(max_examples=examples(25), deadline=None)
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
