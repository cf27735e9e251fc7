"""Key-frame requests stay within their limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.rtp import RTP

from giaoban.mcu_sim.media.video.forward import Forwarder, write_forwarded
from giaoban.mcu_sim.media.video.keyframes import (
    CONTENT_LIMITS,
    VIDEO_LIMITS,
    KeyFrameLimits,
    RequestDamper,
)
from giaoban.traffic import rtp
from tests.mcu_sim.video_factory import (
    FIRST_SEQUENCE,
    FIRST_TIMESTAMP,
    MS,
    Camera,
    Room,
    at,
    between,
)


def test_a_source_is_asked_once_a_second() -> None:
    damper = RequestDamper(VIDEO_LIMITS)
    asked = [ms for ms in range(0, 3000, 10) if damper.allows(4, at(ms))]
    assert asked == [0, 1000, 2000]


def test_a_wake_up_that_is_microseconds_early_is_not_too_early() -> None:
    """Else chance would decide whether a camera is asked now or at the next wake-up."""
    damper = RequestDamper(VIDEO_LIMITS)
    assert damper.allows(4, at(0) + 8000)
    assert not damper.allows(4, at(960) + 5000)
    assert damper.allows(4, at(1000) + 2000)


def test_a_request_that_was_not_answered_is_repeated_after_half_a_second() -> None:
    damper = RequestDamper(VIDEO_LIMITS)
    asked = [ms for ms in range(0, 2000, 10) if damper.allows(4, at(ms), unanswered=True)]
    assert asked == [0, 500, 1000, 1500]


def test_a_presenter_is_asked_once_in_five_seconds_answered_or_not() -> None:
    damper = RequestDamper(CONTENT_LIMITS)
    asked = [
        ms for ms in range(0, 12_000, 100) if damper.allows(4, at(ms), unanswered=ms % 200 == 0)
    ]
    assert asked == [0, 5000, 10_000]


def test_a_viewer_of_content_is_heard_three_times_in_ten_seconds_then_not_for_ten() -> None:
    damper = RequestDamper(CONTENT_LIMITS)
    heard = [s for s in range(40) if damper.accepts(1, at(s * 1000))]
    # the fourth, at 3 s, is one too many: not heard until 13 s
    assert heard == [0, 1, 2, 13, 14, 15, 26, 27, 28, 39]
    assert damper.accepts(2, at(5000))


def test_a_viewer_that_asks_now_and_then_is_always_heard() -> None:
    damper = RequestDamper(CONTENT_LIMITS)
    # three in any ten seconds
    assert all(damper.accepts(1, at(ms)) for ms in range(0, 100_000, 3334))


def test_after_a_short_pause_a_viewer_begins_anew() -> None:
    damper = RequestDamper(
        VIDEO_LIMITS._replace(viewer_requests=2, window_ns=10_000 * MS, pause_ns=1000 * MS)
    )
    heard = [ms for ms in range(0, 3000, 100) if damper.accepts(1, at(ms))]
    # one too many at 200, 1400 and 2600 ms
    assert heard == [0, 100, 1200, 1300, 2400, 2500]


def test_viewers_of_video_are_heard_as_often_as_they_ask() -> None:
    damper = RequestDamper(VIDEO_LIMITS)
    assert all(damper.accepts(1, at(ms)) for ms in range(100))


def test_another_call_in_the_row_has_no_past() -> None:
    damper = RequestDamper(CONTENT_LIMITS)
    assert damper.allows(1, at(0))
    assert [damper.accepts(1, at(ms)) for ms in range(4)] == [True, True, True, False]
    damper.forget(1)
    assert damper.allows(1, at(10))
    assert damper.accepts(1, at(10))


@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 2), st.booleans()), max_size=60),
    st.sampled_from([VIDEO_LIMITS, CONTENT_LIMITS]),
)
def test_no_source_is_ever_asked_more_often(
    asked: list[tuple[int, int, bool]], limits: KeyFrameLimits
) -> None:
    damper, now_ms = RequestDamper(limits), 0
    last: dict[int, int] = {}
    for wait_ms, source, unanswered in asked:
        now_ms += wait_ms
        least_ns = limits.repeat_ns if unanswered else limits.interval_ns
        due = source not in last or (now_ms - last[source]) * MS >= least_ns
        assert damper.allows(source, at(now_ms), unanswered=unanswered) == due
        if due:
            last[source] = now_ms


def asked(room: Room, low_ms: int, high_ms: int, step_ms: int = 50) -> list[tuple[int, int]]:
    """(ms, source) of all requests while nothing comes in."""
    return [
        (ms, source)
        for ms in range(low_ms, high_ms, step_ms)
        for source in room.forwarder.take_key_requests(at(ms))
    ]


def test_the_new_source_is_asked_at_the_change_and_until_it_is_given_up() -> None:
    room = Room(3)
    room.forwarder.watch(0, 1, at(0))
    assert asked(room, 0, 10_000) == [(0, 1), (500, 1), (1000, 1), (1500, 1)]


def test_seventy_viewers_make_one_request() -> None:
    room = Room(71)
    for viewer in range(1, 71):
        room.forwarder.watch(viewer, 0, at(viewer))
    assert asked(room, 100, 600) == [(100, 0)]
    room.play(between(Camera(0, keys=frozenset({6})).until(1100), 600, 1100))
    for viewer in range(1, 71):
        room.forwarder.request(viewer, at(700 + viewer))
    # the key frame came after the request of 600 ms: the next is due a second later
    assert asked(room, 600, 3000) == [(1100, 0)]


def test_once_the_key_frame_has_begun_nobody_is_asked() -> None:
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    assert asked(room, 0, 50) == [(0, 1)]
    room.play(Camera(1, from_ms=100).until(300))
    assert asked(room, 300, 5000) == []
    room.forwarder.request(0, at(5000))
    assert asked(room, 5000, 5400) == [(5000, 1)]


def test_a_request_is_put_off_and_not_lost() -> None:
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    asked(room, 0, 50)
    room.play(Camera(1, from_ms=100).until(300))
    room.forwarder.request(0, at(400))
    assert asked(room, 400, 3000) == [(1000, 1)]


def test_a_key_frame_that_comes_meanwhile_is_an_answer() -> None:
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    asked(room, 0, 50)
    camera = Camera(1, keys=frozenset({0, 5}), from_ms=100)
    room.play(camera.until(300))
    room.forwarder.request(0, at(400))
    room.play(between(camera.until(800), 400, 800))
    assert asked(room, 800, 3000) == []


def test_a_key_frame_from_before_the_request_is_none() -> None:
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    asked(room, 0, 50)
    room.forwarder.request(0, at(110))
    room.play(Camera(1, from_ms=100).until(300))
    assert asked(room, 300, 3000) == [(1000, 1)]


def test_who_watches_nobody_asks_nobody() -> None:
    room = Room(2)
    room.forwarder.request(0, at(0))
    assert asked(room, 0, 1000) == []


def test_a_source_that_left_is_not_asked() -> None:
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    room.forwarder.request(0, at(0))
    room.forwarder.close(1)
    assert asked(room, 0, 1000) == []


def test_the_wait_for_another_stream_of_the_source_asks_too() -> None:
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    again = Camera(1, keys=frozenset(), ssrc=9, from_ms=3000)
    room.play([*Camera(1).until(3000), *again.until(3100)])
    assert asked(room, 3100, 9000) == [(3100, 1), (3600, 1), (4100, 1), (4600, 1)]
    room.play(between(again.until(5300), 3100, 5300))
    assert next(one.of.ms for one in room.got[0] if one.of.ssrc == 9) == 5000


def test_content_keeps_to_its_own_limits() -> None:
    room = Room(4, Forwarder(4, CONTENT_LIMITS))
    for viewer in (1, 2, 3):
        room.forwarder.watch(viewer, 0, at(0))
    room.play(Camera(0, from_ms=10).until(100))
    for ms in range(100, 21_000, 100):
        room.forwarder.request(1, at(ms))  # noisy: heard at 100, 200, 300 and then 10 s not
        if ms == 7000:
            room.forwarder.request(2, at(ms))
    assert asked(room, 21_000, 40_000) == [(21_000, 0)]
    room = Room(2, Forwarder(2, CONTENT_LIMITS))
    room.forwarder.watch(1, 0, at(0))
    room.play(Camera(0, from_ms=10).until(100))
    seen: list[tuple[int, int]] = []
    for ms in range(100, 16_000, 100):
        room.forwarder.request(1, at(ms))
        seen += asked(room, ms, ms + 100, 100)
    # heard at 0.1, 0.2, 0.3 s and from 10.4 s on; the presenter is asked every 5 s at most
    assert seen == [(100, 0), (5100, 0), (10_400, 0), (15_400, 0)]


def forwarded(wire: bytes, width: int = 200, room: int = 4) -> bytes:
    """What the viewer in row 1 gets of one datagram from row 0, which begins a key frame."""
    forwarder = Forwarder(2)
    forwarder.open(1, 0xDEADBEEF, 109, FIRST_SEQUENCE, FIRST_TIMESTAMP)
    forwarder.watch(1, 0, at(0))
    data = np.full((1, 400), 0xEE, np.uint8)
    data[0, : len(wire)] = np.frombuffer(wire, np.uint8)
    lengths = np.array([len(wire)])
    out = forwarder.forward(
        np.array([0]), rtp.parse_headers(data, lengths), data, lengths, np.array([at(0)])
    )
    target = np.full((room, width), 0x55, np.uint8)
    size = write_forwarded(target, out, data)
    assert np.all(target[1:] == 0x55)
    return target[0, : int(size[0])].tobytes()


@pytest.mark.parametrize("csrcs", [[], [1, 2, 3]])
@pytest.mark.parametrize("extension", [b"", b"\xbe\xde\x00\x02" + bytes(8)])
@pytest.mark.parametrize("padding", [b"", b"\x00\x00\x03"])
@pytest.mark.parametrize("marker", [0, 1])
def test_the_viewers_packet_is_scapys(
    csrcs: list[int], extension: bytes, padding: bytes, marker: int
) -> None:
    payload = b"\x7c\x85" + bytes(range(90))
    head = RTP(
        padding=int(bool(padding)),
        extension=0,
        numsync=len(csrcs),
        sync=csrcs,
        marker=marker,
        payload_type=97,
        sequence=4,
        timestamp=5,
        sourcesync=6,
    )
    wire = bytearray(bytes(head))
    wire[0] |= 0x10 if extension else 0
    expected = RTP(
        marker=marker,
        payload_type=109,
        sequence=FIRST_SEQUENCE,
        timestamp=FIRST_TIMESTAMP,
        sourcesync=0xDEADBEEF,
    )
    got = forwarded(bytes(wire) + extension + payload + padding)
    assert got == bytes(expected) + payload


@pytest.mark.parametrize(("width", "room"), [(103, 4), (200, 0)])
def test_what_does_not_fit_is_an_error_and_not_cut(width: int, room: int) -> None:
    wire = bytes(RTP(payload_type=97)) + b"\x7c\x85" + bytes(90)
    with pytest.raises(ValueError, match="do not fit"):
        forwarded(wire, width, room)
    assert len(forwarded(wire, 104)) == 104


def test_packets_with_headers_of_different_lengths_in_one_batch() -> None:
    plain = bytes(RTP(sequence=1, sourcesync=9)) + b"\x7c\x85" + b"plain"
    with_csrc = bytes(RTP(sequence=2, sourcesync=9, numsync=2, sync=[1, 2])) + b"\x41csrc"
    forwarder = Forwarder(3)
    for viewer in (1, 2):
        forwarder.open(viewer, viewer, 97, 0, 0)
        forwarder.watch(viewer, 0, at(0))
    data = np.zeros((2, 60), np.uint8)
    for row, wire in zip(data, (plain, with_csrc), strict=True):
        row[: len(wire)] = np.frombuffer(wire, np.uint8)
    lengths = np.array([len(plain), len(with_csrc)])
    out = forwarder.forward(
        np.array([0, 0]), rtp.parse_headers(data, lengths), data, lengths, np.full(2, at(0))
    )
    target = np.zeros((4, 60), np.uint8)
    sizes = write_forwarded(target, out, data)
    payloads = [line[12:size].tobytes() for line, size in zip(target, sizes.tolist(), strict=True)]
    assert payloads == [b"\x7c\x85plain", b"\x7c\x85plain", b"\x41csrc", b"\x41csrc"]


def test_a_key_frame_is_missed_while_a_viewer_waits_or_has_asked() -> None:
    room, camera = Room(3), Camera(1, keys=frozenset({0}))
    forwarder = room.forwarder
    assert not forwarder.misses_key
    forwarder.watch(0, 1, at(0))
    assert forwarder.misses_key
    room.play(camera.until(300))
    assert not forwarder.misses_key
    forwarder.request(0, at(5000))
    assert forwarder.misses_key
    assert forwarder.take_key_requests(at(5000)) == [1]
    assert not forwarder.misses_key


def test_who_was_closed_has_no_stream_to_watch_on() -> None:
    room = Room(3)
    room.forwarder.watch(0, 1, at(0))
    room.forwarder.close(0)
    with pytest.raises(ValueError, match="row 0 watches 1 and has no stream"):
        room.forwarder.watch(0, 1, at(1))
