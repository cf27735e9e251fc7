"""A variant's changes in a scenario: what they come to, and those that cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import NORTH, scenario
from whatif_factory import base

from giaoban.errors import InputError
from giaoban.mcu_sim.device import load_devices, pick
from giaoban.scenarios.study.whatif.apply import EXISTING, ask, base_of, siblings, with_cards
from giaoban.scenarios.study.whatif.cut_away import cut_away
from giaoban.scenarios.study.whatif.variant import OtherMeeting, Variant, Variants
from giaoban.scenarios.study.whatif.words import changes
from giaoban.tomlfile import load
from giaoban.topology.model import BridgeSpec, Link, LinkChange

SOURCE = {"source": "test"}
LINK: dict[str, Any] = {"id": "second", "km": 5.0, "rate_mbps": 50.0, "buffer_packets": 100}


def variant(**fields: Any) -> Variant:
    return Variant.model_validate({"id": "v", **fields})


def test_nothing_changed_is_the_scenario(tmp_path: Path) -> None:
    plan = ask(base(tmp_path), variant()).question.plan
    assert [call.bridge for call in plan.calls] == ["west", "east"]
    assert [phase.end_s - phase.start_s for phase in plan.phases] == [2.0, 2.0, 2.0]


def test_bridges_without_a_name_hang_on_all_routers_in_turn(tmp_path: Path) -> None:
    question = ask(base(tmp_path), variant(more=3)).question
    new = [call.bridge for call in question.plan.calls if call.new]
    assert new == ["more-01", "more-02", "more-03"]
    assert [b.router for b in question.scenario.new_bridges] == ["r-west", "r-east", "r-west"]
    assert all(bridge.assumed for bridge in question.scenario.new_bridges)


def test_bridges_join_at_a_pace(tmp_path: Path) -> None:
    """0.5 s each, and never less than the scenario's own 2 s."""

    def during_s(more: int) -> float:
        phase = ask(base(tmp_path), variant(more=more)).question.plan.phases[1]
        return phase.end_s - phase.start_s

    assert (during_s(3), during_s(12)) == (2.0, 6.0)


def test_all_communes_of_2025(tmp_path: Path) -> None:
    plan = ask(base_of(EXISTING), variant(add=["all-2025"])).question.plan
    assert (len(plan.calls), sum(call.new for call in plan.calls)) == (36, 28)


def test_device_profile_and_links(tmp_path: Path) -> None:
    changed = variant(
        device="rmx-4000-mpmx",
        profile="sd30-512k",
        link=[LinkChange(link="west--east", rate_mbps=34.0, **SOURCE)],
        new_link=[Link(a="r-west", b="r-east", **LINK, **SOURCE)],
    )
    plan = ask(base(tmp_path), changed).question.plan
    assert (plan.device.id, plan.profile.id) == ("rmx-4000-mpmx", "sd30-512k")
    assert plan.network.link("west--east").rate_mbps == 34.0
    assert plan.network.link("second").rate_mbps == 50.0


@pytest.mark.parametrize(
    ("own", "packets", "settled_by"),
    [
        ({"rate_mbps": 20.0}, 17, "the router"),  # 10 ms of the new rate
        ({"rate_mbps": 20.0, "buffer_packets": 30}, 30, "the router"),
        ({"buffer_bytes": 9000}, 6, "the router"),
        ({"km": 9.0, "loss_pct": 0.5, "buffer_ms": 20.0}, 17, ""),
    ],
)
def test_what_a_scenario_says_of_a_link_holds_where_a_variant_says_nothing_else(
    tmp_path: Path, own: dict[str, Any], packets: int, settled_by: str
) -> None:
    line = {"km": 7.0, "loss_pct": 0.1, "buffer_ms": 10.0, "source": "offer"}
    said = "".join(f"{key} = {json.dumps(value)}\n" for key, value in line.items())
    link = f'[[link]]\nlink = "access-north"\n{said}assumed = true\nsettled_by = "the router"\n'
    file = scenario(tmp_path / "s.toml", more=link)
    changed = variant(link=[LinkChange(link="access-north", **own, **SOURCE)])
    plan = ask(base_of(file), changed).question.plan
    found = plan.network.link("access-north")
    assert found.buffer_packets == packets
    assert (found.km, found.loss_pct) == (own.get("km", 7.0), own.get("loss_pct", 0.1))
    assert found.settled_by == settled_by
    assert found.assumed == bool(settled_by)
    assert found.source.endswith("offer; test" if settled_by else "): test")


def test_another_meeting_takes_calls_and_the_reserve(tmp_path: Path) -> None:
    """Pexip holds back a connection for each conference (devices.toml)."""
    other = variant(device="pexip-node-20", meeting=[OtherMeeting(calls=2, at="r-east")])
    alone = ask(base(tmp_path), variant(device="pexip-node-20")).question.plan
    both = ask(base(tmp_path), other).question.plan
    elsewhere = [call.bridge for call in both.calls if call.bridge.startswith("meeting-2")]
    assert len(elsewhere) == 2
    assert not any(call.new for call in both.calls)
    assert both.device.units_total == alone.device.units_total - alone.device.reserve.units


