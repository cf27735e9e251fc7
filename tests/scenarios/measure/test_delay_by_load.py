"""A device that takes longer the fuller it is: what that adds in each phase, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pretended_meeting import Meeting
from runs import Runs
from scenario_factory import SCENARIOS, scenario

from giaoban.errors import InputError
from giaoban.mcu_sim.device import DelayFigure, load_devices
from giaoban.results.model.result import Phase
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.measure.assemble import criteria_of, measured_phases
from giaoban.scenarios.measure.streams import devices
from giaoban.scenarios.spec.question import Question, make_question
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


def test_one_that_gets_quicker_is_refused(tmp_path: Path) -> None:
    text = (SCENARIOS / "devices/loaded-server.toml").read_text(encoding="utf-8")
    file = tmp_path / "devices.toml"
    file.write_text(
        text.replace("more_at_capacity_ms = 40.0", "more_at_capacity_ms = -5.0"), "utf-8"
    )
    with pytest.raises(InputError, match=r"devices.toml:\d+: .*more_at_capacity_ms = -5"):
        load_devices(file)
