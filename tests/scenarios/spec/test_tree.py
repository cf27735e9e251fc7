"""A made-up country as files: its question is made, with everybody in time."""

from __future__ import annotations

from pathlib import Path

from scenario_factory import giaoban, scenario

from giaoban.mcu_sim.device import load_devices
from giaoban.scenarios.plan.question import make_question


def test_a_country_is_a_question_like_any_other(tmp_path: Path) -> None:
    ran = giaoban("topology", "generate-tree", "--bridges", "400", tmp_path / "c")
    assert (ran.code, ran.err) == (0, "")
    question = make_question(tmp_path / "c" / "scenario.toml")
    plan = question.plan
    assert len(plan.calls) == 400
    assert plan.device == load_devices(tmp_path / "c" / "devices.toml").device[0]
    assert question.devices_path == tmp_path / "c" / "devices.toml"
    # at 0.2 s each the last would dial after 80 s
    assert max(call.dial_s for call in plan.calls) <= 60.5
    assert plan.phases[0].start_s == 62.0
    again = giaoban("topology", "generate-tree", "--bridges", "400", tmp_path / "c")
    assert (again.code, "is there already" in again.err) == (2, True)
    assert giaoban("topology", "generate-tree", "--bridges", "1", tmp_path / "d").code == 2


def test_a_scenario_with_devices_of_its_own(tmp_path: Path) -> None:
    giaoban("topology", "generate-tree", "--bridges", "8", tmp_path)
    path = scenario(tmp_path / "s.toml", devices="devices.toml", device="made-up-mcu")
    assert make_question(path).plan.device.name == "MCU (made up)"
    path = scenario(tmp_path / "s.toml", devices="none.toml")
    ran = giaoban("check", path)
    assert (ran.code, "none.toml: no such file" in ran.err) == (2, True)
    path = scenario(tmp_path / "s.toml", devices="devices.toml", device="rmx-1500-mpmx")
    ran = giaoban("check", path)
    assert (ran.code, "unknown device" in ran.err) == (2, True)
