"""Faults → changes of the network, outages and worse lines; what several do together."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_factory import DEFAULT, scenario

from scenarios.faults.claims import Claim, compose, idle
from scenarios.faults.graph import may_carry, unreachable
from scenarios.faults.spec import Degrade
from scenarios.faults.worse_lines import loss_steps
from scenarios.plan.plan import Plan
from scenarios.spec.question import make_question
from topology.load import load_province
from topology.network import build

RING = "gia-nghia--dak-song"


def plan_of(tmp_path: Path, *faults: str, length: float = 10.0) -> Plan:
    more = "\n".join(f"[[fault]]\n{fault}" for fault in faults)
    phases = (length, length, length)
    file = scenario(tmp_path / "s.toml", bridges=(), phases=phases, province=DEFAULT, more=more)
    return make_question(file).plan


def told(plan: Plan) -> list[tuple[float, str, str]]:
    """(seconds after the first phase began, what, where) of every change."""
    start_s = plan.phases[0].start_s
    return [
        (
            round(c.at_s - start_s, 6),
            c.do,
            str(c.router or c.link) + (f" {c.source}" * bool(c.source)),
        )
        for c in plan.changes
    ]


def test_a_run_without_faults_plans_none(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    assert (plan.faults, plan.changes, plan.outages, plan.recovery) == ([], [], [], None)


def test_a_cut_darkens_a_link_and_its_mending_lightens_it(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f'kind = "cut"\nlink = "{RING}"\nat_s = 12.0\nto_s = 20.0')
    assert told(plan) == [(12.0, "darken", RING), (20.0, "lighten", RING)]
    [fault] = plan.faults
    assert (fault.id, fault.target, fault.links, fault.nodes) == (f"cut-{RING}", "link", [RING], [])
    assert plan.recovery is not None
    assert Plan.model_validate_json(plan.to_json()) == plan


def test_one_that_is_not_mended_stays_dark(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 'kind = "cut"\nlink = "access-mcu"\nat_s = 12.0')
    assert told(plan) == [(12.0, "darken", "access-mcu")]
    assert plan.faults[0].to_s is None


def test_a_silent_failure_swallows_one_direction_or_both(tmp_path: Path) -> None:
    silent = 'kind = "silent"\nlink = "access-cu-jut"\nat_s = 1.0\n'
    assert told(plan_of(tmp_path, silent + 'direction = "up"')) == [
        (1.0, "swallow", "access-cu-jut cu-jut")
    ]
    both = plan_of(tmp_path, silent)
    assert {where for _, _, where in told(both)} == {
        "access-cu-jut cu-jut",
        "access-cu-jut r-cu-jut",
    }
    assert both.faults[0].direction is None
    one = plan_of(tmp_path, silent + 'direction = "r-cu-jut->cu-jut"').faults[0]
    assert one.direction == "r-cu-jut->cu-jut"


def test_a_flapping_link_goes_dark_again_and_again_and_is_lit_in_the_end(tmp_path: Path) -> None:
    flap = f'kind = "flap"\nlink = "{RING}"\nat_s = 10.0\nto_s = 13.0\ndown_s = 0.5\nup_s = 0.8'
    plan = plan_of(tmp_path, flap)
    assert [(at_s, do) for at_s, do, _ in told(plan)] == [
        (10.0, "darken"),
        (10.5, "lighten"),
        (11.3, "darken"),
        (11.8, "lighten"),
        (12.6, "darken"),
        (13.0, "lighten"),
    ]


def test_a_router_takes_all_its_links_and_is_up_before_they_are_lit(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 'kind = "router"\nrouter = "r-dak-mil"\nat_s = 5.0\nto_s = 9.0')
    network = plan.network
    links = {link.id for link in network.links_at("r-dak-mil")}
    assert {"access-dak-mil", "dak-song--dak-mil", "dak-mil--cu-jut"} <= links
    down = [c for c in told(plan) if c[0] == 5.0]
    assert {where for _, do, where in down if do == "darken"} == links
    assert [do for at_s, do, _ in told(plan) if at_s == 9.0] == ["start-router"] + [
        "lighten"
    ] * len(links)
    assert plan.faults[0].nodes == ["r-dak-mil"]
    assert not plan.outages


def test_a_site_without_power_is_dark_until_its_bridge_has_started(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path, 'kind = "site"\nbridge = "dak-mil"\nat_s = 5.0\nto_s = 9.0\nboot_s = 4.0'
    )
    start_s = plan.phases[0].start_s
    [outage] = plan.outages
    assert (outage.host, outage.from_s, outage.to_s) == ("dak-mil", start_s + 5, start_s + 13)
    lit = {where: at_s for at_s, do, where in told(plan) if do == "lighten"}
    assert lit["access-dak-mil"] == 13.0
    assert {at_s for where, at_s in lit.items() if where != "access-dak-mil"} == {9.0}
    assert (9.0, "start-router", "r-dak-mil") in told(plan)
    assert set(plan.faults[0].nodes) == {"r-dak-mil", "dak-mil"}


def test_others_at_the_site_lose_their_links_and_not_their_power(tmp_path: Path) -> None:
    """The MCU stands at Gia Nghĩa."""
    plan = plan_of(tmp_path, 'kind = "site"\nbridge = "gia-nghia"\nat_s = 5.0')
    assert [outage.host for outage in plan.outages] == ["gia-nghia"]
    assert (5.0, "darken", "access-mcu") in told(plan)


def test_the_mcu_starts_after_the_time_that_the_profiles_say(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 'kind = "mcu"\nat_s = 5.0\nto_s = 6.0', length=70.0)
    assert plan.recovery is not None
    [outage] = plan.outages
    assert outage.to_s is not None
    assert outage.to_s - outage.from_s == pytest.approx(1.0 + plan.recovery.mcu_boot_s)
    assert [(do, where) for _, do, where in told(plan)] == [
        ("darken", "access-mcu"),
        ("lighten", "access-mcu"),
    ]
    assert plan.faults[0].id == "mcu"


def test_a_group_takes_all_its_links(tmp_path: Path) -> None:
    group = """
