"""Routers on paper, held against what their timers allow; as `test_failing` holds the real ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from provinces import province_of
from routing_settings import SETTINGS

from giaoban.topology.bird import ASK_EVERY_NS, next_asked_ns
from giaoban.topology.changes import NetworkChange
from giaoban.topology.convergence.forwarding import (
    KnownRouters,
    RoutesOverTime,
    routes_over_time,
)
from giaoban.topology.convergence.ospf import RoutedNetwork
from giaoban.topology.network import Hop, Network, build
from giaoban.topology.rerouting import lsa_wait_ms, settled_after_ms
from tests.laws import examples

# the bridge is opposite the MCU, by r-1 it is shorter
RING = build(
    province_of([(0, 1, 20.0), (1, 2, 20.0), (2, 3, 30.0), (3, 0, 30.0)], routers=4, bridges=[2])
)
BEST = ["access-b-0", "l-1", "l-0", "access-mcu"]
REST = ["access-b-0", "l-2", "l-3", "access-mcu"]
BRIDGE = "b-0"
FAILED = Hop("l-0", "r-0", "r-1")
AT_S, TO_S, END_S = 5.0, 15.0, 25.0
MS = 1_000_000
SLACK_MS = 2.0
"""A fibre's length, also of what tells of it."""
TIMED = {name: routing for name, routing in SETTINGS.items() if "spf_ms" in routing}


def ring(routing: dict[str, Any]) -> Network:
    return Network.model_validate({**RING.model_dump(), "routing": {**routing, "source": "t"}})


def changes(how: str, to_s: float | None = TO_S, at_s: float = AT_S) -> list[NetworkChange]:
    do, undo = ("link-down", "link-up") if how == "cut" else ("discard", "forward")
    paths: list[dict[str, str]] = [{}]
    if how == "silent":
        paths = [FAILED._asdict(), Hop(FAILED.link, FAILED.target, FAILED.source)._asdict()]
    elif how == "one way":
        paths = [FAILED._asdict()]
    moments = [(at_s, do), *([] if to_s is None else [(to_s, undo)])]
    return [
        NetworkChange.model_validate(
            {"at_s": moment_s, "fault": 0, "do": what, "link": FAILED.link, **path}
        )
        for moment_s, what in moments
        for path in paths
    ]


def stopped(at_s: float) -> list[NetworkChange]:
    """A router dies, and its links go dark."""
    return _at_router(at_s, "stop-router", "link-down")


def started(at_s: float) -> list[NetworkChange]:
    """It is there again."""
    return _at_router(at_s, "start-router", "link-up")


def _at_router(at_s: float, of: str, do: str) -> list[NetworkChange]:
    lines = [link.id for link in RING.links_at("r-1")]
    return [
        NetworkChange.model_validate({"at_s": at_s, "fault": 0, **what})
        for what in ({"do": of, "router": "r-1"}, *({"do": do, "link": link} for link in lines))
    ]


def turned_ms(
    network: Network, found: RoutesOverTime, direction: str, after_s: float, path: list[str]
) -> float:
    """How long after a moment packets take a way for good, in ms."""
    until_s = TO_S if after_s < TO_S else END_S
    moments = sorted({c.at_ns for c in found.changes if after_s * 1e9 <= c.at_ns < until_s * 1e9})
    turned = [found.paths_at(network, at_ns)[BRIDGE][direction] == path for at_ns in moments]
    assert True in turned, f"never again {path}"
    first = turned.index(True)
    assert all(turned[first:])
    return moments[first] / MS - after_s * 1e3


def bounds_ms(routing: dict[str, Any], how: str) -> tuple[float, float]:
    """The least and the most until all packets go the other way round (docs/routing.md)."""
    spf, install = routing["spf_ms"], routing.get("route_install_ms", 20)
    seen = routing.get("loss_of_signal_ms", 10)
    if how == "cut":
        return seen + install, seen + 2 * spf + install
    if routing["protocol"] == "ospf":
        dead, hello = routing["dead_ms"], routing["hello_ms"]
        return dead - hello + install, dead + 2 * spf + install
    every, many = routing["bfd_interval_ms"], routing["bfd_multiplier"]
    return (many - 1) * every + install, many * every + 2 * spf + install


@pytest.mark.parametrize("how", ["cut", "silent", "one way"])
@pytest.mark.parametrize("setting", TIMED)
@pytest.mark.parametrize("seed", [1, 20])
def test_ways_turn_within_what_the_timers_allow(setting: str, how: str, seed: int) -> None:
    routing = SETTINGS[setting]
    network = ring(routing)
    found = routes_over_time(network, changes(how), seed, END_S)
    assert found.paths_at(network, 0)[BRIDGE] == {"up": BEST, "down": BEST[::-1]}
    least_ms, most_ms = bounds_ms(routing, how)
    up_ms, down_ms = (
        turned_ms(network, found, direction, AT_S, path)
        for direction, path in (("up", REST), ("down", REST[::-1]))
    )
    assert least_ms - SLACK_MS <= max(up_ms, down_ms) <= most_ms + SLACK_MS
    # mended, a neighbour is heard both ways after a hello, and its account may have to wait
    for direction, path in (("up", BEST), ("down", BEST[::-1])):
        assert turned_ms(network, found, direction, TO_S, path) <= 2 * routing["hello_ms"] + max(
            settled_after_ms(network.routing), 10 * routing["spf_ms"]
        )


