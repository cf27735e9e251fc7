"""The search for the cheapest change, and what things cost."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import NORTH, SMALL, scenario

from giaoban.mcu_sim.device import load_devices
from giaoban.results.model.studies.whatif import CostOf
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.study.whatif.apply import Base, ask
from giaoban.scenarios.study.whatif.ladder import holds, larger_devices, lower_profiles, next_rate
from giaoban.scenarios.study.whatif.remedy import cost_of, key_of, remedies
from giaoban.scenarios.study.whatif.search import Key, SearchState
from giaoban.scenarios.study.whatif.variant import Price, Variant
from giaoban.topology.model import LinkChange
from giaoban.traffic.profiles import load_profiles


def test_larger_devices_hold_the_calls_with_units_to_spare() -> None:
    """36 × 720p30 at 3 units are 108, of at most 80 %: 135 units or more, RMX 2000 has 180."""
    devices = load_devices().device
    found = larger_devices(devices, 36, "720p30", 80.0)
    assert found[0].id == "rmx-2000-mpmx"
    assert "rmx-1500-mpmx" not in [device.id for device in found]
    sizes = [holds(device, "720p30") for device in found]
    assert sizes == sorted(sizes)
    assert min(sizes) >= 36


def test_lower_calls_are_of_the_same_kind() -> None:
    profiles = load_profiles()
    asked = profiles.pick("720p30-2m")
    found = lower_profiles(profiles, asked)
    assert found[0].id == "720p30-1m"
    assert all(p.video_kbps < asked.video_kbps for p in found)
    assert {p.video_profile for p in found} == {asked.video_profile}
    assert {p.content_kbps for p in found} == {None}


@pytest.mark.parametrize(
    ("mbps", "least", "wanted"),
    [(100, 0, 150), (100, 360, 500), (7, 0, 8), (100_000, 0, None), (2, 2, 4)],
)
def test_steps_of_lines(mbps: float, least: float, wanted: float | None) -> None:
    assert next_rate(mbps, least) == wanted


def test_a_state_counts_what_is_bought() -> None:
    state = (
        SearchState("rmx-2000-mpmx", None).faster("access-mcu", 150.0).faster("access-mcu", 200.0)
    )
    assert state.rates == (("access-mcu", 200.0),)
    assert (state.purchases, state.changed) == (2, 2)
    assert (
        SearchState(profile="sd30-512k").purchases,
        SearchState(profile="sd30-512k").changed,
    ) == (0, 1)


PRICES = [
    Price(what="bridge", million_vnd=30.0, source="offer"),
    Price(what="device", id="rmx-2000-mpmx", million_vnd=900.0, source="offer"),
    Price(what="link-mbps", million_vnd=0.5, source="tariff"),
    Price(what="link-mbps", id="access-mcu", million_vnd=0.2, source="own fibre"),
]


def cost(variant: Variant, device: str | None, bridges: int) -> CostOf:
    return cost_of(
        variant,
        PRICES,
        device=device,
        profile=variant.profile,
        bridges=bridges,
        rates={"access-mcu": 100.0, "a--b": 100.0},
    )


def test_costs_add_up() -> None:
    """2 × 30 + 900 + 50 Mb/s × 0.2 + 50 Mb/s × 0.5."""
    links = [
        LinkChange(link="access-mcu", rate_mbps=150.0, source="test"),
        LinkChange(link="a--b", rate_mbps=150.0, source="test"),
    ]
    found = cost(Variant(id="v", link=links), "rmx-2000-mpmx", 2)
    assert found.million_vnd == pytest.approx(60 + 900 + 10 + 25)
    assert found.unpriced == []


def test_what_has_no_price_is_said_and_makes_no_sum() -> None:
    found = cost(Variant(id="v", profile="sd30-512k"), "vp9660", 1)
    assert found.million_vnd is None
    assert found.unpriced == ["device: vp9660", "calls: sd30-512k"]


@pytest.mark.parametrize("bridge_has_a_price", [True, False])
def test_what_has_no_price_in_any_state_leaves_the_others_prices_to_decide(
    tmp_path: Path, bridge_has_a_price: bool
) -> None:
    """Two cheap lines go before a dear one: what is bought fewest counts after prices."""
    path = scenario(tmp_path / "s.toml", bridges=(NORTH,))
    base, variant = Base(path, SMALL), Variant(id="v")
    question = ask(base, variant).question
    rates = {link.id: link.rate_mbps for link in question.plan.network.links}
    dear, *cheap = [link.id for link in question.plan.network.links][:3]
    prices = [
        Price(what="link-mbps", id=dear, million_vnd=50.0, source="offer"),
        Price(what="link-mbps", million_vnd=1.0, source="offer"),
        *[Price(what="bridge", million_vnd=7.0, source="offer")] * bridge_has_a_price,
    ]
    states = [
        SearchState().with_rates({line: rates[line] + 10.0 for line in lines})
        for lines in (cheap, [dear])
    ]
    order = [key_of(variant, question, state, question, prices, rates) for state in states]
    assert order == sorted(order)
    calls = SearchState(profile="sd30-512k")  # has no price of its own: after all that have one
    assert key_of(variant, question, calls, question, prices, rates) > max(order)
    assert [state.purchases for state in states] == [2, 1]


POLICED = """
[[bridge.profile]]
cir_mbps = 10.0
cbs_bytes = 6000
source = "test"
"""


def test_calls_as_asked_come_before_lower_calls_unless_a_price_says_otherwise(
    tmp_path: Path,
) -> None:
    """Without prices a lower call is not free: it is worse for every bridge."""
    base = Base(scenario(tmp_path / "s.toml"), SMALL)
    variant = Variant(id="as-asked")
    question = ask(base, variant).question
    rates = {link.id: link.rate_mbps for link in question.plan.network.links}
    bought = SearchState("rmx-2000-1-mpmx", rates=(("access-mcu", 1000.0),))
    lowered = SearchState(profile="720p30-1m")

    def key(state: SearchState, *prices: Price) -> Key:
        return key_of(variant, question, state, question, prices, rates)

    assert key(bought) < key(lowered)
    free = Price(what="profile", million_vnd=0.0, source="offer")
    assert key(lowered, free) < key(bought, free)


def test_a_line_that_a_carrier_polices_is_shaped_before_anything_is_bought(tmp_path: Path) -> None:
    path = scenario(
        tmp_path / "s.toml",
        bridges=({**NORTH, "rate_mbps": 100.0},),
        phases=(10, 10, 10),
        more=POLICED,
    )
    base = Base(path, SMALL)
    question = ask(base, Variant(id="as-asked")).question
    result = estimate(question).result
    assert result.verdict == "fail"
    network = question.plan.network
    found = remedies(
        base,
        Variant(id="as-asked"),
        question,
        result,
        prices=(),
        rates={link.id: link.rate_mbps for link in network.links},
        judge=estimate,
        progress=lambda _what, _done: None,
    )
    assert found.as_asked.state == SearchState(shaped=(("access-north", 10.0),))
    assert (found.as_asked.state.purchases, found.lowered) == (0, None)
    line = found.as_asked.question.plan.network.link("access-north")
    assert line.rate_mbps == 10.0
    assert [each.cbs_bytes for each in line.profiles] == [6000, 6000]
    assert [judged.state for judged in found.judged[:2]] == [SearchState(), found.as_asked.state]
