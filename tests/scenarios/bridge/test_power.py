"""When a host has power: from a plan's outages, which may overlap."""

from __future__ import annotations

from giaoban.clock import NEVER_NS
from giaoban.scenarios.bridge.power import Power
from giaoban.topology.changes import Outage

S = 1_000_000_000
ORIGIN = 7 * S


def of(*spans: tuple[float, float | None], host: str = "west") -> Power:
    outages = [Outage(host="west", from_s=a, to_s=b, fault=0) for a, b in spans]
    return Power.of(host, outages, ORIGIN)


def test_a_host_without_outages_is_on_all_the_time() -> None:
    for power in (of(), of((1, 2), host="east")):
        assert power.gaps == ()
        assert power.lasts_until(ORIGIN) == NEVER_NS
        assert list(power.up_times(ORIGIN, ORIGIN + 9 * S)) == [(ORIGIN, ORIGIN + 9 * S)]


def test_until_when_there_is_power() -> None:
    power = of((1, 2), (5, None))
    assert power.lasts_until(ORIGIN) == ORIGIN + 1 * S
    assert power.lasts_until(ORIGIN + 1 * S) == ORIGIN + 1 * S
    assert power.lasts_until(ORIGIN + 2 * S - 1) == ORIGIN + 1 * S
    assert power.lasts_until(ORIGIN + 2 * S) == ORIGIN + 5 * S
    assert power.lasts_until(ORIGIN + 90 * S) == ORIGIN + 5 * S


def test_outages_that_overlap_are_one() -> None:
    assert of((4, 6), (1, 3), (2, 3.5), (6, 7)).gaps == (
        (ORIGIN + 1 * S, ORIGIN + 3_500_000_000),
        (ORIGIN + 4 * S, ORIGIN + 7 * S),
    )
    assert of((1, None), (2, 3)).gaps == ((ORIGIN + 1 * S, NEVER_NS),)


def test_times_with_power_end_at_the_end() -> None:
    end = ORIGIN + 9 * S
    assert list(of((1, 2), (5, 20)).up_times(ORIGIN, end)) == [
        (ORIGIN, ORIGIN + 1 * S),
        (ORIGIN + 2 * S, ORIGIN + 5 * S),
    ]
    assert list(of((1, None)).up_times(ORIGIN, end)) == [(ORIGIN, ORIGIN + 1 * S)]
    assert list(of((0, 2)).up_times(ORIGIN, end)) == [(ORIGIN + 2 * S, end)]
    assert list(of((12, 13)).up_times(ORIGIN, end)) == [(ORIGIN, end)]
    assert list(of((1, 9)).up_times(ORIGIN, end)) == [(ORIGIN, ORIGIN + 1 * S)]
