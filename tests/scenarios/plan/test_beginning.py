"""What emulations have in common: pure."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import scenario

from giaoban.scenarios.plan.beginning import (
    Beginning,
    alike_until_s,
    common,
    meets_alike,
    networks_alike,
    tell_outages,
    told_outages,
)
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study.failures.trial import AT_S, possible_in, question_of


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    """Of every failure of a small network, by their ids."""
    asked = make_question(scenario(tmp_path_factory.mktemp("s") / "s.toml"))
    return {name: question_of(asked, case).plan for name, case in possible_in(asked).items()}


def test_failures_differ_by_nothing_else(plans: dict[str, Plan]) -> None:
    assert {name.partition(":")[0] for name in plans} >= {"cut", "silent", "router", "site", "mcu"}
    assert networks_alike(list(plans.values()))


def test_what_differs_is_seen(plans: dict[str, Plan]) -> None:
    """Whatever it is: another seed, another picture, a meeting that ends later."""
    plan = next(iter(plans.values()))
    for field, value in {"seed": plan.seed + 1, "end_s": plan.end_s + 1, "loses": True}.items():
        assert not networks_alike([plan, plan.model_copy(update={field: value})])
    assert not networks_alike([plan, plan.model_copy(update={"calls": plan.calls[:-1]})])


def test_only_the_mcu_plans_its_time_by_its_power(plans: dict[str, Plan]) -> None:
    unlike = {name for name, plan in plans.items() if not meets_alike(plan)}
    assert unlike == {"mcu"}
    plan = plans["mcu"].model_copy(update={"changes": [], "outages": []})
    assert not meets_alike(plan), "nothing fails in it"


def test_nobody_is_without_power_in_what_they_have_in_common(plans: dict[str, Plan]) -> None:
    """Whichever comes first; and links can fail if they can in any."""
    for first in plans.values():
        of = common([first, *plans.values()])
        assert (of.outages, bool(of.changes), of.watchful) == ([], True, True)
        assert networks_alike([of, first])
    still = plans["mcu"].model_copy(update={"changes": []})
    assert common([still, plans["cut:west--east"]]).changes == plans["cut:west--east"].changes
    assert common([still]).changes == []


def test_all_hear_of_it_a_second_before(plans: dict[str, Plan]) -> None:
    first_s = min(change.at_s for plan in plans.values() for change in plan.changes)
    assert alike_until_s(list(plans.values())) == first_s - 1
    assert first_s >= AT_S
    [change] = plans["cut:west--east"].changes[:1]
    sooner = plans["mcu"].model_copy(update={"changes": [change.model_copy(update={"at_s": 3.7})]})
    assert alike_until_s([*plans.values(), sooner]) == 2


def test_it_lies_beside_the_plan(tmp_path: Path) -> None:
    assert Beginning.beside(tmp_path) is None
    for beginning in (Beginning(), Beginning(until_s=8)):
        beginning.write(tmp_path)
        assert Beginning.beside(tmp_path) == beginning


def test_outages_are_told(plans: dict[str, Plan], tmp_path: Path) -> None:
    for name in ("mcu", "cut:west--east"):
        tell_outages(plans[name], tmp_path)
        assert told_outages(tmp_path) == plans[name].outages
