"""The longest that routers take until they have their new ways, from their timers."""

from __future__ import annotations

import pytest

from topology.model import Routing
from topology.rerouting import settled_after_ms

TIMERS = {"hello_ms": 1000, "dead_ms": 4000, "spf_ms": 100}
BFD = {"bfd_interval_ms": 100, "bfd_multiplier": 3}


def routing(protocol: str, **keys: int) -> Routing:
    return Routing.model_validate({"protocol": protocol, **keys, "source": "t"})


def test_static_routes_are_never_others() -> None:
    assert settled_after_ms(None) == 0
    assert settled_after_ms(routing("static")) == 0


def test_a_protected_ring_takes_its_time_of_protection() -> None:
    assert settled_after_ms(routing("protected", protection_ms=50)) == 50


@pytest.mark.parametrize(
    ("protocol", "keys", "expected"),
    [
        # heard again after a hello, told 5 s of a clock ten times as fast later, taken in twice
        ("ospf-bfd", {**TIMERS, **BFD}, 1000 + 500 + 200),
        ("ospf-bfd", {**TIMERS, **BFD, "bfd_interval_ms": 500}, 1500 + 500 + 200),
        ("ospf", TIMERS, 4000 + 500 + 200),
        ("ospf", {**TIMERS, "spf_ms": 1000}, 4000 + 5000 + 2000),
    ],
)
def test_ospf_takes_the_sum_of_its_timers(
    protocol: str, keys: dict[str, int], expected: float
) -> None:
    assert settled_after_ms(routing(protocol, **keys)) == expected