@pytest.mark.parametrize(("calm_s", "waits"), [(2.0, True), (8.0, False)])
def test_a_link_that_fails_again_soon_is_withdrawn_as_late_as_the_slow_case_says(
    calm_s: float, *, waits: bool
) -> None:
    """With routers whose clock, and so MinLSInterval, is that of the network."""
    routing = SETTINGS["true-clock"]
    network = ring(routing)
    again_s = TO_S + calm_s
    second = [c.model_copy(update={"fault": 1}) for c in changes("cut", None, again_s)]
    made = [*changes("cut"), *second]
    assert lsa_wait_ms(network, made, 0) == 0
    wait_ms = lsa_wait_ms(network, made, 1)
    assert (wait_ms > 3_000) == waits
    _, usual_ms = bounds_ms(routing, "cut")
    turned = []
    for seed in range(6):
        found = routes_over_time(network, made, seed, again_s + 12)
        moments = [c.at_ns for c in found.changes if c.at_ns > again_s * 1e9]
        turned.append(max(moments) / MS - again_s * 1e3)
    assert max(turned) <= usual_ms + wait_ms + SLACK_MS
    assert (max(turned) > usual_ms + SLACK_MS) == waits


@settings(max_examples=examples(25))
@given(st.integers(0, 1 << 30), st.sampled_from(["cut", "silent"]))
def test_at_any_seed_all_find_the_ways_that_are_left(seed: int, how: str) -> None:
    network = ring(SETTINGS["100x3"])
    found = routes_over_time(network, changes(how, None), seed, AT_S + 3)
    after = found.paths_at(network, round((AT_S + 3) * 1e9))
    assert after[BRIDGE] == {"up": REST, "down": REST[::-1]}
    again = routes_over_time(network, changes(how, None), seed, AT_S + 3)
    assert again == found
    least_ms, most_ms = bounds_ms(SETTINGS["100x3"], how)
    for change in found.changes:
        after_ms = change.at_ns / MS - AT_S * 1e3
        assert least_ms - SLACK_MS <= after_ms <= most_ms + SLACK_MS


ASKED = st.tuples(
    st.integers(1, 2),
    st.sampled_from(["cut", "silent", "router"]),
    # whole seconds are moments at which routers have something to do
    st.sampled_from([2.0, 3.0, 5.0]) | st.floats(1.0, 6.0),
)


@settings(max_examples=examples(10))
@given(st.lists(ASKED, min_size=2, max_size=4), st.sampled_from(sorted(TIMED)))
def test_who_goes_on_from_routers_that_are_known_finds_the_same(
    asked: list[tuple[int, str, float]], setting: str
) -> None:
    known = KnownRouters()
    for seed, how, at_s in asked:
        network = ring(TIMED[setting])
        made = stopped(at_s) if how == "router" else changes(how, None, at_s)
        expected = routes_over_time(network, made, seed, at_s + 4)
        assert routes_over_time(network, made, seed, at_s + 4, known) == expected
        assert expected.changes


def test_what_fails_at_the_moment_of_a_tick_is_seen_in_it_by_routers_that_are_known_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = ring(SETTINGS["100x3"])
    ticks_ns: list[int] = []
    own = RoutedNetwork._tick

    def tick(routers: RoutedNetwork, router: Any, now_ns: int) -> None:
        ticks_ns.append(now_ns - routers._origin_ns)
        own(routers, router, now_ns)

    with monkeypatch.context() as patch:
        patch.setattr(RoutedNetwork, "_tick", tick)
        RoutedNetwork(network, 1).calm_until(round(2.1e9))
    ticks_ns = [tick_ns for tick_ns in ticks_ns if tick_ns >= 2e9]
    assert len(ticks_ns) == len(network.routers)
    assert network.routing is not None
    for tick_ns in ticks_ns:
        at_s = tick_ns / 1e9 - network.routing.seen_after_ms / 1e3
        made, until_s = changes("cut", None, at_s), at_s + 2
        expected = routes_over_time(network, made, 1, until_s)
        assert routes_over_time(network, made, 1, until_s, KnownRouters()) == expected


