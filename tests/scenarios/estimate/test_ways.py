"""Where packets go when links fail, and from when on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from giaoban.scenarios.estimate.ways import Ways, find_ways
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.topology.rerouting import settled_after_ms
from tests.scenarios.rings import ring_scenario

AT_NS = 5_000_000_000
FAULT = '[[fault]]\nkind = "{kind}"\nlink = "{link}"\nat_s = 2.0\n{more}'


def plan_of(folder: Path, kind: str, link: str, more: str = "", seed: int | None = None) -> Plan:
    text = FAULT.format(kind=kind, link=link, more=more)
    return make_question(ring_scenario(folder, phases=(2, 6, 4), more=text), seed=seed).plan


def links_at(ways: Ways, path: int, at_ns: int) -> list[str]:
    [route] = ways.route_of(path, np.array([at_ns]))
    return [ways.hops[hop].link for hop in ways.routes[route]]


@pytest.mark.parametrize("kind", ["cut", "silent"])
def test_a_path_goes_round_a_failed_link_once_routers_have_installed_it(
    tmp_path: Path, kind: str
) -> None:
    plan = plan_of(tmp_path, kind, "a--b")
    ways = find_ways(plan)
    at_ns = round(plan.faults[0].at_s * 1e9)
    row = next(n for n, call in enumerate(plan.calls) if call.bridge == "b")
    assert links_at(ways, 2 * row, at_ns) == ["access-b", "a--b", "access-mcu"]
    [(from_ns, _)] = ways.by_path[2 * row][1:]
    least_ns = (200 if kind == "silent" else 10) * 1_000_000
    longest_ns = settled_after_ms(plan.network.routing) * 1e6
    assert least_ns < from_ns - at_ns <= longest_ns
    assert links_at(ways, 2 * row, from_ns) == ["access-b", "b--c", "c--a", "access-mcu"]
    [(a, b)] = ways.dead(2 * row)
    assert at_ns <= a
    assert b == from_ns
    assert not ways.alive(2 * row, from_ns - 1)
    assert ways.alive(2 * row, from_ns)


def test_a_mended_link_is_used_again(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "cut", "a--b", "to_s = 5.0\n")
    ways = find_ways(plan)
    row = next(n for n, call in enumerate(plan.calls) if call.bridge == "b")
    assert links_at(ways, 2 * row, 10**12) == ["access-b", "a--b", "access-mcu"]
    assert len(ways.by_path[2 * row]) == 3
    assert len(ways.dead(2 * row)) == 1


def test_a_bridge_behind_a_cut_line_is_cut_off_until_it_is_mended(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "cut", "access-b", "to_s = 5.0\n")
    ways = find_ways(plan)
    row = next(n for n, call in enumerate(plan.calls) if call.bridge == "b")
    [(a, b)] = ways.dead(2 * row)
    assert (b - a) / 1e9 == pytest.approx(3.0)
    assert all(not ways.dead(p) for p in range(2 * len(plan.calls)) if p // 2 != row)


def test_delays_are_drawn_from_the_seed(tmp_path: Path) -> None:
    found = {
        find_ways(plan_of(tmp_path, "silent", "a--b", seed=seed)).by_path[2][-1][0]
        for seed in (1, 1, 2, 3, 4)
    }
    assert len(found) == 4


def test_hops_come_after_those_from_which_packets_come(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "cut", "a--b", "to_s = 5.0\n")
    ways = find_ways(plan)
    for first in (0, 1):
        paths = range(first, 2 * len(plan.calls), 2)
        order = ways.order(paths)
        for path in paths:
            for _, route in ways.by_path[path]:
                places = [order.index(hop) for hop in ways.routes[route]]
                assert places == sorted(places)
