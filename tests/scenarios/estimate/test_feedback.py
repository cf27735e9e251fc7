"""Key frames that are asked for because packets are missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scenario_factory import NORTH, scenario

from giaoban.scenarios.estimate.estimate import foreseen
from giaoban.scenarios.estimate.forwarding import SourceRequests
from giaoban.scenarios.estimate.meeting import Traffic, hold
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.traffic.receiver.feedback import ANSWER_NS

LOST = (
    '[[impairment]]\nbridge = "east"\nkind = "video"\nfrom_s = 2.0\nto_s = 2.2\n'
    'loss = { model = "bernoulli", p = 1.0 }\n'
)


def question_of(folder: Path, more: str = "", **how: object) -> Question:
    return make_question(scenario(folder / "s.toml", phases=(4, 3, 3), more=more, **how))  # type: ignore[arg-type]


def key_frames(traffic: Traffic, bridge: str, direction: str) -> list[float]:
    """Return when key frames of a camera or a composed picture were due, s after the origin."""
    [stream] = [
        s
        for s in traffic.plan.streams
        if (s.bridge, s.kind, s.direction) == (bridge, "video", direction)
    ]
    sent = traffic.sent[stream.index]
    starts = sent["key"] & np.r_[True, np.diff(sent["timestamp"].astype(np.int64)) != 0]
    return [round(float(at), 3) for at in sent["due_ns"][starts] / 1e9]


def test_a_picture_that_was_lost_is_asked_for_within_half_a_second(tmp_path: Path) -> None:
    lossy = question_of(tmp_path, LOST)
    usual = hold(question_of(tmp_path).plan, {})
    found = hold(lossy.plan, {})
    start_s = lossy.plan.phases[0].start_s
    extra = [
        at for at in key_frames(found, "east", "up") if at not in key_frames(usual, "east", "up")
    ]
    assert extra
    assert start_s + 2.2 < extra[0] < start_s + 2.2 + 0.5
    assert key_frames(found, "west", "up") == key_frames(usual, "west", "up")


def test_a_viewer_of_switched_pictures_has_the_source_asked(tmp_path: Path) -> None:
    lost = LOST.replace('kind = "video"', 'direction = "down"\nkind = "video"')
    more = '[meeting]\nvideo = "switched"\n'
    found = hold(question_of(tmp_path, more + lost).plan, {})
    usual = hold(question_of(tmp_path, more).plan, {})
    source = next(
        s.bridge
        for s in found.plan.streams
        if key_frames(found, s.bridge, "up") != key_frames(usual, s.bridge, "up")
    )
    assert source != "east"


def test_viewers_that_wait_for_the_same_key_frame_are_one_request() -> None:
    requests, first_ns = SourceRequests("video"), 0
    assert requests.ask(0, 5, first_ns) == 5
    assert requests.ask(0, 6, first_ns) is None
    assert requests.ask(0, 5 + ANSWER_NS, first_ns) == 5 + 1_000_000_000


def test_a_source_that_has_sent_no_packet_is_not_asked() -> None:
    requests, first_ns = SourceRequests("video"), 100
    assert requests.ask(0, 5, first_ns) is None
    assert requests.ask(0, 99, first_ns) is None
    assert requests.ask(0, 101, first_ns) == 5 + 1_000_000_000


def test_only_a_question_that_loses_packets_has_devices_look_more_often(tmp_path: Path) -> None:
    calm = foreseen(question_of(tmp_path))
    assert not calm.question.plan.loses
    assert calm.prior().result is not None
    thin = {**NORTH, "rate_mbps": 1.6, "buffer_packets": 20}
    full = foreseen(question_of(tmp_path, bridges=(thin,)))
    assert full.question.plan.loses
