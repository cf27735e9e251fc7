"""Key-frame requests stay within their limits."""

from __future__ import annotations

from giaoban.mcu_sim.media.video.keyframes import (
    CONTENT_LIMITS,
    VIDEO_LIMITS,
    RequestDamper,
)
from tests.mcu_sim.video_factory import (
    Camera,
    Room,
    at,
    between,
)


def test_a_source_is_asked_once_a_second() -> None:
    damper = RequestDamper(VIDEO_LIMITS)
    asked = [ms for ms in range(0, 3000, 10) if damper.allows(4, at(ms))]
    assert asked == [0, 1000, 2000]


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


def asked(room: Room, low_ms: int, high_ms: int, step_ms: int = 50) -> list[tuple[int, int]]:
    """(ms, source) of all requests while nothing comes in."""
    return [
        (ms, source)
        for ms in range(low_ms, high_ms, step_ms)
        for source in room.forwarder.take_key_requests(at(ms))
    ]


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


def test_a_request_is_put_off_and_not_lost() -> None:
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    asked(room, 0, 50)
    room.play(Camera(1, from_ms=100).until(300))
    room.forwarder.request(0, at(400))
    assert asked(room, 400, 3000) == [(1000, 1)]
