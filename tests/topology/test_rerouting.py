"""The longest that routers take until they have their new ways, from their timers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from giaoban.topology.changes import NetworkChange
from giaoban.topology.emulation.failable_link import FailableLink
from giaoban.topology.load import load_province
from giaoban.topology.model import UNSAID, Routing
from giaoban.topology.network import NetLink, build
from giaoban.topology.rerouting import lsa_wait_ms, settled_after_ms
from giaoban.translation import translator

DEFAULT = Path(__file__).resolve().parents[2] / "topology" / "province.toml"
TIMERS = {"hello_ms": 1000, "dead_ms": 4000, "spf_ms": 100}
BFD = {"bfd_interval_ms": 100, "bfd_multiplier": 3}


def routing(protocol: str, **keys: Any) -> Routing:
    return Routing.model_validate({"protocol": protocol, **keys, "source": "t"})


def test_static_routes_are_never_others() -> None:
    assert settled_after_ms(None) == 0
    assert settled_after_ms(routing("static")) == 0


def test_a_protected_ring_takes_its_time_of_protection() -> None:
    assert settled_after_ms(routing("protected", protection_ms=50)) == 50


@pytest.mark.parametrize(
    ("protocol", "keys", "expected"),
    [
        # heard again after a hello, told 5 s of a clock ten times as fast later, taken in twice,
        # and in effect 20 ms later where the province does not say
        ("ospf-bfd", {**TIMERS, **BFD}, 1000 + 500 + 200 + 20),
        ("ospf-bfd", {**TIMERS, **BFD, "bfd_interval_ms": 500}, 1500 + 500 + 200 + 20),
        ("ospf", TIMERS, 4000 + 500 + 200 + 20),
        ("ospf", {**TIMERS, "spf_ms": 1000}, 4000 + 5000 + 2000 + 20),
        ("ospf-bfd", {**TIMERS, **BFD, "route_install_ms": 0}, 1000 + 500 + 200),
        ("ospf-bfd", {**TIMERS, **BFD, "loss_of_signal_ms": 1200}, 1200 + 500 + 200 + 20),
    ],
)
def test_ospf_takes_the_sum_of_its_timers(
    protocol: str, keys: dict[str, int], expected: float
) -> None:
    assert settled_after_ms(routing(protocol, **keys)) == expected


def test_what_a_province_does_not_say_is_assumed() -> None:
    unsaid, said = routing("ospf", **TIMERS), {"loss_of_signal_ms": 0, "route_install_ms": 7}
    assert (unsaid.seen_after_ms, unsaid.installed_after_ms) == (10, 20)
    given = routing("ospf", **TIMERS, **said)
    assert (given.seen_after_ms, given.installed_after_ms) == (0, 7)
    assert (unsaid.between_lsas_ms, given.between_lsas_ms) == (5000, 5000)
    assert (
        routing("ospf", **{**TIMERS, "spf_ms": 10}, min_ls_interval_ms=200).between_lsas_ms == 200
    )
    static = routing("static")
    assert static.between_lsas_ms == 0
    assert (static.seen_after_ms, static.installed_after_ms) == (0, 0)
    assert UNSAID.assumed
    source, settled_by = UNSAID.said(translator("vi"))
    assert source != UNSAID.source
    assert settled_by != UNSAID.settled_by


def change(at_s: float, do: str, link: str) -> NetworkChange:
    ends = {}
    if do == "discard":
        there = NETWORK.link(link)
        ends = {"source": there.a, "target": there.b}
    return NetworkChange.model_validate({"at_s": at_s, "fault": 0, "do": do, "link": link, **ends})


NETWORK = build(load_province(DEFAULT))
RING = ("gia-nghia--dak-song", "dak-song--dak-mil", "gia-nghia--dak-r-lap")


@pytest.mark.parametrize(
    ("changes", "waits"),
    [
        ([(10, "link-down", RING[0])], False),
        ([(10, "discard", RING[0])], False),
        # of two that fail at once the far ends have one change each
        ([(10, "discard", RING[0]), (10, "discard", RING[1])], False),
        ([(10, "link-down", RING[0]), (12, "link-down", RING[1])], False),
        # both ends of the second link have just told of another one
        (
            [
                (10, "discard", RING[0]),
                (10, "discard", "tuy-duc--dak-song"),
                (10, "discard", "dak-r-lap--tuy-duc"),
            ],
            True,
        ),
        ([(10, "link-down", RING[0]), (11, "link-up", RING[0]), (12, "link-down", RING[0])], True),
        ([(10, "link-down", RING[0]), (11, "link-up", RING[0]), (20, "link-down", RING[0])], False),
    ],
)
def test_an_lsa_waits_only_where_both_ends_have_to(
    changes: list[tuple[float, str, str]], *, waits: bool
) -> None:
    found = lsa_wait_ms(NETWORK, [change(*each) for each in changes], 0)
    assert (found > 0) == waits
    assert found <= 5000


class End:
    """Notes what a link's end is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def set_down(self, *, on: bool) -> None:
        self.said.append("down" if on else "up")

    def discard(self, *, on: bool) -> None:
        self.said.append("discards" if on else "passes")


