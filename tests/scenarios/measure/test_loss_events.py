"""The artefacts that declared losses are expected to make, by the arithmetic of the losses."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import NORTH, scenario

from giaoban.results.report.screen_wording import screen_wording
from giaoban.results.report.wording import Wording
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.measure.loss_events import HOUR_S, LossEvents, pictures_a_second
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.traffic.quality.recovered import Repair


def plan_with(folder: Path, more: str = "") -> Plan:
    lossy = NORTH | {"loss_pct": 0.1}
    return make_question(scenario(folder / "s.toml", bridges=(lossy,), more=more)).plan


def per_hour(plan: Plan, start_s: float = 0.0, end_s: float = 10.0) -> float:
    call = next(call for call in plan.calls if call.bridge == "north")
    return LossEvents(plan).per_hour(plan.streams[call.up["video"]], start_s, end_s)


def test_independent_losses_make_one_event_each_but_those_in_a_row(tmp_path: Path) -> None:
    plan = plan_with(tmp_path)
    packets = HOUR_S * pictures_a_second(plan)
    assert per_hour(plan) == pytest.approx(packets * 0.001 * 0.999)
    assert per_hour(plan, 3.0, 90.0) == per_hour(plan)


def test_what_is_repaired_is_no_event(tmp_path: Path) -> None:
    plan = plan_with(tmp_path)
    half = Repair(share_pct=50.0, within_ms=50.0, source="test")
    repaired = plan.model_copy(update={"repair": half})
    assert per_hour(repaired) == pytest.approx(per_hour(plan) / 2, rel=0.01)


def test_an_impairment_counts_for_the_part_of_the_time_in_which_it_holds(tmp_path: Path) -> None:
    lost = 'loss = { model = "bernoulli", p = 0.01 }'
    where = 'bridge = "north"\ndirection = "up"\nkind = "video"\nfrom_s = 5.0\nto_s = 10.0\n'
    plan = plan_with(tmp_path, f"[[impairment]]\n{where}{lost}\n")
    origin_s = plan.phases[0].start_s
    added = per_hour(plan, origin_s, origin_s + 20.0) - per_hour(plan_with(tmp_path))
    assert added == pytest.approx(0.25 * HOUR_S * pictures_a_second(plan) * 0.01 * 0.99)


@pytest.mark.parametrize(
    ("bridge", "cause", "cause_vi"),
    [
        ({"loss_pct": 2.0}, "random loss, access line of", "mất gói ngẫu nhiên"),
        ({"rate_mbps": 4.0, "buffer_packets": 16}, "full queue, access line of", "hàng đợi đầy"),
    ],
)
def test_a_failed_run_names_the_cause_of_its_losses(
    tmp_path: Path, bridge: dict[str, float], cause: str, cause_vi: str
) -> None:
    limits = "[thresholds]\nlink-peak = 101.0\n"
    path = scenario(tmp_path / "s.toml", bridges=(NORTH | bridge,), more=limits)
    result = estimate(make_question(path)).result
    assert result.binding is not None
    assert result.verdict == "fail"
    for lang, text in (("en", f"; cause: {cause}"), ("vi", f"Nguyên nhân: {cause_vi}")):
        say = Wording(lang, result)
        assert text in screen_wording(result, say).binds(result.binding), lang


def test_a_run_without_losses_has_no_cause(tmp_path: Path) -> None:
    result = estimate(make_question(scenario(tmp_path / "s.toml", bridges=(NORTH,)))).result
    streams = [s for phase in result.phases for b in phase.bridges for s in b.streams]
    assert {stream.loss_cause for stream in streams} == {None}