def test_a_second_card() -> None:
    one = pick(load_devices(), "rmx-1500-mpmx")
    assert [(n, d.id) for n, d in siblings(one)] == [
        (1, "rmx-1500-mpmx"),
        (2, "rmx-2000-mpmx"),
        (4, "rmx-4000-mpmx"),
    ]
    assert with_cards(one, 2).units_total == 2 * one.units_total
    with pytest.raises(InputError, match=r"cards = 3.*2: rmx-2000-mpmx"):
        with_cards(one, 3)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"bridge": [BridgeSpec(**NORTH), BridgeSpec(**NORTH)]}, "id = 'north'.*new bridge"),
        ({"bridge": [BridgeSpec(**{**NORTH, "id": "east"})]}, "bridge of the province"),
        (
            {"bridge": [BridgeSpec(**{**NORTH, "name": "Đông"})]},
            r"\(Đông\) is there twice: bridge east of the province",
        ),
        ({"bridge": [BridgeSpec(**{**NORTH, "router": "r-nowhere"})]}, "unknown router"),
        ({"new_link": [Link(a="r-west", b="r-far", **LINK, **SOURCE)]}, "a link to nowhere"),
        ({"link": [LinkChange(link="west-east", rate_mbps=1.0, **SOURCE)]}, "did you mean"),
        ({"more": 62}, r"address range .10\.2\.0\.0/24. is exhausted"),
        ({"more": 1, "more_at": "r-north"}, 'no router "r-north"'),
        ({"device": "rmx-9"}, 'device = "rmx-9": no such device'),
        ({"profile": "1080p30-4m", "device": "codian-4505-hd"}, "does not do it"),
        ({"without": ["r-west"]}, "without router Tây: the MCU hangs on router Tây, nothing"),
        ({"without": ["west--east"]}, "without link Tây ↔ Đông: the chair bridge is alone"),
        ({"add": ["Quảng Sơn"]}, "r-dak-glong.: unknown router"),
    ],
)
def test_what_cannot_be(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        ask(base(tmp_path), variant(**fields))
    assert str(error.value).startswith('what if "v": ')


def test_what_a_cut_leaves(tmp_path: Path) -> None:
    asked = ask(base(tmp_path), variant(more=2, without=["west--east"]))
    assert asked.cut_off.bridges == asked.cut_off.needlessly == ["east", "more-02"]
    assert [call.bridge for call in asked.question.plan.calls] == ["west", "more-01"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[variant]]\nid = "a"\n[[variant]]\nid = "a"', 'two variants have the id "a"'),
        ('[[variant]]\nid = "a"\ndevice = "x"\ncards = 2', "device and cards are both given"),
        ('[[variant]]\nid = "a"\nmore_at = "r-east"', "more_at means nothing"),
        ('[[variant]]\nid = "a"\nprofil = "x"', 'did you mean "profile"'),
        (
            '[[variant]]\nid = "a"\n[[price]]\nwhat = "device"\nmillion_vnd = 1.0\nsource = "x"',
            "needs the id of the device",
        ),
    ],
)
def test_bad_variants(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "v.toml"
    head = 'schema = "giaoban.variants/1"\nscenario = "s.toml"\nquestion = "q"\nquestion_vi = "q"\n'
    path.write_text(head + text, encoding="utf-8")
    with pytest.raises(InputError, match=said) as error:
        load(path, Variants)
    assert str(error.value).startswith(f"{path}:")


TWICE = [{"link": "west--east", "rate_mbps": rate, **SOURCE} for rate in (5.0, 50.0)]


def test_a_link_that_a_variant_changes_twice_is_no_variant(tmp_path: Path) -> None:
    """Else one rate is judged, and both are told."""
    with pytest.raises(InputError, match=r"west--east.*changed twice"):
        ask(base(tmp_path), variant(link=TWICE))


def test_a_link_that_the_scenario_changes_twice_is_refused_as_by_a_check(tmp_path: Path) -> None:
    more = "".join(
        f'[[link]]\nlink = "west--east"\nrate_mbps = {change["rate_mbps"]}\nsource = "test"\n'
        for change in TWICE
    )
    path = scenario(tmp_path / "s.toml", more=more)
    with pytest.raises(InputError, match=r"west--east.*changed twice"):
        ask(base_of(path), variant(more=1))


def test_a_router_that_is_called_like_a_link_fails_as_a_router(tmp_path: Path) -> None:
    asked = base(tmp_path)
    routers = [*asked.province.routers, asked.province.routers[1].model_copy(update=BETWEEN)]
    links = [Link(**{**LINK, "id": ident}, a=a, b="r-mid", **SOURCE) for ident, a in TO_IT]
    province = asked.province.model_copy(update={"routers": routers})
    named = province.link_names | {router.id: router.name for router in routers}
    gone = variant(new_link=links, without=["r-mid", "spur", "west--east"])
    whole = province.model_copy(update={"links": [*province.links, *links]})
    told = changes(
        gone, ask(asked, variant()).question, {}, named | whole.link_names, whole.link_ends
    )
    assert [line.en for line in told if line.en.startswith("without")] == [
        "without router Tây – Đông",
        "without link Đông ↔ Tây – Đông",
        "without link Tây ↔ Đông",
    ]
    with pytest.raises(InputError, match="without router Tây – Đông, link Tây ↔ Đông: the chair"):
        cut_away(province, [], ["r-mid", "west--east"])


BETWEEN = {"id": "r-mid", "name": "Tây – Đông"}
TO_IT = (("x", "r-west"), ("spur", "r-east"))
