"""Switched video: when a viewer changes to another source, and under which numbers it goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcu_sim.media.video.forward import NOBODY, Forwarder
from tests.mcu_sim.video_factory import (
    FIRST_SEQUENCE,
    FIRST_TIMESTAMP,
    KEY,
    SLICE,
    TYPE,
    Camera,
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


def test_all_viewers_of_a_source_get_the_same_under_their_own_numbers() -> None:
    room, camera = Room(70), Camera(0)
    for viewer in range(1, 70):
        room.forwarder.watch(viewer, 0, at(0))
    got = room.play(camera.until(1000))
    assert len(got) == 69 * 20
    assert [one.of.ms for one in got] == sorted(one.of.ms for one in got)
    for viewer in range(1, 70):
        assert [one.of for one in room.got[viewer]] == camera.until(1000)
        assert numbers(room, viewer) == numbers(room, 1)


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


def test_both_change_within_one_batch() -> None:
    """Two viewers, each to the other's source, and a third that watched nothing."""
    cameras = [Camera(n, keys=frozenset({0, 4 + n}), from_ms=10 * n) for n in (3, 4)]
    packets = by_arrival(*(camera.until(2000) for camera in cameras))
    room = Room(5)
    room.forwarder.watch(0, 3, at(0))
    room.forwarder.watch(1, 4, at(0))
    room.play(between(packets, 0, 100))
    for viewer, source in ((0, 4), (1, 3), (2, 3)):
        room.forwarder.watch(viewer, source, at(100))
    room.play(between(packets, 100, 2000))
    seen = [[source for source, _ in frames(room.got[viewer])] for viewer in (0, 1, 2)]
    assert seen[0] == [3] * 9 + [4] * 12  # until frame 8 of the source, at 840 ms
    assert seen[1] == [4] * 7 + [3] * 13
    assert seen[2] == [3] * 13
    for viewer in (0, 1, 2):
        assert [n for n, _ in numbers(room, viewer)] == list(range(len(room.got[viewer])))


def test_a_source_that_has_gone_leaves_nothing_until_the_key_frame() -> None:
    room = Room(3)
    room.forwarder.watch(0, 1, at(0))
    room.play(Camera(1).until(300))
    room.forwarder.close(1)
    room.forwarder.watch(0, 2, at(300))
    new = Camera(2, keys=frozenset({4}), from_ms=0)
    room.play(by_arrival(Camera(1).frame(3), between(new.until(700), 300, 700)))
    assert frames(room.got[0])[3:] == [(2, 400), (2, 500), (2, 600)]
    assert numbers(room, 0)[6] == (6, 400 * 90)


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


def test_watching_the_old_source_again_before_the_change_is_no_change() -> None:
    room, old = Room(3), Camera(1)
    room.forwarder.watch(0, 1, at(0))
    room.play(old.until(300))
    room.forwarder.watch(0, 2, at(300))
    room.play(between(old.until(500), 300, 500))
    room.forwarder.watch(0, 1, at(500))
    room.play(between(old.until(800), 500, 800))
    assert [one.of for one in room.got[0]] == old.until(800)
    assert [n for n, _ in numbers(room, 0)] == list(range(16))


def test_watching_nobody_stops_at_once_and_what_comes_next_runs_on() -> None:
    room, camera = Room(2), Camera(1, keys=frozenset({0, 5}))
    assert not room.forwarder.active
    room.forwarder.watch(0, 1, at(0))
    assert room.forwarder.active
    room.play(camera.until(200))
    room.forwarder.watch(0, NOBODY, at(200))
    assert not room.forwarder.active
    room.play(between(camera.until(400), 200, 400))
    room.forwarder.watch(0, 1, at(400))
    room.play(between(camera.until(600), 400, 600))
    assert numbers(room, 0)[3:] == [(3, 9000), (4, 500 * 90), (5, 500 * 90)]


