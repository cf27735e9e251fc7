"""Forwarded pictures of an estimate, packet by packet: when they leave, under which numbers, and
when a source is asked for a key frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scenario_factory import scenario

from giaoban.mcu_sim.media.leg import NOBODY, Kind
from giaoban.scenarios.estimate.media.forwarding import Forwarding
from giaoban.scenarios.estimate.media.sources import StreamBuffer
from giaoban.scenarios.estimate.network.packets import Packets, joined
from giaoban.scenarios.estimate.timeline import ForwardingChange, Timeline
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.traffic.impairments import BernoulliLoss, Impairments, Interval

MS = 1_000_000
FRAME_MS, TICKS_A_FRAME = 40, 3600  # 25 frames a second of the 90 kHz clock (RFC 6184 §8.1)
ON_THE_WAY_MS = 7
WEST, EAST, NORTH = 0, 1, 2
MEETING = """
[meeting]
video = "switched"
floor = "open"

[content]
bridge = "east"
from_s = 1.0
to_s = 4.0
kbps = 500.0
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    file = scenario(tmp_path_factory.mktemp("forwarding") / "s.toml", more=MEETING)
    plan = make_question(file).plan
    assert [call.bridge for call in plan.calls] == ["west", "east", "north"]
    return plan


class Camera:
    """Two packets a frame, 1 ms apart; extended sequence numbers that soon pass 16 bits."""

    def __init__(self, frames: int, keys: Sequence[int] = (0,), first_sequence: int = 65_530):
        self.buffer = StreamBuffer()
        nth, self.frame = np.arange(2 * frames), np.arange(2 * frames) // 2
        self.came_ns = (self.frame * FRAME_MS + nth % 2 + ON_THE_WAY_MS) * MS
        self.buffer.append(
            2 * frames,
            sequence=first_sequence + nth,
            timestamp=1 + self.frame * TICKS_A_FRAME,
            due_ns=self.came_ns - ON_THE_WAY_MS * MS,
            size=500 + nth,
            key=np.isin(self.frame, list(keys)),
        )
        self.log = self.buffer.recent()

    def advance(self, until_ns: int) -> None:
        """All is made."""

    def ask_key(self, from_ns: int) -> None:
        """It has its own mind."""

    def came(self, flow: int) -> Packets:
        """All its packets as they come to the MCU."""
        size = self.log["size"].astype(np.int32)
        flows = np.full(len(size), flow, np.int32)
        return Packets(self.came_ns, size, flows, self.log["sequence"].astype(np.int64))


class Room:
    """The MCU's forwarding with what it asks bridges for."""

    def __init__(
        self, plan: Plan, cameras: Mapping[int, Camera], turns: Sequence[ForwardingChange]
    ) -> None:
        self.asked: list[tuple[int, str, float]] = []
        self.plan = plan
        self.of = Forwarding(plan, Timeline(turns=list(turns)), cameras, self._ask)

    def _ask(self, row: int, kind: Kind, now_ns: int) -> None:
        self.asked.append((row, kind, now_ns / MS))

    def run(self, start_ms: float, until_ms: float, came: Packets | None = None) -> None:
        self.of.run(came or joined([]), round(start_ms * MS), round(until_ms * MS))

    def got(self, row: int, kind: Kind = "video") -> NDArray[np.void]:
        return self.of.buffer[self.plan.calls[row].down[kind]].recent()


def up(plan: Plan, row: int, kind: Kind = "video") -> int:
    return plan.calls[row].up[kind]


def opened(*rows: int, kind: Kind = "video", ms: float = 0) -> list[ForwardingChange]:
    return [ForwardingChange(round(ms * MS), "open", kind, row) for row in rows]


def watches(viewer: int, source: int, ms: float = 0, kind: Kind = "video") -> ForwardingChange:
    return ForwardingChange(round(ms * MS), "watch", kind, viewer, source)


def with_stream(plan: Plan, index: int, **changes: Any) -> Plan:
    streams = list(plan.streams)
    streams[index] = streams[index].model_copy(update=changes)
    return plan.model_copy(update={"streams": streams})


def one_viewer(plan: Plan, camera: Camera, watch_ms: float = 0) -> Room:
    """North is to see what west sends."""
    turns = [*opened(WEST, NORTH), watches(NORTH, WEST, watch_ms)]
    return Room(plan, {up(plan, WEST): camera}, turns)


