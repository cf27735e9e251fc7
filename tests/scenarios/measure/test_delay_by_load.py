"""A device that takes longer the fuller it is: what that adds in each phase, and to each answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from pretended_meeting import Meeting
from runs import ANSWERS, Runs, answers
from scenario_factory import CUT, SCENARIOS, answering_devices, scenario

from giaoban.errors import InputError
from giaoban.mcu_sim.device import DelayFigure, load_devices
from giaoban.results.model.result import Phase, Result
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.signalling import signal
from giaoban.scenarios.measure.assemble import criteria_of, measured_phases
from giaoban.scenarios.measure.streams import devices
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.records.events import Connected, EventRecord, Joined
from giaoban.scenarios.study.sensitivity.world import World
from giaoban.translation import translator

MORE_MS = 100.0


def by_load(question: Question, *delays: str) -> Question:
    """The same with a device whose delays grow by so much until it is full."""
    figures = [(("device", name, "more_at_capacity_ms"), MORE_MS) for name in delays]
    return World.of(question).put_all(figures).question()


def seen_ms(phase: Phase) -> dict[str, float]:
    """From camera to screen, at each bridge."""
    return {
        bridge.id: stream.camera_to_screen_ms
        for bridge in phase.bridges
        for stream in bridge.streams
        if stream.camera_to_screen_ms is not None
    }


def test_a_delay_grows_in_a_line_with_what_is_in_use() -> None:
    delay = DelayFigure(delay_ms=40.0, more_at_capacity_ms=20.0, source="test")
    assert [delay.at_ms(pct) for pct in (0.0, 25.0, 100.0)] == [40.0, 45.0, 60.0]
    assert DelayFigure(delay_ms=40.0, source="test").at_ms(100.0) == 40.0
    assert translator("vi").say(delay.told) == "40 ms, thêm 20 ms khi thiết bị đầy"


def test_each_phase_is_measured_at_its_fullest_moment(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    plan = by_load(meeting.question, "audio_mix_delay", "compose_delay").plan
    captures = replace(meeting.load(), plan=plan)
    used = [phase.mcu.used_pct for phase in meeting.result().phases]
    assert used[0] < used[1] == used[2]
    for number, pct in enumerate(used):
        idle, loaded = devices(meeting.load(), number), devices(captures, number)
        for name in ("sound_ms", "picture_ms"):
            more = getattr(loaded, name) - getattr(idle, name)
            assert more == pytest.approx(MORE_MS * pct / 100)


def test_only_what_the_way_of_pictures_does_counts(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    captures = replace(meeting.load(), plan=by_load(meeting.question, "forward_delay").plan)
    assert devices(captures, 0) == devices(meeting.load(), 0)  # pictures are composed here


def test_the_estimate_adds_it_to_every_picture_and_packets_leave_as_ever(tmp_path: Path) -> None:
    question = make_question(scenario(tmp_path / "s.toml"))
    idle = estimate(question).result
    loaded = estimate(by_load(question, "compose_delay")).result
    for before, after in zip(idle.phases, loaded.phases, strict=True):
        more = MORE_MS * before.mcu.used_pct / 100
        assert more > 0
        assert {id_: ms + more for id_, ms in seen_ms(before).items()} == pytest.approx(
            seen_ms(after), abs=2e-4
        )
        assert before.links == after.links
    assert idle.meeting.picture_devices_ms is not None
    most = max(phase.mcu.used_pct for phase in idle.phases)
    assert loaded.meeting.picture_devices_ms == pytest.approx(
        idle.meeting.picture_devices_ms + MORE_MS * most / 100
    )
    [told] = [each for each in loaded.assumptions if "composing" in each.what]
    assert told.value == "120 ms, 100 ms more when the device is full"
    left_out = [{each.id for each in result.unmodelled} for result in (idle, loaded)]
    assert left_out[1] ^ left_out[0] == {"delay-by-load"}


@pytest.mark.sandbox
def test_an_emulation_adds_as_much_as_an_estimate(runs: Runs) -> None:
    question = make_question(SCENARIOS / "expansion-gia-nghia-quang-son.toml")
    loaded = by_load(question, "audio_mix_delay", "compose_delay")
    emulated = replace(runs["pass"].captures, plan=loaded.plan)
    phases = measured_phases(emulated, criteria_of(loaded))
    for phase, estimated in zip(phases, estimate(loaded).result.phases, strict=True):
        assert phase.mcu.used_pct == estimated.mcu.used_pct
        assert seen_ms(phase) == pytest.approx(seen_ms(estimated), abs=0.05)


SETUP, KEY_FRAME = ANSWERS["setup_delay"], ANSWERS["key_frame_delay"]


def setups_ms(events: Iterable[EventRecord]) -> dict[str, float]:
    return {each.bridge: each.setup_ms for each in events if isinstance(each, Connected)}


def test_a_call_is_taken_by_what_is_in_use_when_it_comes(tmp_path: Path) -> None:
    """Each of three calls at 720p30 takes 3 of the 90 units of the default device."""
    idle = signal(make_question(scenario(tmp_path / "s.toml")).plan)
    devices = answering_devices(tmp_path, setup_delay=SETUP)
    question = make_question(scenario(tmp_path / "s.toml", devices=devices))
    slow = signal(question.plan)
    at_once = setups_ms(idle.events)
    assert len(at_once) == 3
    for place, (bridge, ms) in enumerate(setups_ms(slow.events).items()):
        device_ms = SETUP[0] + SETUP[1] * place * 3 / 90
        assert ms - at_once[bridge] == pytest.approx(device_ms, abs=1e-3)
    # those that were there before are in when the first phase begins, the new one when it is taken
    joined = {each.bridge: each.t_ms for each in slow.events if isinstance(each, Joined)}
    dialled = {call.bridge: call.dial_s * 1e3 for call in question.plan.calls}
    assert max(joined["west"], joined["east"]) < question.plan.phases[0].start_s * 1e3
    assert joined["north"] > dialled["north"] + SETUP[0]


def test_one_that_answers_later_than_bridges_dial_anew_is_refused(tmp_path: Path) -> None:
    devices = answering_devices(tmp_path, setup_delay=(2000.0, 3000.0))
    path = scenario(tmp_path / "s.toml", devices=devices)
    assert make_question(path).plan.device.setup_ms(100.0) == 5000.0
    path = scenario(tmp_path / "s.toml", devices=devices, more=CUT)
    with pytest.raises(InputError, match=r"setup_delay is 5 s .* redial_every_s = 5 s"):
        make_question(path)


def frozen_ms(result: Result) -> dict[str, float]:
    """The longest that what a bridge is sent stands still, where it does."""
    return {
        bridge.id: stream.freeze_ms_max
        for phase in result.phases
        for bridge in phase.bridges
        for stream in bridge.streams
        if stream.freeze_ms_max and stream.direction == "down"
    }


def test_a_key_frame_comes_by_what_is_in_use_when_it_is_asked_for(tmp_path: Path) -> None:
    """West asks while two calls take 6 of 90 units, east while three take 9."""

    def estimated(**delays: tuple[float, float]) -> Result:
        return estimate(make_question(answers(tmp_path / "s.toml", delays))).result

    usual, slow = estimated(), estimated(key_frame_delay=KEY_FRAME)
    assert estimated(key_frame_delay=(140.0, 0.0)).phases == usual.phases
    for bridge, units in (("west", 6), ("east", 9)):
        device_ms = KEY_FRAME[0] + KEY_FRAME[1] * units / 90
        later_ms = frozen_ms(slow)[bridge] - frozen_ms(usual)[bridge]
        assert later_ms == pytest.approx(device_ms - 140.0, abs=1000 / 30)  # the next picture
    assert [each.value for each in slow.assumptions if "key frame delay" in each.what] == [
        "200 ms, 5000 ms more when the device is full"
    ]


@pytest.mark.sandbox
def test_an_emulation_answers_when_an_estimate_does(runs: Runs, tmp_path: Path) -> None:
    emulated, question = runs["answers"], make_question(answers(tmp_path / "s.toml", ANSWERS))
    expected = setups_ms(signal(question.plan).events)
    assert setups_ms(emulated.captures.events) == pytest.approx(expected, abs=0.1)
    same = pytest.approx(frozen_ms(estimate(question).result), abs=0.1)
    assert frozen_ms(emulated.result) == same


def test_one_that_gets_quicker_is_refused(tmp_path: Path) -> None:
    text = (SCENARIOS / "devices/loaded-server.toml").read_text(encoding="utf-8")
    file = tmp_path / "devices.toml"
    file.write_text(
        text.replace("more_at_capacity_ms = 40.0", "more_at_capacity_ms = -5.0"), "utf-8"
    )
    with pytest.raises(InputError, match=r"devices.toml:\d+: .*more_at_capacity_ms = -5"):
        load_devices(file)
