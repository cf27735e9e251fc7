"""Key-frame requests stay within their limits."""

from __future__ import annotations

import numpy as np
import pytest
from scapy.layers.rtp import RTP

from giaoban.mcu_sim.media.video.forward import Forwarder, write_forwarded
from giaoban.mcu_sim.media.video.keyframes import (
    CONTENT_LIMITS,
    VIDEO_LIMITS,
    RequestDamper,
)
from giaoban.traffic import rtp
from tests.mcu_sim.video_factory import (
    FIRST_SEQUENCE,
    FIRST_TIMESTAMP,
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


def test_a_key_frame_from_before_the_request_is_none() -> None:
    room = Room(2)
    room.forwarder.watch(0, 1, at(0))
    asked(room, 0, 50)
    room.forwarder.request(0, at(110))
    room.play(Camera(1, from_ms=100).until(300))
    assert asked(room, 300, 3000) == [(1000, 1)]


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