[[group]]
id = "ql14"
name = "Cáp dọc Quốc lộ 14"
links = ["gia-nghia--dak-song", "gia-nghia--dak-r-lap"]
source = "test"
"""
    province = tmp_path / "province.toml"
    province.write_text(DEFAULT.read_text(encoding="utf-8") + group, encoding="utf-8")
    more = '[[fault]]\nkind = "group"\ngroup = "ql14"\nat_s = 1.0'
    file = scenario(tmp_path / "s.toml", bridges=(), province=province, more=more)
    plan = make_question(file).plan
    assert {where for _, do, where in told(plan) if do == "darken"} == {
        "gia-nghia--dak-song",
        "gia-nghia--dak-r-lap",
    }
    assert plan.faults[0].id == "group-ql14"


def test_a_link_is_dark_as_long_as_any_fault_darkens_it(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        f'kind = "cut"\nlink = "{RING}"\nat_s = 5.0\nto_s = 9.0',
        'kind = "router"\nrouter = "r-dak-song"\nat_s = 8.0\nto_s = 12.0',
    )
    assert [(at_s, do) for at_s, do, where in told(plan) if where == RING] == [
        (5.0, "darken"),
        (12.0, "lighten"),
    ]
    [darken, lighten] = [c for c in plan.changes if c.link == RING]
    assert (darken.fault, lighten.fault) == (0, 1)


def test_a_second_fault_of_the_same_has_another_id(tmp_path: Path) -> None:
    cut = f'kind = "cut"\nlink = "{RING}"\n'
    plan = plan_of(tmp_path, cut + "at_s = 5.0\nto_s = 6.0", cut + "at_s = 8.0\nto_s = 9.0")
    assert [fault.id for fault in plan.faults] == [f"cut-{RING}", f"cut-{RING}-2"]


times = st.tuples(st.integers(0, 20), st.integers(1, 20)).map(lambda t: (t[0], t[0] + t[1]))


@given(st.lists(times, min_size=1, max_size=6))
def test_what_is_composed_is_dark_exactly_when_some_fault_wants_it(
    spans: list[tuple[int, int]],
) -> None:
    changes, _ = compose([[Claim("dark", ("x",), a, b)] for a, b in spans], start_s=3.0)
    assert [change.do for change in changes] == ["darken", "lighten"] * (len(changes) // 2)
    for moment in range(42):
        wanted = any(a <= moment < b for a, b in spans)
        latest = [c.do for c in changes if c.at_s <= moment + 3.0]
        assert (latest[-1:] == ["darken"]) == wanted


@given(st.lists(times, min_size=1, max_size=5))
def test_without_those_in_vain_the_same_is_done(spans: list[tuple[int, int]]) -> None:
    claimed = [[Claim("dark", ("x",), a, b)] for a, b in spans]
    vain = idle(claimed)
    kept = [its for number, its in enumerate(claimed) if number not in vain]
    do = [[(c.at_s, c.do) for c in compose(these, 0.0)[0]] for these in (claimed, kept)]
    assert do[0] == do[1]
    assert idle(kept) == []


def test_a_growing_loss_reaches_its_end_in_the_last_second() -> None:
    fault = Degrade(kind="degrade", link="x", loss_pct=10.0, at_s=2.0, to_s=6.0)
    assert loss_steps(fault) == [
        (2.0, 3.0, pytest.approx(0.025)),
        (3.0, 4.0, pytest.approx(0.05)),
        (4.0, 5.0, pytest.approx(0.075)),
        (5.0, 6.0, pytest.approx(0.1)),
    ]


def test_a_loss_that_has_grown_stays_until_it_is_mended() -> None:
    fault = Degrade(kind="degrade", link="x", loss_pct=9.0, at_s=1.0, over_s=1.5, to_s=8.0)
    assert loss_steps(fault) == [(1.0, 2.0, pytest.approx(0.06)), (2.0, 8.0, pytest.approx(0.09))]
    for_ever = fault.model_copy(update={"to_s": None})
    assert loss_steps(for_ever)[-1][1] is None


def test_worse_lines_are_planned_both_ways_and_change_nothing_else(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        'kind = "degrade"\nlink = "access-cu-jut"\nat_s = 2.0\nto_s = 4.0\nloss_pct = 20.0',
        'kind = "rate-drop"\nlink = "access-dak-mil"\ndirection = "up"\nat_s = 2.0\n'
        "rate_mbps = 1.0",
    )
    start_s = plan.phases[0].start_s
    losing = [line for line in plan.lines if line.what.loss is not None]
    assert [(line.source, line.from_s - start_s) for line in losing] == [
        ("cu-jut", 2.0),
        ("cu-jut", 3.0),
        ("r-cu-jut", 2.0),
        ("r-cu-jut", 3.0),
    ]
    [slow] = [line for line in plan.lines if line.rate_mbps is not None]
    own = plan.network.link("access-dak-mil").buffer_packets
    assert (slow.source, slow.rate_mbps, slow.buffer_packets, slow.to_s) == (
        "dak-mil",
        1.0,
        own,
        None,
    )
    assert not plan.changes
    assert [fault.links for fault in plan.faults] == [[], []]
    # the slow line's full queue takes longest to empty
    assert plan.end_s - plan.hang_up_s > 5.0 + 2 * own * 1254 * 8 / 1e6 - 0.1


@pytest.mark.parametrize(
    ("links", "nodes", "gone"),
    [
        ([], [], set()),
        ([RING], [], set()),
        (["access-mcu"], [], "all"),
        ([], ["mcu"], "all"),
        ([], ["r-gia-nghia"], "all"),
        ([], ["r-dak-glong"], {"dak-glong"}),
        (["access-cu-jut"], [], {"cu-jut"}),
        (["dak-mil--cu-jut", "cu-jut--krong-no"], [], {"cu-jut"}),
        ([], ["r-dak-mil", "r-krong-no"], {"dak-mil", "cu-jut", "krong-no"}),
    ],
)
def test_who_is_behind_a_failure(links: list[str], nodes: list[str], gone: object) -> None:
    network = build(load_province(DEFAULT))
    wanted = {bridge.id for bridge in network.bridges} if gone == "all" else gone
    assert unreachable(network, links, nodes) == wanted


def test_every_link_of_the_ring_may_carry_calls_and_a_dead_end_never_does() -> None:
    province = load_province(DEFAULT)
    network = build(province)
    assert all(may_carry(network, link.id) for link in network.links)
    end = province.routers[0].model_copy(update={"id": "r-end", "name": "Cuối"})
    spur = province.links[0].model_copy(update={"id": "spur", "a": "r-cu-jut", "b": "r-end"})
    longer = province.model_copy(
        update={"routers": [*province.routers, end], "links": [*province.links, spur]}
    )
    assert not may_carry(build(longer), "spur")
