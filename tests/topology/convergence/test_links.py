"""When links take packets, and when their ends know."""

from __future__ import annotations

from provinces import province_of

from giaoban.topology.changes import NetworkChange
from giaoban.topology.convergence.links import link_times
from giaoban.topology.network import Hop, Network, build

LINK = "l-0"
THERE, BACK = Hop(LINK, "r-0", "r-1"), Hop(LINK, "r-1", "r-0")


def network(protocol: str = "ospf", loss_of_signal_ms: int = 10) -> Network:
    found = build(province_of([(0, 1, 40.0)], routers=2, bridges=[1]))
    routing = {"protocol": protocol, "source": "t"}
    if protocol == "ospf":
        routing |= {"hello_ms": 1000, "dead_ms": 4000, "spf_ms": 100}  # type: ignore[dict-item]
        routing["loss_of_signal_ms"] = loss_of_signal_ms  # type: ignore[assignment]
    return Network.model_validate({**found.model_dump(), "routing": routing})


def change(at_s: float, do: str, hop: Hop | None = None) -> NetworkChange:
    where = {"link": LINK} if hop is None else hop._asdict()
    return NetworkChange.model_validate({"at_s": at_s, "fault": 0, "do": do, **where})


def test_a_dark_link_swallows_at_once_and_is_seen_later() -> None:
    times = link_times(network(), [change(1.0, "link-down"), change(2.0, "link-up")])
    assert times.discards == dict.fromkeys((THERE, BACK), (10**9, 2 * 10**9))
    assert times.carrier_down == {LINK: (1_010_000_000, 2_000_000_000)}
    assert times.passes(THERE, 999_999_999)
    assert not times.passes(THERE, 10**9)
    assert times.passes(BACK, 2 * 10**9)


def test_a_darkness_that_is_over_before_it_is_seen_is_never_seen() -> None:
    made = [change(1.0, "link-down"), change(1.005, "link-up"), change(2.0, "link-down")]
    times = link_times(network(), made)
    assert times.carrier_down == {LINK: (2_010_000_000,)}
    assert times.discards[THERE] == (10**9, 1_005_000_000, 2 * 10**9)


def test_a_link_that_is_darkened_twice_is_dark_until_the_last_lets_it_go() -> None:
    made = [
        change(1.0, "link-down"),
        change(1.5, "link-down"),
        change(2.0, "link-up"),
        change(3.0, "link-up"),
    ]
    times = link_times(network(), made)
    assert times.carrier_down == {LINK: (1_010_000_000, 3 * 10**9)}
    assert times.discards[THERE] == (10**9, 3 * 10**9)


def test_a_direction_is_held_as_long_as_anything_holds_it() -> None:
    made = [
        change(1.0, "discard", THERE),
        change(1.5, "link-down"),
        change(2.0, "forward", THERE),
        change(3.0, "link-up"),
    ]
    times = link_times(network(), made)
    assert times.discards[THERE] == (10**9, 3 * 10**9)
    assert times.discards[BACK] == (1_500_000_000, 3 * 10**9)
    assert times.failed(1_200_000_000) == [LINK]
    assert times.failed(3 * 10**9) == []


def test_where_nobody_computes_routes_light_is_seen_at_once() -> None:
    times = link_times(network("static"), [change(1.0, "link-down")])
    assert times.carrier_down[LINK] == (10**9,)


def test_a_plan_of_an_earlier_run_is_understood() -> None:
    """An annex may be written of a run that an earlier version made."""
    earlier = [change(1.0, "darken"), change(2.0, "lighten"), change(3.0, "swallow", THERE)]
    today = [change(1.0, "link-down"), change(2.0, "link-up"), change(3.0, "discard", THERE)]
    assert earlier == today