def test_losses_and_reordering_pass_through() -> None:
    """As do duplicates, and over the wrap of sequence numbers and timestamps."""
    camera = Camera(1, packets=4, sequence=65_530, timestamp=2**32 - 10_000)
    packets = camera.until(1000)
    order = [0, 1, 2, 3, 5, 4, 6, 9, 8, 12, 10, 13, 13, 17, 20, 19, 18, 22, 30, 31]
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    room.play([packets[i] for i in order], batch=3)
    assert [n for n, _ in numbers(room, 0)] == order
    assert [t for _, t in numbers(room, 0)] == [i // 4 * 9000 for i in order]
    assert [one.of.payload for one in room.got[0]] == [packets[i].payload for i in order]


def test_packets_from_before_the_change_are_too_late() -> None:
    packets = Camera(1, keys=frozenset({2})).until(500)
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    room.play([*packets[:3], *packets[4:6], packets[3], *packets[6:]])
    assert [one.of for one in room.got[0]] == packets[4:]


def test_what_comes_late_does_not_turn_back_what_follows_it() -> None:
    room, old = Room(3), Camera(1).until(300)
    room.forwarder.watch(0, 1, at(0))
    room.play([*old[:3], *old[4:]])
    room.forwarder.watch(0, 2, at(300))
    room.play([replace(old[3], ms=302)])
    room.play(Camera(2, from_ms=310).until(320))
    assert [n for n, _ in numbers(room, 0)] == [0, 1, 2, 4, 5, 3, 6, 7]
    assert [t for _, t in numbers(room, 0)][5:] == [9000, 310 * 90, 310 * 90]


def test_being_told_again_what_to_watch_changes_nothing() -> None:
    room, camera = Room(2), Camera(1, keys=frozenset())
    for ms in range(0, 3000, 100):
        room.forwarder.watch(0, 1, at(ms))
        room.play(between(camera.until(3000), ms, ms + 100))
    assert frames(room.got[0]) == [(1, 100.0 * n) for n in range(20, 30)]


def test_what_a_source_that_was_left_still_sends_is_not_forwarded() -> None:
    room, old = Room(3), Camera(1).until(300)
    room.forwarder.watch(0, 1, at(0))
    room.play(old[:3])
    room.forwarder.watch(0, 2, at(200))
    room.play([*Camera(2, from_ms=210).until(250), *old[3:]])
    assert [one.of.row for one in room.got[0]] == [1, 1, 1, 2, 2]


def test_a_key_frame_in_several_slices_begins_with_the_first() -> None:
    """RFC 6184 §6.2: one NAL unit a packet, so each packet of an IDR picture has type 5."""
    slices = [Packet(1, 10.0 + n, n, 900, b"\x65\x88" + bytes(2), n == 3) for n in range(4)]
    after = Packet(1, 60.0, 4, 5400, b"\x41\x9a" + bytes(2), True)
    again = [
        replace(one, ms=one.ms + 100, sequence=one.sequence + 5, timestamp=9900) for one in slices
    ]
    for seen_from in range(1, 4):
        room = Room(2)
        room.forwarder.watch(1, 0, at(0))
        room.play(slices[:seen_from])
        room.forwarder.watch(0, 1, at(12))
        room.play([*slices[seen_from:], after, *again])
        assert [one.of for one in room.got[0]] == again


def test_parameter_sets_and_the_picture_after_them_are_one_beginning() -> None:
    sps = Packet(1, 10, 5, 900, b"\x67\x42\xe0\x1f")
    idr = [replace(one, timestamp=900, sequence=6 + i) for i, one in enumerate(Camera(1).frame(0))]
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    room.play([sps, *idr])
    assert [one.of for one in room.got[0]] == [sps, *idr]
    assert [t for _, t in numbers(room, 0)] == [0, 0, 0]


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


def test_a_stream_that_starts_afresh_with_its_old_ssrc() -> None:
    room = Room(2)
    after = Camera(1, keys=frozenset({1}), from_ms=300, sequence=60_000)
    room.forwarder.watch(0, 1, at(0))
    room.play([*Camera(1, sequence=5000).until(300), *after.until(500)])
    assert frames(room.got[0]) == [(1, 0), (1, 100), (1, 200), (1, 400)]
    assert numbers(room, 0)[6] == (6, 400 * 90)


def test_another_stream_of_another_source_concerns_only_its_own_viewers() -> None:
    room = Room(4)
    first = [*Camera(1, ssrc=5).until(300), *Camera(1, ssrc=6, from_ms=300).until(900)]
    other = [*Camera(2, ssrc=7).until(400), *Camera(2, ssrc=8, from_ms=450).until(900)]
    room.forwarder.watch(0, 1, at(0))
    room.forwarder.watch(3, 2, at(0))
    room.play(by_arrival(first, other))
    assert [one.of for one in room.got[0]] == first
    assert [one.of for one in room.got[3]] == other


@pytest.mark.parametrize("batch", [1, 4, 1000])
def test_a_restart_and_a_change_to_the_other_source_in_one_batch(batch: int) -> None:
    """The stream that is shown ends while the viewer waits; each packet counts at its place."""
    room = Room(3)
    shown = [*Camera(1, ssrc=5).until(500), *Camera(1, ssrc=6, from_ms=500).until(900)]
    wanted = Camera(2, keys=frozenset({7}), from_ms=33)
    room.forwarder.watch(0, 1, at(0))
    room.play(between(shown, 0, 300))
    room.forwarder.watch(0, 2, at(300))
    room.play(between(by_arrival(shown, wanted.until(900)), 300, 900), batch)
    assert frames(room.got[0]) == [(1, 100.0 * n) for n in range(5)] + [(2, 733), (2, 833)]


def test_strangers_and_broken_datagrams_go_nowhere() -> None:
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    good = Camera(1).until(100)
    stranger = replace(good[0], row=NOBODY)

    class Broken(Packet):
        def datagram(self) -> bytes:
            wire = bytearray(super().datagram())
            wire[0] |= 0x10  # an extension that is longer than the datagram
            return bytes(wire)

    broken = Broken(1, 0.5, 1001, 50_000, KEY + b"\xff\xff\xff")
    room.play([stranger, broken, good[0], broken, good[1]])
    assert [one.of for one in room.got[0]] == good


def test_nothing_received_is_nothing_forwarded() -> None:
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    assert room._play([]) == []
    assert room.play([Packet(0, 0, 0, 0, SLICE)]) == []


def test_a_row_without_a_stream_cannot_watch() -> None:
    forwarder = Forwarder(2)
    with pytest.raises(ValueError, match="row 0 watches 1 and has no stream"):
        forwarder.watch(0, 1, at(0))


def test_another_call_in_a_row_is_another_viewer() -> None:
    room, camera = Room(2), Camera(1, keys=frozenset({0, 5}))
    room.forwarder.watch(0, 1, at(0))
    room.play(camera.until(300))
    room.forwarder.close(0)
    room.open(0)
    assert room.play(camera.frame(3)) == []
    room.got[0].clear()
    room.forwarder.watch(0, 1, at(400))
    room.play(between(camera.until(600), 400, 600))
    assert numbers(room, 0) == [(0, 0), (1, 0)]


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


def test_a_call_that_took_the_row_of_another_is_asked_at_once() -> None:
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    assert room.forwarder.take_key_requests(at(0)) == [1]
    room.forwarder.close(1)
    room.open(1)
    room.forwarder.watch(0, 1, at(100))
    assert room.forwarder.take_key_requests(at(100)) == [1]


def test_a_viewer_that_called_again_sees_the_time_that_passed() -> None:
    """The clock of its stream runs from its last frame to the first one of its new call."""
    room = Room(3)
    assert room.forwarder.position(0, at(5)) == (FIRST_SEQUENCE, FIRST_TIMESTAMP, at(5))
    room.forwarder.watch(0, 1, at(0))
    room.play(Camera(1).until(250))  # frames of two packets at 0, 100 and 200 ms
    sequence, timestamp, since_ns = room.forwarder.position(0, at(250))
    assert (sequence, since_ns) == (FIRST_SEQUENCE + 6, at(200))
    room.forwarder.close(0)
    called_ticks = (at(1000) - since_ns) * 9 // 100_000
    room.forwarder.open(0, 7, 100, sequence, timestamp + called_ticks, at(1000))
    room.forwarder.watch(0, 2, at(1000))
    room.play(Camera(2, from_ms=1480).until(1600))
    assert numbers(room, 0)[6] == (6, 1480 * 90)
