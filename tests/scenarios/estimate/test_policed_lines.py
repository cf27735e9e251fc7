"""Meetings over lines with bandwidth profiles: what is dropped is counted apart, and is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scenario_factory import NORTH, scenario

from giaoban.results.model.result import LinkResult, Result
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.measure.unmodelled import unmodelled
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import Question, make_question

PROFILE = """
[[bridge.profile]]
direction = "{direction}"
cir_mbps = {cir}
cbs_bytes = {cbs}
source = "test"
"""
PORT = {**NORTH, "rate_mbps": 100.0}
PHASES = (2.0, 3.0, 3.0)


def asked(folder: Path, *, cbs: int = 6000, cir: float = 10.0, both: str = "both") -> Question:
    more = PROFILE.format(cbs=cbs, cir=cir, direction=both)
    return make_question(scenario(folder / "s.toml", bridges=(PORT,), phases=PHASES, more=more))


def access(result: Result) -> list[LinkResult]:
    return [k for phase in result.phases for k in phase.links if k.id == "access-north"]


def test_every_packet_that_is_policed_is_counted_and_accounted_for(tmp_path: Path) -> None:
    result = estimate(asked(tmp_path)).result
    counts = result.accounting
    assert result.verdict == "fail"  # and not invalid
    assert counts.unaccounted == 0
    assert counts.packets_dropped_at_queues == 0
    assert counts.packets_policed > 0
    assert all(link.policed > 0 for link in access(result)[2:])  # once the bridge is there
    assert not any(
        k.policed for phase in result.phases for k in phase.links if k.id != "access-north"
    )
    [north] = [bridge for bridge in result.phases[-1].bridges if bridge.id == "north"]
    lost = {(s.kind, s.direction) for s in north.streams if s.packets_sent > s.packets_received}
    assert {("video", "up"), ("video", "down")} <= lost


def test_one_direction_may_have_a_profile_of_its_own(tmp_path: Path) -> None:
    up, down = access(estimate(asked(tmp_path, both="up")).result)[-2:]
    assert (up.direction, down.direction) == ("north->r-east", "r-east->north")
    assert up.policed > 0
    assert down.policed == 0


def measures(result: Result) -> list[Any]:
    return [phase.model_dump() for phase in result.phases]


def test_where_a_profile_lets_all_through_it_changes_no_measure(tmp_path: Path) -> None:
    found = [
        estimate(asked(tmp_path, cbs=cbs, cir=100.0, both=both)).result
        for cbs, both in ((1_000_000, "both"), (2_000_000, "up"))
    ]
    assert measures(found[0]) == measures(found[1])
    assert [result.accounting.packets_policed for result in found] == [0, 0]


def test_a_line_shaped_to_the_committed_rate_loses_nothing(tmp_path: Path) -> None:
    """A queue sends no two packets closer than the bucket fills."""
    more = PROFILE.format(cbs=1514, cir=NORTH["rate_mbps"], direction="both")
    question = make_question(scenario(tmp_path / "s.toml", phases=PHASES, more=more))
    assert estimate(question).result.accounting.packets_policed == 0


def test_a_plan_with_profiles_is_read_back_and_one_without_has_none(tmp_path: Path) -> None:
    plan = asked(tmp_path).plan
    assert Plan.model_validate_json(plan.to_json()) == plan
    plain = make_question(scenario(tmp_path / "p.toml", phases=PHASES)).plan
    assert not any("profiles" in link for link in json.loads(plain.to_json())["network"]["links"])


def test_what_is_left_out_of_a_question_with_profiles(tmp_path: Path) -> None:
    named = {each.id for each in unmodelled(asked(tmp_path), estimate=True)}
    assert "policing" not in named
