"""Who is in the meeting when: set-up, capacity, failures and what the MCU's technician does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scenario_factory import scenario

from giaoban.scenarios.estimate.calls import Timetable, timetable
from giaoban.scenarios.estimate.ways import find_ways
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.records.events import Connected, Joined, Left, MediaLost, Redialled

PHASES = (4.0, 4.0, 30.0)


def held(folder: Path, more: str = "", **top: Any) -> tuple[Plan, Timetable]:
    plan = make_question(scenario(folder / "s.toml", phases=PHASES, more=more, **top)).plan
    return plan, timetable(plan, find_ways(plan))


def told(table: Timetable, bridge: str, *kinds: type) -> list[str]:
    return [type(e).__name__ for e in table.events if isinstance(e, kinds) and e.bridge == bridge]


def test_every_bridge_is_in_from_its_call_to_the_end(tmp_path: Path) -> None:
    plan, table = held(tmp_path)
    for call, planned in zip(table.calls, plan.calls, strict=True):
        set_up_ms = (call.bridge_from_ns / 1e6) - planned.dial_s * 1000
        assert 0 < set_up_ms < 20
        assert call.bridge_from_ns < call.mcu_from_ns
        assert call.bridge_to_ns == round(plan.hang_up_s * 1e9)
    assert (table.calls_left, table.units_left) == (0, 0.0)
    times = [e.t_ms for e in table.events]
    assert times == sorted(times)


def test_a_bridge_without_power_comes_back_when_it_has_started(tmp_path: Path) -> None:
    fault = '[[fault]]\nkind = "site"\nbridge = "east"\nat_s = 5.0\nto_s = 8.0\nboot_s = 3.0\n'
    plan, table = held(tmp_path, fault)
    first, again = [call for call in table.calls if plan.calls[call.row].bridge == "east"]
    off_s = plan.outages[0].from_s
    assert first.bridge_to_ns == round(off_s * 1e9)
    assert again.bridge_from_ns >= round((plan.outages[0].to_s or 0) * 1e9)
    assert told(table, "east", Left, Joined, Redialled) == [
        "Joined",
        "Redialled",
        "Left",
        "Joined",
        "Left",
    ]
    assert first.mcu_to_ns <= again.mcu_from_ns


def test_bridges_of_an_mcu_that_stopped_dial_until_it_answers(tmp_path: Path) -> None:
    fault = '[[fault]]\nkind = "mcu"\nat_s = 5.0\nto_s = 6.0\nboot_s = 8.0\n'
    plan, table = held(tmp_path, fault)
    [outage] = [o for o in plan.outages if o.host == plan.network.mcu.id]
    for bridge in ("west", "east"):
        calls = [call for call in table.calls if plan.calls[call.row].bridge == bridge]
        assert len(calls) == 2
        assert calls[0].mcu_to_ns == round(outage.from_s * 1e9)
        timeout_s = plan.recovery.media_timeout_s if plan.recovery else 0.0
        assert calls[0].bridge_to_ns / 1e9 == pytest.approx(outage.from_s + timeout_s, abs=0.1)
        assert calls[1].mcu_from_ns > round((outage.to_s or 0) * 1e9)
        assert told(table, bridge, MediaLost) == ["MediaLost"]


def test_a_dropped_bridge_is_out_until_it_is_redialled(tmp_path: Path) -> None:
    more = "".join(
        f'[[control]]\nat_s = {at_s}\nby = "operator"\n'
        f'do = {{ command = "{command}", participant = "east" }}\n'
        for at_s, command in ((3.0, "drop"), (6.0, "redial"))
    )
    plan, table = held(tmp_path, more)
    first, again = [call for call in table.calls if plan.calls[call.row].bridge == "east"]
    start_s = plan.phases[0].start_s
    assert first.mcu_to_ns == round((start_s + 3) * 1e9)
    assert again.mcu_from_ns / 1e9 == pytest.approx(start_s + 6, abs=0.02)
    [one] = [e for e in table.events if isinstance(e, Left) and e.cause == "put-out"]
    assert one.bridge == "east"
    assert len([e for e in table.events if isinstance(e, Connected) and e.bridge == "east"]) == 1


def test_viewers_of_switched_pictures_turn_to_who_is_called_to_speak(tmp_path: Path) -> None:
    more = (
        '[meeting]\nvideo = "switched"\n[[control]]\nat_s = 10.0\nby = "west"\n'
        'do = { command = "call-to-speak", participant = "north" }\n'
    )
    plan, table = held(tmp_path, more)
    west, north = (
        next(n for n, c in enumerate(plan.calls) if c.bridge == b) for b in ("west", "north")
    )
    at_ns = round((plan.phases[0].start_s + 10) * 1e9)
    turned = [turn for turn in table.turns if turn.viewer == west and turn.at_ns >= at_ns]
    assert turned[0].source == north
    assert turned[0].at_ns - at_ns < 20_000_000