def test_a_packet_leaves_a_fixed_delay_after_it_came_under_its_viewers_numbers(plan: Plan) -> None:
    index = plan.calls[NORTH].down["video"]
    plan = with_stream(plan, index, first_sequence=65_533, first_timestamp=2**32 - TICKS_A_FRAME)
    camera = Camera(10)
    room = one_viewer(plan, camera)
    room.run(0, 1000, camera.came(up(plan, WEST)))
    got = room.got(NORTH)
    assert list(room.of.buffer) == [index]
    assert got["stream"].tolist() == [index] * 20
    assert got["sequence"].tolist() == list(range(65_533, 65_553))
    assert got["timestamp"].tolist() == [
        (frame - 1) * TICKS_A_FRAME % 2**32 for frame in camera.frame.tolist()
    ]
    delay_ns = round(plan.device.forward_delay_ms * MS)
    assert delay_ns > 0
    assert got["due_ns"].tolist() == (camera.came_ns + delay_ns).tolist()
    assert got["leaving_ns"].tolist() == got["due_ns"].tolist()
    for name in ("size", "key"):
        assert got[name].tolist() == camera.log[name].tolist()
    assert set(got["copies"].tolist()) == {1}
    assert not got["corrupted"].any()
    assert room.asked == [(WEST, "video", 0)]


@pytest.mark.parametrize("cut_ms", [1.0, 7.0, 7.5, 8.0, 47.0, 48.0, 100.0])
def test_however_time_is_cut_no_packet_is_lost_or_sent_twice(plan: Plan, cut_ms: float) -> None:
    camera = Camera(10)
    whole, parted = one_viewer(plan, camera), one_viewer(plan, camera)
    whole.run(0, 1000, camera.came(up(plan, WEST)))
    parted.run(0, cut_ms, camera.came(up(plan, WEST)))
    before = [] if not parted.of.buffer else parted.got(NORTH)["due_ns"].tolist()
    parted.run(cut_ms, 1000)
    assert len(before) == int(np.count_nonzero(camera.came_ns < cut_ms * MS))
    assert parted.got(NORTH).tolist() == whole.got(NORTH).tolist()
    assert len(whole.got(NORTH)) == 20
    assert parted.asked == whole.asked


def test_packets_are_sent_on_in_the_order_in_which_they_came(plan: Plan) -> None:
    cameras = {up(plan, WEST): Camera(10), up(plan, EAST): Camera(10, first_sequence=20)}
    turns = [*opened(WEST, EAST, NORTH), watches(NORTH, WEST), watches(WEST, EAST)]
    room = Room(plan, cameras, turns)
    room.run(0, 1000, joined([camera.came(flow) for flow, camera in cameras.items()]))
    for row in (NORTH, WEST):
        assert np.all(np.diff(room.got(row)["due_ns"]) > 0)
        assert len(room.got(row)) == 20
    assert room.got(NORTH)["size"].tolist() == cameras[up(plan, WEST)].log["size"].tolist()


def test_a_source_that_does_not_answer_is_asked_every_half_second_until_it_is_given_up(
    plan: Plan,
) -> None:
    """At the first wake-up, every 5 ms, that is not more than 2 ms too soon; for 2 s."""
    room = one_viewer(plan, Camera(1, keys=()), watch_ms=12)
    room.run(0, 12)
    assert room.asked == []
    room.run(12, 505)
    room.run(505, 510)
    assert room.asked == [(WEST, "video", 12)]
    room.run(510, 511)
    assert [ms for *_, ms in room.asked] == [12, 510]
    room.run(511, 1006)
    room.run(1006, 4000)
    assert [ms for *_, ms in room.asked] == [12, 510, 1010, 1510, 2010]
    assert {(row, kind) for row, kind, _ in room.asked} == {(WEST, "video")}


def test_what_a_viewer_asks_for_is_asked_of_its_source_once_that_is_allowed(plan: Plan) -> None:
    camera = Camera(40)
    room = one_viewer(plan, camera)
    room.run(0, 300, camera.came(up(plan, WEST)))
    room.of.wanted(NORTH, "video", 300 * MS)
    room.run(300, 3000)
    assert room.asked == [(WEST, "video", 0), (WEST, "video", 1000)]
    room.of.wanted(NORTH, "video", 3001 * MS)
    room.run(3001, 3002)
    assert room.asked[2:] == [(WEST, "video", 3001)]


def test_a_key_frame_that_began_before_somebody_watched_is_not_seen_in_part(plan: Plan) -> None:
    """The watch is between the key frame's two packets; the next key frame is the sixth."""
    camera = Camera(10, keys=(0, 5))
    room = one_viewer(plan, camera, watch_ms=ON_THE_WAY_MS + 0.5)
    room.run(0, 1000, camera.came(up(plan, WEST)))
    assert room.got(NORTH)["size"].tolist() == camera.log["size"][10:].tolist()
    assert (
        room.got(NORTH)["sequence"][0]
        == plan.streams[room.plan.calls[NORTH].down["video"]].first_sequence
    )


