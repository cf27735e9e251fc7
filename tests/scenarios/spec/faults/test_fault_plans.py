"""Faults → changes of the network, outages and worse lines; what several do together."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_factory import DEFAULT

from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.faults.effects import Effect, compose, idle
from giaoban.scenarios.spec.faults.graph import carrying_links, unreachable
from giaoban.topology.load import load_province
from giaoban.topology.network import Network, build
from tests.scenarios.spec.faults.fault_tables import QL14, RING, fault, with_faults

NETWORK = build(load_province(DEFAULT))
AT_DAK_MIL = ["access-dak-mil", "dak-mil--cu-jut", "dak-song--dak-mil"]
FLAP = fault("flap", 10.0, to_s=13.0, link=RING, down_s=0.5, up_s=0.8)
SITE = fault("site", 5.0, to_s=9.0, bridge="dak-mil", boot_s=4.0)


def plan_of(folder: Path, *faults: str, length_s: float = 10.0, province: str = "") -> Plan:
    return make_question(with_faults(folder, *faults, length_s=length_s, province=province)).plan


def told(plan: Plan) -> list[str]:
    """Every change, with seconds after the first phase began."""
    return [
        " ".join(filter(None, (f"{c.at_s - plan.phases[0].start_s:g}", c.do, c.router, c.link)))
        + (f" {c.source}" if c.source else "")
        for c in plan.changes
    ]


@pytest.mark.parametrize(
    ("faults", "changes", "ident", "nodes"),
    [
        (
            [fault("cut", 12.0, link="access-mcu")],
            ["12 link-down access-mcu"],
            "cut-access-mcu",
            [],
        ),
        (
            [fault("cut", 12.0, to_s=20.0, link=RING)],
            [f"12 link-down {RING}", f"20 link-up {RING}"],
            f"cut-{RING}",
            [],
        ),
        (
            [fault("silent", link="access-cu-jut")],
            ["1 discard access-cu-jut cu-jut", "1 discard access-cu-jut r-cu-jut"],
            "silent-access-cu-jut",
            [],
        ),
        (
            [fault("silent", to_s=2.0, link="access-cu-jut", direction="up")],
            ["1 discard access-cu-jut cu-jut", "2 forward access-cu-jut cu-jut"],
            "silent-access-cu-jut",
            [],
        ),
        (
            [FLAP],
            [
                f"{at_s} {do} {RING}"
                for at_s, do in zip(
                    ("10", "10.5", "11.3", "11.8", "12.6", "13"),
                    ("link-down", "link-up") * 3,
                    strict=True,
                )
            ],
            f"flap-{RING}",
            [],
        ),
        (  # a router is up before its links are lit
            [fault("router", 5.0, to_s=9.0, router="r-dak-mil")],
            [
                *(f"5 link-down {link}" for link in AT_DAK_MIL),
                "5 stop-router r-dak-mil",
                "9 start-router r-dak-mil",
                *(f"9 link-up {link}" for link in AT_DAK_MIL),
            ],
            "router-r-dak-mil",
            ["r-dak-mil"],
        ),
        (  # its bridge's line is down until it has started
            [SITE],
            [
                *(f"5 link-down {link}" for link in AT_DAK_MIL),
                "5 stop-router r-dak-mil",
                "9 start-router r-dak-mil",
                *(f"9 link-up {link}" for link in AT_DAK_MIL[1:]),
                "13 link-up access-dak-mil",
            ],
            "site-dak-mil",
            ["r-dak-mil", "dak-mil"],
        ),
        (
            [fault("group", group="ql14")],
            ["1 link-down gia-nghia--dak-r-lap", "1 link-down gia-nghia--dak-song"],
            "group-ql14",
            [],
        ),
        ([fault("mcu", 5.0)], ["5 link-down access-mcu"], "mcu", ["mcu"]),
        (
            [fault("degrade", link="access-cu-jut", loss_pct=9.0, over_s=1.0)],
            [],
            "degrade-access-cu-jut",
            [],
        ),
        (
            [fault("rate-drop", link="access-cu-jut", rate_mbps=1.0)],
            [],
            "rate-drop-access-cu-jut",
            [],
        ),
    ],
)
def test_what_each_kind_changes(
    tmp_path: Path, faults: list[str], changes: list[str], ident: str, nodes: list[str]
) -> None:
    plan = plan_of(tmp_path, *faults, province=QL14)
    assert told(plan) == changes
    [made] = plan.faults
    assert (made.id, made.nodes) == (ident, nodes)
    down = {c.link for c in plan.changes if c.do in ("link-down", "discard")}
    assert set(made.links) == down
    assert plan.recovery is not None
    assert Plan.model_validate_json(plan.to_json()) == plan


def test_what_loses_its_power_starts_again_after_its_time(tmp_path: Path) -> None:
    """Others at the site lose their links and not their power: the MCU stands at Gia Nghĩa."""
    plan = plan_of(tmp_path, SITE)
    start_s = plan.phases[0].start_s
    [outage] = plan.outages
    assert (outage.host, outage.from_s, outage.to_s) == ("dak-mil", start_s + 5, start_s + 13)
    plan = plan_of(tmp_path, fault("site", 5.0, bridge="gia-nghia"))
    assert [(outage.host, outage.to_s) for outage in plan.outages] == [("gia-nghia", None)]
    assert "5 link-down access-mcu" in told(plan)
    plan = plan_of(tmp_path, fault("mcu", 5.0, to_s=6.0), length_s=70.0)
    [outage] = plan.outages
    assert outage.to_s is not None
    assert outage.to_s - outage.from_s == pytest.approx(1.0 + plan.recovery.mcu_boot_s)


# -------------------------------------------------------------------------------- several together


def test_a_link_is_dark_as_long_as_any_fault_darkens_it(tmp_path: Path) -> None:
    first = fault("cut", 5.0, to_s=9.0, link=RING)
    plan = plan_of(tmp_path, first, fault("router", 8.0, to_s=12.0, router="r-dak-song"))
    changes = [
        (c.do, c.at_s - plan.phases[0].start_s, c.fault) for c in plan.changes if c.link == RING
    ]
    assert changes == [("link-down", 5.0, 0), ("link-up", 12.0, 1)]


def test_a_second_fault_of_the_same_has_another_id(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, *(fault("cut", at, to_s=at + 1, link=RING) for at in (5.0, 8.0)))
    assert [fault.id for fault in plan.faults] == [f"cut-{RING}", f"cut-{RING}-2"]


times = st.tuples(st.integers(0, 20), st.integers(1, 20)).map(lambda t: (t[0], t[0] + t[1]))


@given(st.lists(times, min_size=1, max_size=6))
def test_what_is_composed_is_dark_exactly_when_some_fault_wants_it(
    spans: list[tuple[int, int]],
) -> None:
    effects = [[Effect("down", ("x",), a, b)] for a, b in spans]
    changes, _ = compose(effects, start_s=3.0)
    assert [change.do for change in changes] == ["link-down", "link-up"] * (len(changes) // 2)
    for moment in range(42):
        wanted = any(a <= moment < b for a, b in spans)
        latest = [c.do for c in changes if c.at_s <= moment + 3.0]
        assert (latest[-1:] == ["link-down"]) == wanted
    # without those in vain the same is done
    kept = [its for number, its in enumerate(effects) if number not in idle(effects)]
    do = [[(c.at_s, c.do) for c in compose(these, 0.0)[0]] for these in (effects, kept)]
    assert do[0] == do[1]
    assert idle(kept) == []


# -------------------------------------------------------------------------------------- worse lines


@pytest.mark.parametrize(
    ("keys", "steps"),
    [
        (
            {"loss_pct": 10.0, "at_s": 2.0, "to_s": 6.0},
            [(2, 3, 0.025), (3, 4, 0.05), (4, 5, 0.075), (5, 6, 0.1)],
        ),
        ({"loss_pct": 9.0, "over_s": 1.5, "to_s": 8.0}, [(1, 2, 0.06), (2, 8, 0.09)]),
        ({"loss_pct": 9.0, "over_s": 1.5}, [(1, 2, 0.06), (2, None, 0.09)]),
    ],
)
def test_a_growing_loss_reaches_its_end_in_the_last_second_and_stays(
    tmp_path: Path, keys: dict[str, float], steps: list[tuple[float, float | None, float]]
) -> None:
    plan = plan_of(tmp_path, fault("degrade", link="access-cu-jut", **{"at_s": 1.0, **keys}))
    start_s = plan.phases[0].start_s
    for source in ("cu-jut", "r-cu-jut"):
        found = [line for line in plan.lines if line.source == source]
        assert [(k.from_s - start_s, k.to_s and k.to_s - start_s) for k in found] == [
            (from_s, to_s) for from_s, to_s, _ in steps
        ]
        loss = [k.what.loss.p for k in found if k.what.loss is not None]
        assert loss == pytest.approx([p for _, _, p in steps])
    assert not plan.changes
    assert plan.faults[0].links == []


def test_a_lower_rate_has_the_lines_own_queue_and_empties_it(tmp_path: Path) -> None:
    made = fault("rate-drop", 2.0, link="access-dak-mil", direction="up", rate_mbps=1.0)
    plan = plan_of(tmp_path, made)
    [slow] = plan.lines
    own = plan.network.link("access-dak-mil").buffer_packets
    assert (slow.source, slow.rate_mbps, slow.buffer_packets) == ("dak-mil", 1.0, own)
    assert slow.to_s is None
    assert plan.end_s - plan.hang_up_s > 5.0 + 2 * own * 1254 * 8 / 1e6 - 0.1


# ---------------------------------------------------------------------------------------- the graph


@pytest.mark.parametrize(
    ("links", "nodes", "gone"),
    [
        ([], [], set()),
        ([RING], [], set()),
        (["access-mcu"], [], None),
        ([], ["mcu"], None),
        ([], ["r-gia-nghia"], None),
        ([], ["r-dak-glong"], {"dak-glong"}),
        (["access-cu-jut"], [], {"cu-jut"}),
        (["dak-mil--cu-jut", "cu-jut--krong-no"], [], {"cu-jut"}),
        ([], ["r-dak-mil", "r-krong-no"], {"dak-mil", "cu-jut", "krong-no"}),
    ],
)
def test_who_is_behind_a_failure(links: list[str], nodes: list[str], gone: set[str] | None) -> None:
    everybody = {bridge.id for bridge in NETWORK.bridges}
    assert unreachable(NETWORK, links, nodes) == (everybody if gone is None else gone)


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda e: e[0] < e[1])))
def test_a_link_carries_calls_if_it_is_on_any_path_without_a_circle(
    edges: set[tuple[int, int]],
) -> None:
    """Told by trying every path. Bridges hang on two of seven routers, the MCU on another."""
    data = NETWORK.model_dump()
    router, bridge = data["nodes"][0], next(n for n in data["nodes"] if n["kind"] == "bridge")
    mcu = next(n for n in data["nodes"] if n["kind"] == "mcu")
    backbone = next(k for k in data["links"] if k["kind"] == "backbone")
    hosts = {"a": 0, "b": 1, "mcu": 2}
    network = Network.model_validate(
        {
            "nodes": [
                *({**router, "id": f"r{n}"} for n in range(7)),
                *({**bridge, "id": name} for name in "ab"),
                {**mcu, "id": "mcu"},
            ],
            "links": [
                *({**backbone, "id": f"{a}-{b}", "a": f"r{a}", "b": f"r{b}"} for a, b in edges),
                *(
                    {**backbone, "id": f"access-{h}", "kind": "access", "a": h, "b": f"r{at}"}
                    for h, at in hosts.items()
                ),
            ],
        }
    )
    graph = networkx.Graph(sorted(edges))
    graph.add_nodes_from(range(7))
    used = {
        "-".join(map(str, sorted(hop)))
        for start in (0, 1)
        for path in networkx.all_simple_paths(graph, start, 2)
        for hop in pairwise(path)
    }
    assert carrying_links(network) == used | {f"access-{name}" for name in hosts}