def fragile() -> tuple[FailableLink, End]:
    link = NetLink.model_construct(id="l", a="r-a", b="r-b")
    ends: Any = {"r-a": End(), "r-b": End()}
    return FailableLink(link, ends), ends["r-a"]


def test_packets_are_gone_before_the_port_notices() -> None:
    link, end = fragile()
    outage = link.take_down()
    assert end.said == ["discards"]
    link.notice(outage)
    assert end.said == ["discards", "down"]
    link.notice(outage)
    link.bring_up()
    assert end.said == ["discards", "down", "up", "passes"]


def test_a_darkness_that_is_over_is_never_noticed() -> None:
    """Flapping faster than the port sees: only what lasts so long is seen."""
    link, end = fragile()
    first = link.take_down()
    link.bring_up()
    second = link.take_down()
    link.notice(first)
    assert end.said == ["discards", "passes", "discards"]
    third = link.take_down()  # another fault takes its light too
    assert third == second
    link.notice(second)
    link.notice(third)
    link.bring_up()
    assert end.said == ["discards", "passes", "discards", "down"]
    link.bring_up()
    assert end.said[-2:] == ["up", "passes"]


@given(
    hello=st.integers(1, 20_000),
    dead=st.integers(1, 60_000),
    spf=st.integers(1, 2000),
    protocol=st.sampled_from(["ospf-bfd", "ospf", "static"]),
)
def test_timers_that_are_drawn_are_made_to_fit_each_other(
    hello: int, dead: int, spf: int, protocol: str
) -> None:
    own = routing("ospf-bfd", **TIMERS, **BFD, loss_of_signal_ms=5)
    wanted = {"hello_ms": hello, "dead_ms": dead, "spf_ms": spf, "bfd_multiplier": 4}
    fit = own.fitted({**wanted, "protocol": protocol})
    there = Routing.model_validate({**own.model_dump(), **fit})
    assert there.protocol == protocol
    if protocol == "static":
        assert there.spf_ms is there.loss_of_signal_ms is None
        return
    assert there.spf_ms is not None
    assert there.hello_ms is not None
    assert there.dead_ms is not None
    assert there.bfd_multiplier == (4 if protocol == "ospf-bfd" else None)
    assert there.spf_ms / min(spf, 1000) == pytest.approx(1.0, abs=1.0)
    assert abs(there.hello_ms - hello) <= there.spf_ms
    assert abs(there.dead_ms - max(dead, 2 * there.hello_ms)) <= there.spf_ms


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("protocol", "rip", "is not known"),
        *((key, least, "is out of range") for key in TIMERS for least in (0, -10)),
    ],
)
def test_what_no_router_has_is_not_made_to_fit(key: str, value: int | str, said: str) -> None:
    """A range that says so is refused as any other."""
    own = routing("ospf-bfd", **TIMERS, **BFD)
    assert own.fitted({key: value}) == {key: value}
    choices = {"choices": [own.protocol, value]}
    most = {"low": value, "high": 60_000}
    told = {"range": {key: {**(choices if key == "protocol" else most), "source": "test"}}}
    with pytest.raises(ValidationError, match=said):
        routing("ospf-bfd", **TIMERS, **BFD, assumed=True, settled_by="test", **told)