def test_a_second_copy_of_its_first_packet_still_begins_a_key_frame(plan: Plan) -> None:
    """The first copy came before anybody watched, so nobody has been shown what it begins."""
    camera = Camera(10)
    room = one_viewer(plan, camera, watch_ms=ON_THE_WAY_MS + 0.25)
    came = camera.came(up(plan, WEST))
    again = came.take(slice(0, 1))._replace(at_ns=came.at_ns[:1] + MS // 2)
    room.run(0, 1000, joined([came, again]))
    assert room.got(NORTH)["size"].tolist() == camera.log["size"].tolist()


def test_a_call_that_is_made_again_goes_on_behind_the_one_before(plan: Plan) -> None:
    """Sequence numbers without a gap; the clock ran on from the last frame to the next. The source
    is asked again a second after it was asked before."""
    index = plan.calls[NORTH].down["video"]
    plan = with_stream(plan, index, first_timestamp=100)
    camera = Camera(30, keys=(0, 25))
    turns = [
        *opened(WEST, NORTH),
        watches(NORTH, WEST),
        ForwardingChange(500 * MS, "close", "video", NORTH),
        *opened(NORTH, ms=900),
        watches(NORTH, WEST, ms=900),
    ]
    room = Room(plan, {up(plan, WEST): camera}, turns)
    room.run(0, 2000, camera.came(up(plan, WEST)))
    got = room.got(NORTH)
    frames = [*range(13), *range(25, 30)]  # 487 ms, and from 1007 ms on
    assert got["sequence"].tolist() == [
        plan.streams[index].first_sequence + k for k in range(2 * len(frames))
    ]
    assert got["timestamp"].tolist() == [
        100 + frame * TICKS_A_FRAME for frame in frames for _ in range(2)
    ]
    assert [ms for *_, ms in room.asked] == [0, 1000]


def test_slides_go_to_all_but_who_shows_them_beside_the_pictures(plan: Plan) -> None:
    camera, slides = Camera(10), Camera(5, first_sequence=300)
    cameras = {up(plan, WEST): camera, up(plan, EAST, "content"): slides}
    assert "content" not in plan.calls[EAST].down
    turns = [
        *opened(WEST, EAST, NORTH),
        *opened(WEST, EAST, NORTH, kind="content"),
        watches(NORTH, WEST),
        watches(EAST, NOBODY, kind="content"),
        watches(WEST, EAST, kind="content"),
        watches(NORTH, EAST, kind="content"),
        ForwardingChange(500 * MS, "close", "content", EAST),
    ]
    room = Room(plan, cameras, turns)
    room.run(0, 1000, joined([source.came(flow) for flow, source in cameras.items()]))
    assert room.asked == [(WEST, "video", 0), (EAST, "content", 0)]
    assert room.got(NORTH)["size"].tolist() == camera.log["size"].tolist()
    for row in (WEST, NORTH):
        got, stream = room.got(row, "content"), plan.streams[plan.calls[row].down["content"]]
        assert got["size"].tolist() == slides.log["size"].tolist()
        assert got["sequence"].tolist() == [stream.first_sequence + k for k in range(10)]
    assert len(room.of.buffer) == 3


def test_what_nobody_watches_goes_nowhere(plan: Plan) -> None:
    camera = Camera(10)
    room = Room(plan, {up(plan, WEST): camera}, opened(WEST, NORTH))
    room.run(0, 1000, camera.came(up(plan, WEST)))
    assert (room.of.buffer, room.asked) == ({}, [])


def test_a_loss_from_a_moment_on_takes_what_is_due_at_that_moment(plan: Plan) -> None:
    first_ns = (FRAME_MS + ON_THE_WAY_MS + round(plan.device.forward_delay_ms)) * MS
    loss = Impairments(loss=BernoulliLoss(model="bernoulli", p=1.0))
    interval = Interval(what=loss, from_s=first_ns / 1e9)
    plan = with_stream(plan, plan.calls[NORTH].down["video"], impairments=[interval])
    camera = Camera(4)
    room = one_viewer(plan, camera)
    room.run(0, 1000, camera.came(up(plan, WEST)))
    assert room.got(NORTH)["due_ns"][2] == first_ns
    assert room.got(NORTH)["copies"].tolist() == [1, 1, *[0] * 6]