def test_routers_that_are_known_do_not_find_their_routes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = []
    own = RoutedNetwork.__init__

    def begin(routers: RoutedNetwork, network: Network, seed: int) -> None:
        begun.append(seed)
        own(routers, network, seed)

    monkeypatch.setattr(RoutedNetwork, "__init__", begin)
    known = KnownRouters()
    for seed, at_s in ((1, 3.0), (1, 3.0), (1, 4.5), (1, 4.0), (2, 4.0)):
        routes_over_time(ring(SETTINGS["100x3"]), changes("cut", None, at_s), seed, at_s + 1, known)
    # what is past is not gone back to, and routers draw other numbers at another seed
    assert begun == [1, 1, 2]


def test_a_protected_ring_turns_at_once() -> None:
    network = ring(SETTINGS["protected"])
    found = routes_over_time(network, changes("cut"), 1, END_S)
    assert {change.at_ns / 1e9 for change in found.changes} == {AT_S + 0.05, TO_S + 0.05}
    assert turned_ms(network, found, "up", AT_S, REST) == pytest.approx(50)
    assert turned_ms(network, found, "down", TO_S, BEST[::-1]) == pytest.approx(50)


@pytest.mark.parametrize("routing", [None, {"protocol": "static"}])
def test_static_routes_never_change(routing: dict[str, Any] | None) -> None:
    network = RING if routing is None else ring(routing)
    found = routes_over_time(network, changes("cut"), 1, END_S)
    assert found.changes == []
    assert found.paths_at(network, round(10e9))[BRIDGE]["up"] == BEST


def test_a_router_that_dies_forgets_its_routes_and_finds_them_again() -> None:
    network = ring(SETTINGS["100x3"])
    found = routes_over_time(network, [*stopped(AT_S), *started(TO_S)], 3, END_S)
    gone = [change for change in found.changes if change.at_ns == AT_S * 1e9]
    assert {(change.router, change.link) for change in gone} == {("r-1", None)}
    assert turned_ms(network, found, "up", AT_S, REST) <= 10 + 200 + 20 + 2
    assert turned_ms(network, found, "up", TO_S, BEST) <= 3_000


def test_adjacent_is_only_who_has_all_that_the_other_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """RFC 2328 §10.3, also where an LSA is told of by both neighbours of a router that has started
    anew, in two versions as they could not tell each other, and the newer one comes too soon."""
    told: dict[tuple[str, str], dict[str, int]] = {}
    adjacent = 0
    hear, originate = RoutedNetwork._hear_description, RoutedNetwork._originate_lsa

    def hears(self: Any, link: Any, step: int, numbers: dict[str, int], *at: Any) -> None:
        told[at[0].id, link.id] = numbers
        hear(self, link, step, numbers, *at)

    def tells(self: Any, router: Any, number: int) -> Any:
        nonlocal adjacent
        lsa = originate(self, router, number)
        for _, link, _ in lsa.links:
            adjacent += 1
            known = {name: found.number for name, (found, _) in router.database.items()}
            assert all(known[name] >= at for name, at in told[router.id, link].items())
        return lsa

    monkeypatch.setattr(RoutedNetwork, "_hear_description", hears)
    monkeypatch.setattr(RoutedNetwork, "_originate_lsa", tells)
    network = ring(SETTINGS["100x3"])
    cut = NetworkChange(at_s=AT_S + 1, fault=1, do="link-down", link="l-2")
    for seed in range(5):
        found = routes_over_time(network, [*stopped(AT_S), cut, *started(TO_S)], seed, END_S)
        assert found.paths_at(network, round(END_S * 1e9))[BRIDGE] == {
            "up": BEST,
            "down": BEST[::-1],
        }
    assert adjacent > 50


def test_routes_may_be_installed_long_after_they_are_found() -> None:
    """The limit is for finding them: what is installed after it is no failure of the routers'."""
    routing = SETTINGS["100x3"]
    quick = {**routing, "hello_ms": 100, "dead_ms": 200}
    slow = RoutedNetwork(ring({**quick, "route_install_ms": 5_000}), 1)
    assert slow.agreed_ns > 20 * 200 * MS


@settings(max_examples=examples(20))
@given(seed=st.integers(0, 2**31), later_ms=st.integers(1, 900))
def test_who_installs_routes_later_agrees_by_so_much_later(seed: int, later_ms: int) -> None:
    """Whatever the timers' grids: when a run begins hangs on it."""
    routing = SETTINGS["100x3"]
    agreed_ns = [
        RoutedNetwork(ring({**routing, "route_install_ms": ms}), seed).agreed_ns
        for ms in (20, 20 + later_ms)
    ]
    assert agreed_ns[1] - agreed_ns[0] == later_ms * 1_000_000


@given(after_ns=st.integers(0, 10**11))
def test_it_is_asked_far_from_whole_seconds(after_ns: int) -> None:
    at_ns = next_asked_ns(after_ns)
    assert 0 < at_ns - after_ns <= ASK_EVERY_NS
    assert 50 * MS <= at_ns % (1000 * MS) <= 950 * MS
    assert next_asked_ns(at_ns - 1) == at_ns
